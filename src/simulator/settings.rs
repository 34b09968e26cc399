//! Every knob of the simulator.
//!
//! [`Settings`] is what [`Simulator::start`](super::Simulator::start) takes; its default is a quiet account without limits.
//! The small types of single knobs read themselves from text, so that the command line and the tests spell them alike.
//!
//! *Easy to get wrong:* the defaults must stay easy on a first try, yet never kinder than the documentation: the page cap is
//! on, answers carry all headers, text is escaped as .NET does.
//!
//! 200 requests a minute, bursts of 50 and pages of 100 are the documented numbers; the rate is off by default, because a
//! first try should be quick.
//!
//! The unit tests read each type from text and back from nonsense.

use std::str::FromStr;
use std::time::Duration;

use super::fault::Fault;
use super::json::Escapes;
use super::messaging::Messaging;
use super::movement::Movement;
use super::order::Order;
use super::parse::{ParseError, Rate, parse_duration};
use super::service::Service;

/// The key of the organization, unless another one is set.
pub const DEFAULT_API_KEY: &str = "simulated-organization-key";

/// The key of the first profile, unless another one is set.
pub const DEFAULT_PROFILE_API_KEY: &str = "simulated-profile-key";

/// The documented burst.
pub const DEFAULT_BURST: u32 = 50;

/// The largest page the service is known to honor.
pub const DEFAULT_PAGE_CAP: u32 = 100;

/// How the simulator behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many contacts the organization has when nothing has moved yet.
    pub contacts: u32,
    /// Everything invented is drawn from this.
    pub seed: u64,
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The largest page size honored.
    pub page_cap: u32,
    /// What happens to a request for more contacts.
    pub over_cap: OverCap,
    /// What happens to a request for more of any other list; `None` is as documented, in one form or the other.
    pub other_over_cap: Option<OverCap>,
    /// Requests allowed; `None` is no limit.
    pub rate_limit: Option<Rate>,
    /// How many requests may come at once.
    pub burst: u32,
    /// Requests of others that use up the same limit.
    pub other_traffic: Option<Rate>,
    /// How a 429 says when to come back.
    pub retry_after: RetryAfter,
    /// What the headers about the limit say.
    pub rate_headers: RateHeaders,
    /// How long every answer takes.
    pub latency: Latency,
    /// How the list is sorted.
    pub order: Order,
    /// What others do to the list meanwhile.
    pub movement: Movement,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// The key of the organization.
    pub api_key: String,
    /// The key of the first profile.
    pub profile_api_key: String,
    /// How many profiles the organization has; with none the account is a plain user.
    pub profiles: u32,
    /// How many contacts each profile has.
    pub profile_contacts: u32,
    /// Many contacts are made to hurt whoever reads them.
    pub hostile: bool,
    /// How strings are escaped.
    pub escapes: Escapes,
    /// Answers are compressed for clients that accept it.
    pub gzip: bool,
    /// Contacts say whose they are, as newer versions of the API do.
    pub customer_id: bool,
    /// What the organization's lists hold.
    pub lists: OrganizationLists,
    /// The messages.
    pub messaging: Messaging,
    /// How answers may disagree.
    pub service: Service,
}

impl Settings {
    /// An account with so many messages, and few enough contacts that most of them have several.
    pub fn of_messages(count: u32) -> Self {
        let default = Self::default();
        let messaging = Messaging { count, ..Messaging::default() };
        Self { contacts: (count / 4).clamp(1, default.contacts), messaging, ..default }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            contacts: 5_000,
            seed: 1,
            port: 0,
            page_cap: DEFAULT_PAGE_CAP,
            over_cap: OverCap::default(),
            other_over_cap: None,
            rate_limit: None,
            burst: DEFAULT_BURST,
            other_traffic: None,
            retry_after: RetryAfter::default(),
            rate_headers: RateHeaders::default(),
            latency: Latency::default(),
            order: Order::default(),
            movement: Movement::default(),
            faults: Vec::new(),
            api_key: DEFAULT_API_KEY.to_owned(),
            profile_api_key: DEFAULT_PROFILE_API_KEY.to_owned(),
            profiles: 2,
            profile_contacts: 250,
            hostile: false,
            escapes: Escapes::default(),
            gzip: false,
            customer_id: true,
            lists: OrganizationLists::default(),
            messaging: Messaging::default(),
            service: Service::default(),
        }
    }
}

/// What happens to a request for a larger page than the cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OverCap {
    /// The page is as large as the cap, and says so.
    #[default]
    Clamp,
    /// It is refused as out of range.
    Reject,
    /// It is refused as sibling lists document it, with the field in the details.
    Details,
    /// It is refused as sibling lists document it, with the message alone.
    Message,
}

impl FromStr for OverCap {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "clamp" => Ok(Self::Clamp),
            "reject" => Ok(Self::Reject),
            "details" => Ok(Self::Details),
            "message" => Ok(Self::Message),
            _ => Err(ParseError::new(text, "clamp, reject, details or message")),
        }
    }
}

/// What the lists hold that the organization's key reads without naming a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrganizationLists {
    /// What is its own.
    #[default]
    Own,
    /// What is its own and what its profiles have, as in newer versions of the API.
    Wide,
}

impl FromStr for OrganizationLists {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "own" => Ok(Self::Own),
            "wide" => Ok(Self::Wide),
            _ => Err(ParseError::new(text, "own or wide")),
        }
    }
}

/// How a 429 says when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RetryAfter {
    /// In seconds, as documented.
    #[default]
    Seconds,
    /// As a date.
    Date,
    /// Not at all.
    Missing,
    /// In words that no client understands.
    Junk,
}

impl FromStr for RetryAfter {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "seconds" => Ok(Self::Seconds),
            "date" => Ok(Self::Date),
            "missing" => Ok(Self::Missing),
            "junk" => Ok(Self::Junk),
            _ => Err(ParseError::new(text, "seconds, date, missing or junk")),
        }
    }
}

/// What the headers about the limit say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RateHeaders {
    /// The truth: requests that may be sent at once, and when the whole burst is back.
    #[default]
    Bucket,
    /// What is left of this minute's number and when the minute ends; the burst stays unmentioned.
    Window,
    /// Nothing.
    Missing,
    /// No numbers.
    Junk,
}

impl RateHeaders {
    /// True if the headers are there and hold numbers.
    pub(super) fn are_numbers(self) -> bool {
        matches!(self, Self::Bucket | Self::Window)
    }
}

impl FromStr for RateHeaders {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "bucket" => Ok(Self::Bucket),
            "window" => Ok(Self::Window),
            "missing" => Ok(Self::Missing),
            "junk" => Ok(Self::Junk),
            _ => Err(ParseError::new(text, "bucket, window, missing or junk")),
        }
    }
}

/// How long answers take: drawn for each from the shortest to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// The shortest.
    pub shortest: Duration,
    /// The longest.
    pub longest: Duration,
}

impl FromStr for Latency {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (shortest, longest) = text.split_once("..").unwrap_or((text, text));
        let latency = Self { shortest: parse_duration(shortest)?, longest: parse_duration(longest)? };
        if latency.shortest > latency.longest {
            return Err(ParseError::new(text, "the shortest latency first"));
        }
        Ok(latency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_per_second_minute_and_hour() {
        let per_minute = |text: &str| text.parse::<Rate>().map(|rate| rate.per_minute);
        assert_eq!(per_minute("200/min"), Ok(200.0));
        assert_eq!(per_minute("20/s"), Ok(1_200.0));
        assert_eq!(per_minute("600/h"), Ok(10.0));
        for wrong in ["200", "0/min", "-1/s", "x/min", "5/day", "inf/s"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_latency_is_one_duration_or_two() {
        let millis = |shortest, longest| Latency {
            shortest: Duration::from_millis(shortest),
            longest: Duration::from_millis(longest),
        };
        assert_eq!("50ms".parse(), Ok(millis(50, 50)));
        assert_eq!("20ms..1s".parse(), Ok(millis(20, 1_000)));
        assert!("1s..20ms".parse::<Latency>().is_err());
        assert!("soon".parse::<Latency>().is_err());
    }

    #[test]
    fn words_are_read_and_others_are_refused_with_a_list() {
        assert_eq!("random-key".parse(), Ok(Order::RandomKey));
        assert_eq!("reject".parse(), Ok(OverCap::Reject));
        assert_eq!("date".parse(), Ok(RetryAfter::Date));
        assert_eq!("window".parse(), Ok(RateHeaders::Window));
        let refused = "sideways".parse::<OverCap>().unwrap_err();
        assert_eq!(refused.to_string(), "cannot read \"sideways\", expected clamp, reject, details or message");
    }
}

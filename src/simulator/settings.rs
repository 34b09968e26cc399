//! Settings of the simulator.
//!
//! [`Simulator::start`](super::Simulator::start) takes [`Settings`]; the default is an unchanging account without a rate
//! limit. The types of single settings parse themselves from text, so that the command line and the tests use the same
//! syntax.
//!
//! *Easy to get wrong:* the defaults must suit a first try, but never be more lenient than the documentation: the page
//! cap is on, responses carry all headers, and text is escaped as .NET does.
//!
//! 200 requests a minute, bursts of 50 and pages of 100 are documented. The rate limit is off by default, so that a first
//! try is quick.
//!
//! The unit tests parse valid and invalid values of each type.

use std::str::FromStr;
use std::time::Duration;

use super::fault::Fault;
use super::json::Escapes;
use super::messaging::Messaging;
use super::movement::Movement;
use super::order::Order;
use super::parse::{ParseError, Rate, parse_duration};
use super::service::Service;

/// Default key of the organization.
pub const DEFAULT_API_KEY: &str = "simulated-organization-key";

/// Default key of the first profile.
pub const DEFAULT_PROFILE_API_KEY: &str = "simulated-profile-key";

/// The documented burst.
pub const DEFAULT_BURST: u32 = 50;

/// Largest page size that the service is known to honor.
pub const DEFAULT_PAGE_CAP: u32 = 100;

/// How the simulator behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Initial number of contacts of the organization.
    pub contacts: u32,
    /// Seed of everything that is generated.
    pub seed: u64,
    /// The port on 127.0.0.1; 0 selects a free one.
    pub port: u16,
    /// Maximum page size.
    pub page_cap: u32,
    /// Response to a larger page size of contacts.
    pub over_cap: OverCap,
    /// Response to a larger page size of any other list; `None` selects one of the two documented forms.
    pub other_over_cap: Option<OverCap>,
    /// Rate limit; `None` means no limit.
    pub rate_limit: Option<Rate>,
    /// Burst size.
    pub burst: u32,
    /// Rate of requests by other clients under the same limit.
    pub other_traffic: Option<Rate>,
    /// Form of `Retry-After` in a 429.
    pub retry_after: RetryAfter,
    /// What the rate-limit headers describe.
    pub rate_headers: RateHeaderStyle,
    /// Latency of responses.
    pub latency: Latency,
    /// How the list is sorted.
    pub order: Order,
    /// Changes to the list while it is read.
    pub movement: Movement,
    /// Injected faults.
    pub faults: Vec<Fault>,
    /// The key of the organization.
    pub api_key: String,
    /// The key of the first profile.
    pub profile_api_key: String,
    /// Number of profiles; with 0, the account is a plain user.
    pub profiles: u32,
    /// Number of contacts of each profile.
    pub profile_contacts: u32,
    /// Whether to generate hostile contacts and messages.
    pub hostile: bool,
    /// How strings are escaped.
    pub escapes: Escapes,
    /// Whether to compress responses for clients that accept gzip.
    pub gzip: bool,
    /// Whether contacts have `customer_id`, as in newer versions of the API.
    pub customer_id: bool,
    /// Contents of the organization's lists.
    pub lists: OrganizationLists,
    /// The messages.
    pub messaging: Messaging,
    /// How responses may disagree.
    pub service: Service,
}

impl Settings {
    /// An account with this many contacts.
    pub fn of_contacts(contacts: u32) -> Self {
        Self { contacts, ..Self::default() }
    }

    /// An account with this many messages, and few enough contacts that most of them have several.
    pub fn of_messages(count: u32) -> Self {
        let default = Self::default();
        let messaging = Messaging { count, ..Messaging::default() };
        Self { contacts: (count / 4).clamp(1, default.contacts), messaging, ..default }
    }
}

/// Profiles among which a simulated organization shares its rows.
const SHARING_PROFILES: u32 = 3;

impl Settings {
    /// The same number of rows, shared among the profiles of an organization.
    #[must_use]
    pub fn shared_by_profiles(self) -> Self {
        Self { profiles: SHARING_PROFILES, profile_contacts: self.contacts.div_ceil(SHARING_PROFILES), ..self }
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
            rate_headers: RateHeaderStyle::default(),
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

/// Response to a page size above the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OverCap {
    /// The page has the maximum size, and its pagination says so.
    #[default]
    Clamp,
    /// The request is refused as out of range.
    Reject,
    /// The request is refused as documented for the other lists, with the field in the details.
    Details,
    /// The request is refused as documented for the other lists, with only the message.
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

/// Contents of the lists that the organization's key reads without naming a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrganizationLists {
    /// Only its own rows.
    #[default]
    Own,
    /// Its own rows and those of its profiles, as in newer versions of the API.
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

/// How a 429 says when to retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RetryAfter {
    /// In seconds, as documented.
    #[default]
    Seconds,
    /// As a date.
    Date,
    /// No header.
    Missing,
    /// An invalid value.
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

/// What the rate-limit headers describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RateHeaderStyle {
    /// The bucket: requests that may be sent at once, and when it is full again.
    #[default]
    Bucket,
    /// Remaining requests of the current minute and when it ends, regardless of the burst.
    Window,
    /// The headers are not sent.
    Missing,
    /// The headers have values that are not numbers.
    Junk,
}

impl RateHeaderStyle {
    /// True if the headers are sent and contain numbers.
    pub(super) fn are_numbers(self) -> bool {
        matches!(self, Self::Bucket | Self::Window)
    }
}

impl FromStr for RateHeaderStyle {
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

/// Range from which the latency of each response is drawn.
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
    fn rates_are_parsed_per_second_minute_and_hour() {
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
    fn keywords_are_parsed_and_others_are_refused_with_a_list() {
        assert_eq!("random-key".parse(), Ok(Order::RandomKey));
        assert_eq!("reject".parse(), Ok(OverCap::Reject));
        assert_eq!("date".parse(), Ok(RetryAfter::Date));
        assert_eq!("window".parse(), Ok(RateHeaderStyle::Window));
        let refused = "sideways".parse::<OverCap>().unwrap_err();
        assert_eq!(refused.to_string(), "cannot read \"sideways\", expected clamp, reject, details or message");
    }
}

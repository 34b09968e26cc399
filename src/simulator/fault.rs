//! Injected faults, and the conditions for them.
//!
//! A [`Fault`] is a kind and its conditions; [`ArmedFaults`] counts how often each was injected. It is consulted for each
//! request that passed the rate limit; only the first matching fault in the list is injected.
//!
//! # Grammar
//!
//! ```text
//! FAULT     = WHAT { ' ' WHEN }
//! WHAT      = CODE                 an error of the catalog with its status: INTERNAL_002, AUTH_005, VALIDATION_005 ...
//!           | ok-envelope:CODE     the same error inside a 200
//!           | STATUS               a bare status and a line of text, no envelope: 503, 408, 429
//!           | 429:SECONDS          BUSINESS_002 with this Retry-After (in the form that --retry-after sets)
//!           | empty-STATUS         a status with an empty body, as documented for 401 and 403: empty-401
//!           | html-STATUS          a gateway's page of HTML: html-502
//!           | empty-body           a 200 with an empty body
//!           | not-json             a 200 with half a JSON document of the right length
//!           | cut-off              the correct response, with the connection closed halfway
//!           | missing-data         success without data
//!           | null-data            success with data: null
//!           | reset                the connection is reset (RST)
//!           | close                the connection is closed without a response
//!           | hang                 no response, ever
//!           | drip[:DURATION]      the correct response, one byte at a time (1s)
//!           | slow:DURATION        the correct response, delayed by this long
//!           | rows:N               only the first N rows of a page, although its counts say more
//!           | page-cap:N           a response as if the maximum page size were N
//!           | redirect[:URL]       a 302 to this URL, or to a path of the simulator that counts visits
//!           | gone:DURATION        all connections are closed and new ones refused for this long
//! WHEN      = page=N               requests for a list whose window holds the first row of page N of full size
//!           | offset=N             requests for a list whose window holds row N, from 0
//!           | nth=K | nth=K..L     the K-th request, or the K-th to the L-th, from 1
//!           | after=K              requests after the K-th
//!           | rate=P%              drawn from the seed for each request
//!           | times=T              at most T times
//!           | on=KIND              requests of this kind only: list (a page of contacts), contact (one, or its summary),
//!                                  conversations (a page of messages), message (one, or its activities), account (me,
//!                                  profiles, templates), other (all but list and contact)
//!           | profile=N            requests for the N-th profile that `me` lists (`x-profile-id`), from 1
//!           | always               no condition, which is the default
//! ```
//!
//! All conditions must hold. Requests are numbered as they arrive, including those with a bad key or over the limit.
//!
//! *Easy to get wrong:* a page is identified by its first row, not by the number in the query. A client that changes its page
//! size still gets the fault at the same position of the list.
//!
//! The unit tests parse every form and check when each condition holds.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::error_code::ErrorCode;
use super::parse::{ParseError, parse_duration};
use super::random::{DrawPurpose, Draws};

/// Maximum pause of a 429: a year, which cannot overflow a clock.
const MAX_PAUSE_SECONDS: u64 = 365 * 86_400;

/// A fault that is injected under some conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// When it happens.
    pub when: Conditions,
}

impl Fault {
    /// A fault that always applies.
    pub fn always(kind: FaultKind) -> Self {
        Self { kind, when: Conditions::default() }
    }
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// An error with its status.
    Error(ErrorCode),
    /// An error inside a 200.
    ErrorInside200(ErrorCode),
    /// A status without an envelope.
    Status(u16),
    /// A 429 with a `Retry-After` of this many seconds.
    TooManyRequests(u64),
    /// A status without a body.
    EmptyStatus(u16),
    /// A gateway's HTML page with this status.
    Html(u16),
    /// A 200 with an empty body.
    EmptyBody,
    /// A 200 whose body ends in the middle of the JSON, with a matching length.
    NotJson,
    /// The response ends halfway, short of its announced length.
    CutOff,
    /// Success without data.
    MissingData,
    /// Success with data that is null.
    NullData,
    /// The connection is reset.
    Reset,
    /// The connection is closed without a response.
    Close,
    /// No response is ever sent.
    Hang,
    /// The response is sent one byte at a time, with this pause in between.
    Drip(Duration),
    /// The response is delayed by this much.
    Slow(Duration),
    /// A page has at most this many rows, although its counts say more.
    Rows(usize),
    /// The response is that of a server with this maximum page size.
    PageCap(u32),
    /// A redirect; `None` leads to a path of the simulator that counts visits.
    Redirect(Option<String>),
    /// The server closes all connections and refuses new ones for this long.
    Gone(Duration),
}

/// When a fault applies: all conditions that are set must hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Conditions {
    /// The requested window contains the first row of this page of maximum size, from 1.
    pub page: Option<u32>,
    /// The requested window contains this row, from 0.
    pub offset: Option<u64>,
    /// The number of the request, from 1.
    pub requests: Option<RangeInclusive<u64>>,
    /// The proportion of requests, from 0 to 1.
    pub rate: Option<f64>,
    /// Maximum number of times.
    pub times: Option<u64>,
    /// The kind of request.
    pub endpoint: Option<Endpoint>,
    /// The number of the profile that is read, from 1.
    pub profile: Option<usize>,
}

/// Kinds of requests that faults distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// A page of the list of contacts.
    List,
    /// A single contact or its summary.
    Contact,
    /// A page of messages.
    Conversations,
    /// A single message or its activities.
    Message,
    /// The account, its profiles and templates.
    Account,
    /// Anything except pages of contacts and single contacts.
    Other,
}

impl Endpoint {
    /// True if this kind includes requests of the kind `asked`.
    fn covers(self, asked: Self) -> bool {
        match self {
            Self::Other => !matches!(asked, Self::List | Self::Contact),
            kind => kind == asked,
        }
    }
}

/// What conditions check about a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestFacts {
    /// Its number, from 1.
    pub(super) number: u64,
    /// Its kind.
    pub(super) endpoint: Endpoint,
    /// The first row and the number of rows, if a page is requested.
    pub(super) window: Option<(u64, u32)>,
    /// The number of the profile that the header selects, from 1.
    pub(super) profile: Option<usize>,
}

/// Faults, and how often each was injected.
#[derive(Debug)]
pub(super) struct ArmedFaults {
    faults: Vec<(Fault, u64)>,
    seed: u64,
    page_cap: u32,
}

impl ArmedFaults {
    /// Faults, none of them injected yet.
    pub(super) fn new(faults: Vec<Fault>, seed: u64, page_cap: u32) -> Self {
        Self { faults: faults.into_iter().map(|fault| (fault, 0)).collect(), seed, page_cap }
    }

    /// Adds a fault after the existing ones.
    pub(super) fn add(&mut self, fault: Fault) {
        self.faults.push((fault, 0));
    }

    /// Removes all faults.
    pub(super) fn clear(&mut self) {
        self.faults.clear();
    }

    /// The fault to inject for this request, if any.
    pub(super) fn strike(&mut self, request: RequestFacts) -> Option<FaultKind> {
        let (seed, page_cap) = (self.seed, self.page_cap);
        let mut numbered = self.faults.iter_mut().zip(0_u64..);
        let ((fault, hits), _) = numbered.find(|((fault, hits), number)| {
            fault.when.times.is_none_or(|times| *hits < times)
                && fault.when.hold(request, page_cap, Draws::new(seed ^ number, DrawPurpose::Fault, request.number))
        })?;
        *hits += 1;
        Some(fault.kind.clone())
    }
}

impl Conditions {
    /// True if all conditions hold, not counting `times`.
    fn hold(&self, request: RequestFacts, page_cap: u32, mut draws: Draws) -> bool {
        let holds_row = |row: u64| {
            request.window.is_some_and(|(offset, size)| (offset..offset.saturating_add(u64::from(size))).contains(&row))
        };
        self.page.is_none_or(|page| holds_row(u64::from(page.saturating_sub(1)) * u64::from(page_cap)))
            && self.offset.is_none_or(holds_row)
            && self.requests.as_ref().is_none_or(|requests| requests.contains(&request.number))
            && self.endpoint.is_none_or(|endpoint| endpoint.covers(request.endpoint))
            && (self.profile.is_none() || self.profile == request.profile)
            && self.rate.is_none_or(|rate| draws.with_probability(rate))
    }

    /// Adds a condition.
    fn read(&mut self, text: &str) -> Result<(), ParseError> {
        const EXPECTED: &str = "page=N, offset=N, nth=K, nth=K..L, after=K, rate=P%, times=T, on=list|contact|conversations|message|account|other, profile=N or always";
        let wrong = || ParseError::new(text, EXPECTED);
        if text == "always" {
            return Ok(());
        }
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        let number = || value.parse::<u64>().map_err(|_| wrong());
        match name {
            "page" => self.page = Some(value.parse().ok().filter(|page| *page > 0).ok_or_else(wrong)?),
            "offset" => self.offset = Some(number()?),
            "after" => self.requests = Some(number()?.saturating_add(1)..=u64::MAX),
            "times" => self.times = Some(number()?),
            "profile" => self.profile = Some(value.parse().ok().filter(|profile| *profile > 0).ok_or_else(wrong)?),
            "nth" => {
                let (first, last) = value.split_once("..").unwrap_or((value, value));
                let bound = |text: &str| text.parse::<u64>().map_err(|_| wrong());
                self.requests = Some(bound(first)?..=bound(last)?);
            }
            "rate" => {
                let percent = value.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
                let percent = percent.filter(|percent| (0.0..=100.0).contains(percent)).ok_or_else(wrong)?;
                self.rate = Some(percent / 100.0);
            }
            "on" => {
                self.endpoint = Some(match value {
                    "list" => Endpoint::List,
                    "contact" => Endpoint::Contact,
                    "conversations" => Endpoint::Conversations,
                    "message" => Endpoint::Message,
                    "account" => Endpoint::Account,
                    "other" => Endpoint::Other,
                    _ => return Err(wrong()),
                });
            }
            _ => return Err(wrong()),
        }
        Ok(())
    }
}

impl FromStr for Fault {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split_whitespace();
        let kind = words.next().unwrap_or_default().parse()?;
        let mut when = Conditions::default();
        for word in words {
            when.read(word)?;
        }
        Ok(Self { kind, when })
    }
}

impl FromStr for FaultKind {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            ParseError::new(
                text,
                "a fault: an error code, ok-envelope:CODE, a status, 429:SECONDS, html-STATUS, empty-STATUS, empty-body, not-json, \
                 cut-off, missing-data, null-data, reset, close, hang, drip[:DURATION], slow:DURATION, rows:N, page-cap:N, redirect[:URL] \
                 or gone:DURATION",
            )
        };
        let status = |text: &str| text.parse().ok().filter(|status| (200..600).contains(status)).ok_or_else(wrong);
        let (name, value) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)));
        let duration = || value.ok_or_else(wrong).and_then(parse_duration);
        Ok(match (name, value) {
            ("ok-envelope", Some(code)) => Self::ErrorInside200(code.parse()?),
            ("429", Some(seconds)) => Self::TooManyRequests(
                seconds.parse().ok().filter(|seconds| *seconds <= MAX_PAUSE_SECONDS).ok_or_else(wrong)?,
            ),
            ("empty-body", None) => Self::EmptyBody,
            ("not-json", None) => Self::NotJson,
            ("cut-off", None) => Self::CutOff,
            ("missing-data", None) => Self::MissingData,
            ("null-data", None) => Self::NullData,
            ("reset", None) => Self::Reset,
            ("close", None) => Self::Close,
            ("hang", None) => Self::Hang,
            ("drip", None) => Self::Drip(Duration::from_secs(1)),
            ("drip", Some(_)) => Self::Drip(duration()?),
            ("slow", Some(_)) => Self::Slow(duration()?),
            ("gone", Some(_)) => Self::Gone(duration()?),
            ("rows", Some(rows)) => Self::Rows(rows.parse().map_err(|_| wrong())?),
            ("page-cap", Some(cap)) => Self::PageCap(cap.parse().ok().filter(|cap| *cap > 0).ok_or_else(wrong)?),
            ("redirect", target) => Self::Redirect(target.map(str::to_owned)),
            (name, None) => match (name.strip_prefix("html-"), name.parse()) {
                (Some(number), _) => Self::Html(status(number)?),
                (None, Err(_)) if name.starts_with("empty-") => Self::EmptyStatus(status(&name[6..])?),
                (None, Ok(code)) => Self::Error(code),
                (None, Err(_)) => Self::Status(status(name)?),
            },
            _ => return Err(wrong()),
        })
    }
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;

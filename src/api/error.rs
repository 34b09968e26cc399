//! Why a request did not bring its data, with all that a person needs to go on.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use url::Url;

use super::wire::ErrorBody;
use super::{ConnectFailure, OtherProfile};
use crate::base::plural::count_of;

/// Fields of a rejected request that are named.
const MAX_DETAILS: usize = 8;

/// A request that was given up.
#[derive(Debug)]
pub struct ApiError {
    /// Which request, for instance `contacts page 7`: never its query, which may hold a phone number.
    pub request: Box<str>,
    /// Where the API was looked for.
    pub base_url: Box<Url>,
    /// What its last attempt ended with.
    pub problem: Problem,
    /// Attempts made.
    pub attempts: u32,
    /// From the first attempt to the last.
    pub elapsed: Duration,
    /// Why there was no further attempt.
    pub end: AttemptsEnd,
}

/// Why a request was not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptsEnd {
    /// Another attempt would bring the same answer.
    Final,
    /// The retries of this request are used up; it may succeed later.
    RetriesUsedUp,
    /// Nothing was ever answered at this address, for a cause that hardly passes by itself.
    NeverAnswered,
    /// The retries of the whole run are used up.
    BudgetUsedUp {
        /// How many there were.
        retries: u64,
    },
}

impl ApiError {
    /// Whether the request may succeed later in the same run.
    pub fn may_pass(&self) -> bool {
        self.end == AttemptsEnd::RetriesUsedUp
    }
}

/// What one attempt ended with instead of data.
#[derive(Debug)]
pub enum Problem {
    /// The API answered with an error of its own, or a gateway with nothing but a status.
    Rejected {
        /// HTTP status.
        status: u16,
        /// What may be shown of the envelope's code, message and details; empty when the answer had none.
        error: Box<ErrorBody>,
        /// What support asks for.
        request_id: Option<String>,
    },
    /// An answer came, but nothing that could be read.
    Unreadable {
        /// HTTP status.
        status: u16,
        /// What is wrong with it.
        reason: String,
        /// What support asks for.
        request_id: Option<String>,
    },
    /// No answer came.
    ConnectFailed {
        /// Why, as far as it is told apart.
        cause: ConnectFailure,
        /// What the HTTP library says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// An answer came, and it is for another profile than the one asked for.
    OtherProfile {
        /// Which one, and for which.
        other: Box<OtherProfile>,
        /// What support asks for.
        request_id: Option<String>,
    },
    /// The API asked for a longer wait than this run accepts.
    RateLimited {
        /// What it asked for.
        wait: Duration,
        /// What support asks for.
        request_id: Option<String>,
    },
}

impl Problem {
    /// The code of the API's error catalog, if it sent one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Rejected { error, .. } => error.code.as_deref(),
            _ => None,
        }
    }

    /// The HTTP status, if an answer came.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Rejected { status, .. } | Self::Unreadable { status, .. } => Some(*status),
            Self::RateLimited { .. } => Some(429),
            Self::ConnectFailed { .. } | Self::OtherProfile { .. } => None,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "could not fetch {}", self.request)?;
        if self.attempts > 1 {
            write!(formatter, " ({} attempts in {:.1} s)", self.attempts, self.elapsed.as_secs_f64())?;
        }
        if let AttemptsEnd::BudgetUsedUp { retries } = self.end {
            let retries = count_of(retries, "retry is", "retries are");
            write!(formatter, ", and the run's {retries} used up")?;
        }
        match &self.problem {
            Problem::ConnectFailed { cause, .. } => write!(formatter, ": {}", cause.at(&address_of(&self.base_url))),
            problem => write!(formatter, ": {problem}"),
        }
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            // Its own words say no more than ours.
            Problem::ConnectFailed { source, .. } => source.source(),
            _ => None,
        }
    }
}

/// Scheme, host and port: what a person needs to see of an address, and nothing that could be a secret.
pub(super) fn address_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request_id = match self {
            Self::Rejected { status, error, request_id } => {
                match &error.code {
                    Some(code) => write!(formatter, "{code} (HTTP {status})")?,
                    None => write!(formatter, "HTTP {status}")?,
                }
                if let Some(message) = &error.message {
                    write!(formatter, ": {message}")?;
                }
                for (field, texts) in error.details.iter().flatten().take(MAX_DETAILS) {
                    let colon = if texts.0.is_empty() { "" } else { ": " };
                    write!(formatter, "; {field}{colon}{texts}")?;
                }
                let details = error.details.as_ref().map_or(0, BTreeMap::len);
                if let Some(more) = details.checked_sub(MAX_DETAILS).filter(|&more| more > 0) {
                    write!(formatter, "; and {}", count_of(more as u64, "more field", "more fields"))?;
                }
                request_id
            }
            Self::Unreadable { status, reason, request_id } => {
                write!(formatter, "HTTP {status} without a usable answer: {reason}")?;
                request_id
            }
            Self::ConnectFailed { cause, .. } => return cause.fmt(formatter),
            Self::OtherProfile { other, request_id } => {
                let OtherProfile { asked, answered } = **other;
                write!(formatter, "asked for profile {asked}, and the answer is for ")?;
                match answered {
                    Some(answered) => write!(formatter, "profile {answered}")?,
                    None => formatter.write_str("something else")?,
                }
                request_id
            }
            Self::RateLimited { wait, request_id } => {
                write!(formatter, "the account is rate limited and the API asks to wait {} s", wait.as_secs())?;
                request_id
            }
        };
        match request_id {
            Some(id) => write!(formatter, " (request id {id})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_names_code_details_link_and_request_id() {
        let error: ErrorBody = serde_json::from_str(
            r#"{"code":"VALIDATION_005","message":"Value out of range","details":{"page_size":["at most 100"],"page":[]}}"#,
        )
        .unwrap();
        let problem = Problem::Rejected { status: 400, error: Box::new(error), request_id: Some("req_7".into()) };
        let elapsed = Duration::from_secs(1);
        let end = AttemptsEnd::Final;
        let base_url = Box::new(Url::parse("https://api.sent.dm").unwrap());
        let error = ApiError { request: "contacts page 2".into(), base_url, problem, attempts: 1, elapsed, end };
        assert_eq!(
            error.to_string(),
            "could not fetch contacts page 2: VALIDATION_005 (HTTP 400): Value out of range; page; page_size: at \
             most 100 (request id req_7)"
        );
    }

    #[test]
    fn many_details_are_counted() {
        let details: serde_json::Map<_, _> = (10..20).map(|at| (format!("f{at}"), "bad".into())).collect();
        let error: ErrorBody = serde_json::from_value(serde_json::json!({"details": details})).unwrap();
        let told = Problem::Rejected { status: 400, error: Box::new(error), request_id: None }.to_string();
        assert!(told.ends_with("; f16: bad; f17: bad; and 2 more fields"), "{told}");
    }

    #[test]
    fn where_nothing_answers_is_told_without_anything_secret() {
        let problem = Problem::ConnectFailed { cause: ConnectFailure::Refused, source: "error sending request".into() };
        let base_url = Box::new(Url::parse("https://user:word@api.sent.dm/v3?key=1").unwrap());
        let (elapsed, end) = (Duration::from_secs(8), AttemptsEnd::NeverAnswered);
        let error = ApiError { request: "contacts page 1".into(), base_url, problem, attempts: 6, elapsed, end };
        assert_eq!(
            error.to_string(),
            "could not fetch contacts page 1 (6 attempts in 8.0 s): cannot reach https://api.sent.dm: connection \
             refused"
        );
        assert!(!error.may_pass(), "a walk must not wait for each of its requests in turn");
    }
}

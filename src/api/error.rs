//! Errors of requests, with everything needed to act on them.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::wire::ErrorBody;
use super::{ConnectCause, ConnectFailure, KeySource, OtherProfile};
use crate::base::plural::count_of;

/// Maximum number of invalid fields that a message lists.
const MAX_DETAILS: usize = 8;

/// A request that failed for good.
#[derive(Debug, thiserror::Error)]
#[error("could not fetch {request}{}{}: {}", effort(*.attempts, *.elapsed), budget(*.end), .problem.at(&.account.base_url))]
pub struct ApiError {
    /// The request, such as `contacts page 7`; never its query, which may contain a phone number.
    pub request: Box<str>,
    /// The account that it was sent to.
    pub account: Box<RequestedAccount>,
    /// Outcome of the last attempt.
    pub problem: Problem,
    /// Number of attempts.
    pub attempts: u32,
    /// Time from the first attempt to the end of the last.
    pub elapsed: Duration,
    /// Why there was no further attempt.
    pub end: AttemptsEnd,
    /// What led to a failed connection, if the HTTP library reports it.
    pub source: Option<Box<ConnectCause>>,
}

/// The account that a request was sent to.
#[derive(Debug, Clone)]
pub struct RequestedAccount {
    /// Base URL of the API.
    pub base_url: Url,
    /// Where the key was read from.
    pub key_source: KeySource,
}

/// Why a request was not retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptsEnd {
    /// Another attempt would get the same response.
    Final,
    /// The retries of this request are used up; it may succeed later.
    RetriesUsedUp,
    /// This address never responded, for a cause that is unlikely to be transient.
    NeverAnswered,
    /// The retries of the whole run are used up.
    BudgetUsedUp {
        /// Size of the budget.
        retries: u64,
    },
}

impl ApiError {
    /// Whether the request may succeed later in the same run.
    pub fn may_pass(&self) -> bool {
        self.end == AttemptsEnd::RetriesUsedUp
    }

    /// An error of the first page of contacts, for tests.
    #[cfg(test)]
    pub(crate) fn of_first_page(problem: Problem) -> Self {
        Self {
            request: "contacts page 1".into(),
            account: Box::new(RequestedAccount::of_tests("https://api.sent.dm")),
            problem,
            attempts: 1,
            elapsed: Duration::ZERO,
            end: AttemptsEnd::Final,
            source: None,
        }
    }
}

#[cfg(test)]
impl RequestedAccount {
    /// The account at an address, for tests.
    pub(crate) fn of_tests(base_url: &str) -> Self {
        let key_source = KeySource::Variable("SENT_DM_API_KEY".to_owned());
        Self { base_url: base_url.parse().expect("tests name a URL"), key_source }
    }
}

/// Why an attempt returned no data.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The API returned an error, or a gateway returned only a status.
    #[error("{}{}", rejection(*status, error), for_support(.request_id.as_deref()))]
    Rejected {
        /// HTTP status.
        status: u16,
        /// The redacted code, message and details of the envelope; empty if the response had none.
        error: Box<ErrorBody>,
        /// Request id, for support.
        request_id: Option<String>,
    },
    /// The response could not be read.
    #[error("HTTP {status} with an unusable response: {reason}{}", for_support(.request_id.as_deref()))]
    Unreadable {
        /// HTTP status.
        status: u16,
        /// What is wrong with the response.
        reason: Box<str>,
        /// Request id, for support.
        request_id: Option<String>,
    },
    /// There was no response.
    #[error("{0}")]
    ConnectFailed(ConnectFailure),
    /// The response is for another profile than the requested one.
    #[error("{other}{}", for_support(.request_id.as_deref()))]
    OtherProfile {
        /// The requested profile, and that of the response.
        other: Box<OtherProfile>,
        /// Request id, for support.
        request_id: Option<String>,
    },
    /// The rows of the response contradict a parameter of the request.
    #[error("the API seems to ignore {name}: it sent rows that do not match{}", for_support(.request_id.as_deref()))]
    IgnoredParameter {
        /// Name of the parameter.
        name: &'static str,
        /// Request id, for support.
        request_id: Option<String>,
    },
    /// The API requested a longer wait than this run accepts.
    #[error("rate limited; the API requested a wait of {} s{}", .wait.as_secs(), for_support(.request_id.as_deref()))]
    RateLimited {
        /// The requested wait.
        wait: Duration,
        /// Request id, for support.
        request_id: Option<String>,
    },
}

impl Problem {
    /// The problem, with the address if that is what could not be reached.
    fn at(&self, base_url: &Url) -> String {
        match self {
            Self::ConnectFailed(failure) => failure.at(&address_of(base_url)),
            _ => self.to_string(),
        }
    }

    /// The code of the API's error catalog, if it sent one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Rejected { error, .. } => error.code.as_deref(),
            _ => None,
        }
    }

    /// The id of the request, for support, if there was a response that has one.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Rejected { request_id, .. }
            | Self::Unreadable { request_id, .. }
            | Self::OtherProfile { request_id, .. }
            | Self::IgnoredParameter { request_id, .. }
            | Self::RateLimited { request_id, .. } => request_id.as_deref(),
            Self::ConnectFailed(_) => None,
        }
    }

    /// The HTTP status, if there was a response.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Rejected { status, .. } | Self::Unreadable { status, .. } => Some(*status),
            Self::RateLimited { .. } => Some(429),
            Self::IgnoredParameter { .. } => Some(200),
            Self::ConnectFailed(_) | Self::OtherProfile { .. } => None,
        }
    }
}

/// Number of attempts and their time, if there was more than one.
fn effort(attempts: u32, elapsed: Duration) -> String {
    if attempts > 1 { format!(" ({attempts} attempts in {:.1} s)", elapsed.as_secs_f64()) } else { String::new() }
}

/// States that the retry budget of the run is used up, if it is.
fn budget(end: AttemptsEnd) -> String {
    let AttemptsEnd::BudgetUsedUp { retries } = end else { return String::new() };
    format!("; retry budget of the run used up ({})", count_of(retries, "retry", "retries"))
}

/// The error response of the API or of a gateway, as text.
fn rejection(status: u16, error: &ErrorBody) -> String {
    let mut text = match &error.code {
        Some(code) => format!("{code} (HTTP {status})"),
        None => format!("HTTP {status}"),
    };
    if let Some(message) = &error.message {
        text += ": ";
        text += message;
    }
    for (field, texts) in error.details.iter().flatten().take(MAX_DETAILS) {
        let colon = if texts.0.is_empty() { "" } else { ": " };
        text += &format!("; {field}{colon}{texts}");
    }
    let details = error.details.as_ref().map_or(0, BTreeMap::len);
    if let Some(more) = details.checked_sub(MAX_DETAILS).filter(|&more| more > 0) {
        text += &format!("; and {}", count_of(more as u64, "more field", "more fields"));
    }
    text
}

fn for_support(request_id: Option<&str>) -> String {
    request_id.map_or_else(String::new, |id| format!(" (request id {id})"))
}

/// Scheme, host and port of an address, without anything that could be a secret.
pub(super) fn address_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_shows_code_details_and_request_id() {
        let error: ErrorBody = serde_json::from_str(
            r#"{"code":"VALIDATION_005","message":"Value out of range","details":{"page_size":["at most 100"],"page":[]}}"#,
        )
        .unwrap();
        let problem = Problem::Rejected { status: 400, error: Box::new(error), request_id: Some("req_7".into()) };
        let elapsed = Duration::from_secs(1);
        let end = AttemptsEnd::Final;
        let request = "contacts page 2".into();
        let error = ApiError { request, elapsed, end, ..ApiError::of_first_page(problem) };
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
        let text = Problem::Rejected { status: 400, error: Box::new(error), request_id: None }.to_string();
        assert!(text.ends_with("; f16: bad; f17: bad; and 2 more fields"), "{text}");
    }

    #[test]
    fn an_unreachable_address_is_shown_without_secrets() {
        let problem = Problem::ConnectFailed(ConnectFailure::Refused);
        let account = Box::new(RequestedAccount::of_tests("https://user:word@api.sent.dm/v3?key=1"));
        let (elapsed, end) = (Duration::from_secs(8), AttemptsEnd::NeverAnswered);
        let error = ApiError { account, attempts: 6, elapsed, end, ..ApiError::of_first_page(problem) };
        assert_eq!(
            error.to_string(),
            "could not fetch contacts page 1 (6 attempts in 8.0 s): cannot reach https://api.sent.dm: connection \
             refused"
        );
        assert!(!error.may_pass(), "a run must not wait for every other request, too");
    }
}

//! Why a request did not bring its data, with all that a person needs to go on.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::mask::{shown_id, shown_text};
use super::wire::ErrorBody;
use crate::plural::count_of;

/// A request in words for people: never its query, which may hold a phone number.
pub type RequestName = String;

/// A request that was given up.
#[derive(Debug)]
pub struct ApiError {
    /// Which request, for instance `contacts page 7`.
    pub request: RequestName,
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
    /// The API answered with an error of its own.
    Rejected {
        /// HTTP status.
        status: u16,
        /// Code, message and details of the envelope; empty when the answer had none.
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
    /// No answer came: name resolution, connection, TLS, a reset or a timeout.
    Transport(Box<dyn Error + Send + Sync>),
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
            Self::Transport(_) => None,
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
        write!(formatter, ": {}", self.problem)
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            Problem::Transport(source) => source.source(),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request_id = match self {
            Self::Rejected { status, error, request_id } => {
                match &error.code {
                    Some(code) => write!(formatter, "{} (HTTP {status})", shown_text(code))?,
                    None => write!(formatter, "HTTP {status}")?,
                }
                if let Some(message) = &error.message {
                    write!(formatter, ": {}", shown_text(message))?;
                }
                for (field, texts) in error.details.iter().flatten() {
                    write!(formatter, "; {}: {}", shown_text(field), shown_text(&texts.to_string()))?;
                }
                if let Some(url) = &error.doc_url {
                    write!(formatter, "; see {}", shown_text(url))?;
                }
                request_id
            }
            Self::Unreadable { status, reason, request_id } => {
                write!(formatter, "HTTP {status} without a usable answer: {reason}")?;
                request_id
            }
            Self::Transport(source) => return write!(formatter, "{source}"),
            Self::RateLimited { wait, request_id } => {
                write!(formatter, "the account is rate limited and the API asks to wait {} s", wait.as_secs())?;
                request_id
            }
        };
        match request_id {
            Some(id) => write!(formatter, " (request id {})", shown_id(id)),
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
            r#"{"code":"VALIDATION_005","message":"Value out of range","details":{"page_size":["at most 100"]},
                "doc_url":"https://docs.sent.dm/errors"}"#,
        )
        .unwrap();
        let problem = Problem::Rejected { status: 400, error: Box::new(error), request_id: Some("req_7".into()) };
        let elapsed = Duration::from_secs(1);
        let end = AttemptsEnd::Final;
        let error = ApiError { request: "contacts page 2".into(), problem, attempts: 1, elapsed, end };
        assert_eq!(
            error.to_string(),
            "could not fetch contacts page 2: VALIDATION_005 (HTTP 400): Value out of range; page_size: at most 100; \
             see https://docs.sent.dm/errors (request id req_7)"
        );
    }
}

//! Statistics of an account's requests, updated concurrently and read by the progress display and the report.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{ConnectFailure, Problem};

/// Statistics of an account's requests so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestStats {
    /// Requests that were sent, retries included.
    pub requests_sent: u64,
    /// Attempts that followed a transient failure.
    pub retries: u64,
    /// Responses with status 429: the account exceeded its rate limit.
    pub rate_limited: u64,
    /// Time that requests waited for the rate limit, for a pause or before a retry, summed over all requests.
    pub waited: Duration,
    /// Reason for the latest retry; `None` once data arrived again.
    pub trouble: Option<FailureKind>,
}

impl RequestStats {
    /// The statistics since `before`.
    #[must_use]
    pub fn since(self, before: &Self) -> Self {
        Self {
            requests_sent: self.requests_sent - before.requests_sent,
            retries: self.retries - before.retries,
            rate_limited: self.rate_limited - before.rate_limited,
            waited: self.waited.saturating_sub(before.waited),
            trouble: self.trouble,
        }
    }
}

/// Why an attempt returned no data, in a few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// There was no response.
    ConnectFailed(ConnectFailure),
    /// A response with this HTTP status.
    Status(u16),
}

impl fmt::Display for FailureKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectFailed(cause) => cause.fmt(formatter),
            Self::Status(status @ 200..=299) => write!(formatter, "HTTP {status} with an unusable response"),
            Self::Status(status) => write!(formatter, "HTTP {status}"),
        }
    }
}

impl From<&Problem> for FailureKind {
    fn from(problem: &Problem) -> Self {
        match problem {
            Problem::ConnectFailed(failure) => Self::ConnectFailed(*failure),
            Problem::Rejected { status, .. } | Problem::Unreadable { status, .. } => Self::Status(*status),
            // Rejected by this program, not by the status.
            Problem::OtherProfile { .. } | Problem::IgnoredParameter { .. } => Self::Status(200),
            Problem::RateLimited { .. } => Self::Status(429),
        }
    }
}

/// The counters behind a [`RequestStats`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    requests_sent: AtomicU64,
    retries: AtomicU64,
    rate_limited: AtomicU64,
    waited_micros: AtomicU64,
    was_answered: AtomicBool,
    was_warned: AtomicBool,
    trouble: Mutex<Option<FailureKind>>,
}

impl Counters {
    pub(super) fn note_sent(&self) {
        self.requests_sent.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that the server responded, possibly with an error.
    pub(super) fn note_answer(&self) {
        self.was_answered.store(true, Ordering::Relaxed);
    }

    pub(super) fn note_data(&self) {
        self.set_trouble(None);
    }

    pub(super) fn note_rate_limited(&self) {
        self.rate_limited.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn note_retry(&self, problem: &Problem) {
        self.retries.fetch_add(1, Ordering::Relaxed);
        self.set_trouble(Some(problem.into()));
    }

    pub(super) fn note_waited(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.waited_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Whether the server ever responded.
    pub(super) fn was_answered(&self) -> bool {
        self.was_answered.load(Ordering::Relaxed)
    }

    /// Whether to warn: true for the first caller only.
    pub(super) fn may_warn(&self) -> bool {
        !self.was_warned.swap(true, Ordering::Relaxed)
    }

    pub(super) fn stats(&self) -> RequestStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RequestStats {
            requests_sent: read(&self.requests_sent),
            retries: read(&self.retries),
            rate_limited: read(&self.rate_limited),
            waited: Duration::from_micros(read(&self.waited_micros)),
            trouble: *self.trouble.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    fn set_trouble(&self, trouble: Option<FailureKind>) {
        // A single value that is never half-written, so a panic elsewhere cannot have corrupted it.
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_reported_until_data_arrives() {
        let counters = Counters::default();
        let refused = Problem::ConnectFailed(ConnectFailure::Refused);
        counters.note_retry(&refused);
        let damaged = Problem::Unreadable { status: 200, reason: "empty".into(), request_id: None };
        assert_eq!(counters.stats().trouble.map(|trouble| trouble.to_string()).as_deref(), Some("connection refused"));
        counters.note_retry(&damaged);
        counters.note_answer();
        let RequestStats { retries, trouble, .. } = counters.stats();
        assert_eq!((retries, trouble), (2, Some(FailureKind::Status(200))));
        assert_eq!(trouble.unwrap().to_string(), "HTTP 200 with an unusable response");
        counters.note_data();
        assert_eq!(counters.stats().trouble, None);
        assert!(counters.may_warn() && !counters.may_warn());
    }
}

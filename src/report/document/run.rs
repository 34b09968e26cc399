//! How a run went, the same for every resource.

use serde::Serialize;

use super::consistency::ConsistencyFacts;
use crate::verdict::{Evidence, Verdict};

/// How the run went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunFacts {
    /// When the reading began, RFC 3339, UTC: with the first run, where this one went on with others.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// Of this run, until all outputs are whole; giving them their names is not in it.
    pub elapsed_seconds: f64,
    /// Requests sent, retries included.
    pub requests: u64,
    /// Attempts that followed a failure in passing.
    pub retries: u64,
    /// Answers that said the account is over its rate.
    pub rate_limited: u64,
    /// Time that requests spent waiting for the rate limit and before retries, all requests together.
    pub waited_seconds: f64,
    /// Pages whose rows were taken.
    pub pages: u64,
    /// Rows in the list by the first page.
    pub total_count_first: Option<u64>,
    /// Rows in the list by the last page that arrived.
    pub total_count_last: Option<u64>,
    /// Rows that came more than once and were written once.
    pub duplicates_removed: u64,
    /// Whether the output holds every row.
    pub verdict: Verdict,
    /// What the verdict rests on, one sentence each.
    pub evidence: Vec<Evidence>,
    /// The same in numbers.
    pub consistency: ConsistencyFacts,
}

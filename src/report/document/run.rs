//! Facts about a run, the same for every resource.

use serde::Serialize;

use super::consistency::ConsistencyFacts;
use super::profile::ProfileFacts;
use super::run_changes::RunChanges;
use crate::verdict::{Evidence, Verdict};

/// Facts about a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunFacts {
    /// When reading started, RFC 3339, UTC; if the run resumed earlier runs, the start of the first of them.
    pub started_at: String,
    /// When reading finished, RFC 3339, UTC.
    pub finished_at: String,
    /// Seconds from the start of this run until all outputs were complete, but not yet renamed.
    pub elapsed_seconds: f64,
    /// Requests sent, retries included.
    pub requests: u64,
    /// Attempts that followed a transient failure.
    pub retries: u64,
    /// Responses with status 429.
    pub rate_limited: u64,
    /// Total seconds that requests waited for the rate limit and before retries.
    pub waited_seconds: f64,
    /// Pages whose rows were used.
    pub pages: u64,
    /// Number of rows in the list, according to the first page.
    pub total_count_first: Option<u64>,
    /// Number of rows in the list, according to the last page that arrived.
    pub total_count_last: Option<u64>,
    /// Repeated rows that were read but not written.
    pub duplicates_removed: u64,
    /// Rows that were read and left out by `--only`; `None` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_left_out: Option<u64>,
    /// What has changed since the export that was replaced; `None` unless it was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<RunChanges>,
    /// Whether the output contains every row.
    pub verdict: Verdict,
    /// Evidence for the verdict.
    pub evidence: Vec<Evidence>,
    /// The evidence in numbers.
    pub consistency: ConsistencyFacts,
    /// What was read of each profile; empty without `--profiles`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<ProfileFacts>,
}

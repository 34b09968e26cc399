//! Evidence for the verdict, in numbers.

use serde::Serialize;

/// What was seen of the list while it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConsistencyFacts {
    /// `auto`, `plain` or `strict`.
    pub mode: &'static str,
    /// Smallest `total_count` of any answer.
    pub total_count_min: Option<u64>,
    /// Largest `total_count` of any answer.
    pub total_count_max: Option<u64>,
    /// Boundaries at which the list had moved, and rows that only the last look at its start and end showed.
    pub changes_seen: u64,
    /// Rows of the list that were created during the run.
    pub created_during_run: u64,
    /// Rows of the list that were updated during the run.
    pub updated_during_run: u64,
    /// Rows deleted during the run, at least.
    pub deleted_during_run_at_least: u64,
    /// Boundaries between windows that were verified on unchanged rows, seen on both sides.
    pub boundaries_verified: u64,
    /// Boundaries whose rows had moved out of the window, and were searched for.
    pub boundaries_searched: u64,
    /// Further reads of the whole list.
    pub rescans: u32,
    /// First and last row of each part of the list that could not be fetched, from 1.
    pub missing_rows: Vec<[u64; 2]>,
    /// Answers that came from the journal of a run before.
    pub pages_resumed: u64,
    /// `meta.request_id` of the first answer.
    pub first_request_id: Option<String>,
    /// `meta.request_id` of the last answer.
    pub last_request_id: Option<String>,
}

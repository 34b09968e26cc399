//! Evidence for the verdict, in numbers.

use serde::Serialize;

/// What was observed of the list while it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConsistencyFacts {
    /// `auto`, `plain` or `strict`.
    pub mode: &'static str,
    /// Smallest `total_count` of any response.
    pub total_count_min: Option<u64>,
    /// Largest `total_count` of any response.
    pub total_count_max: Option<u64>,
    /// Boundaries at which rows had moved, plus rows found only by the final check of the start and the end of the list.
    pub changes_seen: u64,
    /// Rows of the list that were created during the run.
    pub created_during_run: u64,
    /// Rows of the list that were updated during the run.
    pub updated_during_run: u64,
    /// Minimum number of rows that were deleted during the run.
    pub deleted_during_run_at_least: u64,
    /// Boundaries between windows that were verified by unchanged rows that are in both windows.
    pub boundaries_verified: u64,
    /// Boundaries whose rows had moved out of the window and had to be searched for.
    pub boundaries_searched: u64,
    /// Additional reads of the whole list.
    pub rescans: u32,
    /// First and last row, counted from 1, of each part of the list that could not be fetched.
    pub missing_rows: Vec<[u64; 2]>,
    /// Responses that came from the journal of an earlier run.
    pub pages_resumed: u64,
    /// `meta.request_id` of the first response.
    pub first_request_id: Option<String>,
    /// `meta.request_id` of the last response.
    pub last_request_id: Option<String>,
}

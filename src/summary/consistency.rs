//! What the verdict rests on, in numbers.

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
    /// Answers of the plain walk that showed that the list moved.
    pub movements_seen: u64,
    /// Contacts in the output that were created during the run.
    pub created_during_run: u64,
    /// Contacts in the output that were updated during the run.
    pub updated_during_run: u64,
    /// Contacts deleted during the run, at least.
    pub deleted_during_run_at_least: u64,
    /// Windows read to settle joins, and to go on once the list moved.
    pub windows_reread: u64,
    /// Joins that were settled.
    pub joins_settled: u64,
    /// Sweeps over the whole list.
    pub sweeps: u32,
    /// First and last row of each part of the list that could not be fetched, from 1.
    pub missing_rows: Vec<[u64; 2]>,
    /// Answers that came from the journal of a run before.
    pub pages_resumed: u64,
    /// `meta.request_id` of the first answer.
    pub first_request_id: Option<String>,
    /// `meta.request_id` of the last answer.
    pub last_request_id: Option<String>,
}

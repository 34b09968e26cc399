//! The report on reading, from which manifest and summary take the verdict.

use crate::report::{ConsistencyFacts, ProfileFacts};
use crate::verdict::{Evidence, Verdict};

/// The report on reading.
#[derive(Debug, Clone)]
pub struct ReadReport {
    /// Whether the rows are complete.
    pub verdict: Verdict,
    /// The reasons for the verdict.
    pub evidence: Vec<Evidence>,
    /// Number of responses.
    pub pages: u64,
    /// Items that are not rows, if the read itself counts them.
    pub rejected: u64,
    /// Rows that were received more than once and written once.
    pub duplicates: u64,
    /// Rows in the list according to the first response.
    pub total_first: Option<u64>,
    /// Rows in the list according to the last response.
    pub total_last: Option<u64>,
    /// The same in numbers.
    pub consistency: ConsistencyFacts,
    /// Requested keys without a row.
    pub not_found: Vec<String>,
    /// Facts about each profile; empty unless several were requested.
    pub profiles: Vec<ProfileFacts>,
}

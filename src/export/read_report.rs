//! What a read met, from which the verdict of the manifest and the summary comes.

use crate::report::{ConsistencyFacts, ProfileFacts};
use crate::verdict::{Evidence, Verdict};

/// What a read met.
#[derive(Debug, Clone)]
pub struct ReadReport {
    /// Whether everything is there.
    pub verdict: Verdict,
    /// What the verdict rests on.
    pub evidence: Vec<Evidence>,
    /// Answers taken.
    pub pages: u64,
    /// Items that are no rows, where the read itself counts them.
    pub rejected: u64,
    /// Rows that came more than once and were written once.
    pub duplicates: u64,
    /// Rows in the list by the first answer.
    pub total_first: Option<u64>,
    /// Rows in the list by the last answer.
    pub total_last: Option<u64>,
    /// The same in numbers.
    pub consistency: ConsistencyFacts,
    /// Keys that nothing belongs to, as they were requested.
    pub not_found: Vec<String>,
    /// What was read of each profile; empty unless several were asked for.
    pub profiles: Vec<ProfileFacts>,
}

//! One answer as a reader uses it: its position in the list and which rows it holds.

use super::fingerprint::{RowFingerprint, fingerprints};
use crate::listing::{PageFacts, Window};

/// An answer without the rows' values.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// What was requested.
    pub(super) window: Window,
    /// Rows of the list before the first one, at the time of the answer.
    pub(super) offset: u64,
    /// One entry for each item; `None` for an item that is not a row.
    pub(super) rows: Vec<Option<RowFingerprint>>,
    /// When each was created, where known.
    pub(super) created: Vec<Option<i64>>,
    /// `total_count`.
    pub(super) total: Option<u64>,
    /// Whether it holds fewer items than a page.
    pub(super) is_short: bool,
    /// Whether it says that more rows follow.
    pub(super) claims_more: bool,
}

impl Answer {
    pub(super) fn new(facts: &PageFacts<'_>) -> Self {
        let (offset, size) = facts.place_of_answer();
        let end = offset + facts.items.len() as u64;
        Self {
            window: facts.window,
            offset,
            rows: fingerprints(facts.items),
            created: facts.items.iter().map(|item| item.and_then(|key| key.created_at)).collect(),
            total: facts.paging.total_count,
            is_short: facts.items.len() < size as usize,
            claims_more: facts.paging.has_more == Some(true) || facts.paging.total_count > Some(end),
        }
    }

    /// Rows of the list before its end.
    pub(super) fn end(&self) -> u64 {
        self.offset + self.rows.len() as u64
    }
}

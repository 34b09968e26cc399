//! One answer as a reader uses it: its position in the list and which rows it holds.

use super::fingerprint::{RowFingerprint, fingerprints};
use crate::listing::{PageFacts, RowKey, Window};

/// An answer without the rows' other values.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// What was requested.
    pub(super) window: Window,
    /// Rows of the list before the first one, at the time of the answer.
    pub(super) offset: u64,
    /// One entry for each item; `None` for an item that is not a row.
    pub(super) rows: Vec<Option<RowFingerprint>>,
    /// Their ids and dates.
    pub(super) keys: Vec<Option<RowKey>>,
    /// `total_count`.
    pub(super) total: Option<u64>,
    /// Whether it holds fewer items than a page.
    pub(super) is_short: bool,
    /// Whether it says that more rows follow.
    pub(super) claims_more: bool,
    /// Whether it may be the last page, but no count confirms it: the server may have sent less than a page.
    pub(super) may_be_last: bool,
}

impl Answer {
    pub(super) fn new(facts: &PageFacts<'_>) -> Self {
        let (offset, size) = facts.place_of_answer();
        let is_short = facts.items.len() < size as usize;
        let claims_more = facts.claims_more();
        let is_uncounted = facts.paging.total_count.is_none() && !facts.items.is_empty();
        Self {
            window: facts.window,
            offset,
            rows: fingerprints(facts.items),
            keys: facts.items.to_vec(),
            total: facts.paging.total_count,
            is_short,
            claims_more,
            may_be_last: is_short && !claims_more && is_uncounted,
        }
    }

    /// Whether it shows that the list ends with it.
    pub(super) fn is_last(&self) -> bool {
        self.is_short && !self.claims_more && !self.may_be_last
    }

    /// Rows of the list before its end.
    pub(super) fn end(&self) -> u64 {
        self.offset + self.rows.len() as u64
    }
}

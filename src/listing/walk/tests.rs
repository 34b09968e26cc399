//! Shared test helpers of the walk.

use super::answer::Answer;
use super::fingerprint::RowFingerprint;
use crate::listing::{RowId, RowKey, Window};

/// A row that never changed.
pub(in crate::listing) fn row(id: u128) -> RowKey {
    RowKey { id: RowId(id), created_at: Some(1), updated_at: None }
}

/// Fingerprints of such rows.
pub(super) fn rows(ids: impl IntoIterator<Item = u128>) -> Vec<Option<RowFingerprint>> {
    ids.into_iter().map(|id| Some(RowFingerprint::new(&row(id)))).collect()
}

/// A full answer that begins after `offset` rows of the list.
pub(super) fn answer_of(offset: u64, rows: &[Option<RowFingerprint>]) -> Answer {
    let window = Window { page: 1, size: u32::try_from(rows.len()).unwrap() };
    Answer {
        window,
        offset,
        rows: rows.to_vec(),
        keys: vec![None; rows.len()],
        total: None,
        is_short: false,
        claims_more: true,
        may_be_last: false,
    }
}

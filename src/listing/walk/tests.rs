//! Shared test helpers of the walk.

use super::fingerprint::RowFingerprint;
use crate::listing::{RowId, RowKey};

/// A row that never changed.
pub(in crate::listing) fn row(id: u128) -> RowKey {
    RowKey { id: RowId(id), created_at: Some(1), updated_at: None }
}

/// Fingerprints of such rows.
pub(super) fn rows(ids: impl IntoIterator<Item = u128>) -> Vec<Option<RowFingerprint>> {
    ids.into_iter().map(|id| Some(RowFingerprint::new(&row(id)))).collect()
}

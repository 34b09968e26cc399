//! Rows in 64 bits: how a row is recognized, and recognized as unchanged, in a later answer.

use crate::listing::RowKey;

/// A row's id and times in 64 bits. A different value means that the row changed, and may have moved.
///
/// Two rows of an account share a fingerprint with a probability of about n²/2⁶⁵; a boundary looks at a few dozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RowFingerprint(u64);

impl RowFingerprint {
    pub(super) fn new(key: &RowKey) -> Self {
        let id = key.id.0;
        let mut hash = 0x9e37_79b9_7f4a_7c15_u64;
        // `None` and the moment zero differ, as do the two times.
        let time = |time: Option<i64>| time.map_or(u64::MAX, i64::cast_unsigned);
        let halves = uuid::Uuid::from_u128(id).as_u64_pair();
        for part in [halves.0, halves.1, time(key.created_at), time(key.updated_at)] {
            hash = (hash ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            hash ^= hash >> 29;
        }
        Self(hash)
    }
}

/// The fingerprints of an answer's rows; `None` for an item that is no row.
pub(super) fn fingerprints(items: &[Option<RowKey>]) -> Vec<Option<RowFingerprint>> {
    items.iter().map(|item| item.as_ref().map(RowFingerprint::new)).collect()
}

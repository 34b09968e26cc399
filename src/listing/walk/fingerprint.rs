//! Fingerprints of 64 bits, by which an unchanged row is recognized in a later answer.

use crate::listing::RowKey;

/// A row's id and times in 64 bits. A different value means that the row changed, and may have moved.
///
/// Among n rows, two share a fingerprint with a probability of about n²/2⁶⁵; at a boundary, n is a few dozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RowFingerprint(u64);

impl RowFingerprint {
    pub(super) fn new(key: &RowKey) -> Self {
        let id = key.id.0;
        let mut hash = 0x9e37_79b9_7f4a_7c15_u64;
        // `None` differs from time zero, and the two times are not interchangeable.
        let time = |time: Option<i64>| time.map_or(u64::MAX, i64::cast_unsigned);
        let halves = uuid::Uuid::from_u128(id).as_u64_pair();
        for part in [halves.0, halves.1, time(key.created_at), time(key.updated_at)] {
            hash = (hash ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            hash ^= hash >> 29;
        }
        Self(hash)
    }

    /// One of 64 bits, for sets that rule most other rows out.
    pub(super) fn bit(self) -> u64 {
        1 << (self.0 % 64)
    }
}

/// The fingerprints of an answer's rows; `None` for an item that is not a row.
pub(super) fn fingerprints(items: &[Option<RowKey>]) -> Vec<Option<RowFingerprint>> {
    items.iter().map(|item| item.as_ref().map(RowFingerprint::new)).collect()
}

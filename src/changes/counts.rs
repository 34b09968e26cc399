//! Counts of changes.

/// Counts of the changes between two snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeCounts {
    /// Ids that only the new snapshot has.
    pub added: u64,
    /// Ids that both have, with rows that differ in a compared column.
    pub changed: u64,
    /// Ids that only the old snapshot has, reported as `removed`.
    pub removed: u64,
    /// Ids that only the old snapshot has, reported as `missing`.
    pub missing: u64,
    /// Ids that both have, with rows that are equal in all compared columns.
    pub unchanged: u64,
    /// Changed rows whose `opt_out` became true.
    pub opted_out: u64,
    /// Changed rows whose `opt_out` became false after it was true.
    pub opted_in: u64,
    /// Changed rows for each column, in the order of the schema; only columns with changes.
    pub fields: Vec<(String, u64)>,
    /// Rows of the old and the new snapshot that were skipped because another row has the same id.
    pub repeated: [u64; 2],
}

impl ChangeCounts {
    /// Whether the snapshots are equal in all compared columns.
    pub fn are_equal(&self) -> bool {
        [self.added, self.changed, self.removed, self.missing] == [0; 4]
    }
}

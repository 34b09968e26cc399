//! How much has changed.

/// How much has changed between two snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeCounts {
    /// Ids that only the new snapshot has.
    pub added: u64,
    /// Ids of both whose rows differ in a compared column.
    pub changed: u64,
    /// Ids that only the old snapshot has, and that are called `removed`.
    pub removed: u64,
    /// Ids that only the old snapshot has, and that are called `missing`.
    pub missing: u64,
    /// Ids of both whose rows are equal in all compared columns.
    pub unchanged: u64,
    /// Changed rows whose `opt_out` became true.
    pub opted_out: u64,
    /// Changed rows whose `opt_out` became false after it was true.
    pub opted_in: u64,
    /// Changed rows for each column, in the order of the schema; only columns with changes.
    pub fields: Vec<(String, u64)>,
    /// Rows of the old and the new snapshot that are left out, since another row has their id.
    pub repeated: [u64; 2],
}

impl ChangeCounts {
    /// Whether the snapshots are equal in what is compared.
    pub fn are_equal(&self) -> bool {
        [self.added, self.changed, self.removed, self.missing] == [0; 4]
    }
}

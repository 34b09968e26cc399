//! Differences between a run and the export that it has replaced.

use serde::{Deserialize, Serialize};

use crate::report::table::Table;

/// Differences between a run and the export that it has replaced, as listed in the file of `--changes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunChanges {
    /// The run that published the other export; `None` if there was none, or its manifest does not say.
    pub base_run_id: Option<String>,
    /// When that run began, RFC 3339, UTC.
    pub since: Option<String>,
    /// Whether there was no other export, so that all rows are added.
    pub is_first: bool,
    /// Rows that only the new export has.
    pub added: u64,
    /// Rows of both exports that differ.
    pub changed: u64,
    /// Rows that only the other export has.
    pub removed: u64,
    /// Rows that only the other export has, but that may still exist, because the new export may lack rows or because the
    /// API has confirmed that they exist.
    pub missing: u64,
    /// Rows of both exports that are equal.
    pub unchanged: u64,
    /// Contacts whose `opt_out` became true.
    pub opted_out: u64,
    /// Contacts whose `opt_out` became false.
    pub opted_in: u64,
    /// Changed rows by column.
    pub changed_fields: Table,
}

impl RunChanges {
    /// Whether the new export is equal to another one.
    pub fn are_none(&self) -> bool {
        !self.is_first && [self.added, self.changed, self.removed, self.missing] == [0; 4]
    }
}

//! Settings for comparing two snapshots.

use std::collections::HashSet;

use super::layout::{ChangeLayout, GoneAs};

/// Settings for comparing two snapshots.
#[derive(Debug, Clone, Default)]
pub struct CompareSettings {
    /// Names of columns that are not compared: those that one side lacks, and those that are ignored on request.
    pub ignored: Vec<String>,
    /// Whether changed rows have all their values, not only those that differ.
    pub whole_rows: bool,
    /// The layout of old and new values.
    pub layout: ChangeLayout,
    /// How ids that only the old snapshot has are reported.
    pub gone_as: GoneAs,
    /// Ids that are always reported as `missing` if only the old snapshot has them.
    pub not_gone: HashSet<String>,
    /// Profiles of which the new snapshot has every row. Rows that it lacks are `removed`, regardless of `gone_as`.
    pub complete_profiles: HashSet<String>,
}

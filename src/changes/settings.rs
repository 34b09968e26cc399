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
    /// What ids are called that only the old snapshot has.
    pub gone_as: GoneAs,
    /// Ids that are always called `missing` if only the old snapshot has them.
    pub not_gone: HashSet<String>,
    /// Profiles of which the new snapshot has every row: what it lacks of them is `removed`, whatever `gone_as` says.
    pub complete_profiles: HashSet<String>,
}

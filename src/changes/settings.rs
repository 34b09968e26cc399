//! How two snapshots are compared, as far as the caller decides.

use std::collections::HashSet;

use super::layout::{GoneAs, Layout};

/// How two snapshots are compared.
#[derive(Debug, Clone, Default)]
pub struct CompareSettings {
    /// Columns that are not compared, by name: those that one side does not have, and those that are of no interest.
    pub ignored: Vec<String>,
    /// Whether changed rows have all their values, not only those that differ.
    pub whole_rows: bool,
    /// How old and new values are laid out.
    pub layout: Layout,
    /// What an id is called that only the old snapshot has.
    pub gone_as: GoneAs,
    /// Ids that are called `missing` in any case when only the old snapshot has them.
    pub not_gone: HashSet<String>,
    /// Profiles of which the new snapshot has every row: what it lacks of them is `removed`, whatever `gone_as` says.
    pub complete_profiles: HashSet<String>,
}

//! Counts at several times.

use serde::Serialize;

use crate::report::table::Table;

/// The counts at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TrendPoint {
    /// The time, RFC 3339, UTC.
    pub as_of: String,
    /// Counts over all rows, such as `contacts`, `reachable` and `opted_out`, without those that are not known.
    pub totals: Table,
    /// Rows by channel; empty with `--min-cell`.
    pub channels: Table,
}

impl TrendPoint {
    /// A point with these totals.
    pub(super) fn new<const N: usize>(as_of: &str, totals: [(&str, Option<u64>); N], channels: Table) -> Self {
        let totals = totals.into_iter().filter_map(|(name, count)| Some((name.to_owned(), count?))).collect();
        Self { as_of: as_of.to_owned(), totals, channels }
    }
}

//! How much of a long table there is room for.

/// Rows and columns that a form has room for.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Limits {
    /// Rows of a table that is sorted by count.
    pub(in crate::report) rows: usize,
    /// Rows of the table of regions.
    pub(in crate::report) regions: usize,
    /// Months, the latest ones.
    pub(in crate::report) months: usize,
    /// Days, the latest ones.
    pub(in crate::report) days: usize,
    /// Channels that have a column of their own.
    pub(in crate::report) channels: usize,
}

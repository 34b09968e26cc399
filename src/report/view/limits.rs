//! Maximum sizes of tables.

/// Maximum numbers of rows and columns in one form of the report.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct ViewLimits {
    /// Rows of a table that is sorted by count.
    pub(in crate::report) rows: usize,
    /// Rows of the table of regions.
    pub(in crate::report) regions: usize,
    /// Months, the latest ones.
    pub(in crate::report) months: usize,
    /// Days, the latest ones.
    pub(in crate::report) days: usize,
    /// Channels that get their own column.
    pub(in crate::report) channels: usize,
}

//! Checks that the API applied a filter. A server that does not know a parameter ignores it and answers with the whole list.

use std::fmt;

use arrow::array::RecordBatch;

/// Finds rows that contradict one filter of the request.
pub struct FilterCheck {
    /// The flag of the filter.
    pub flag: &'static str,
    contradicts: Box<RowTest>,
}

/// Whether a row of a batch contradicts the filter.
type RowTest = dyn Fn(&RecordBatch, usize) -> bool + Send;

impl FilterCheck {
    /// A check for the filter of `flag`. `contradicts` tests one row of a batch with all columns of the resource.
    pub fn new(flag: &'static str, contradicts: impl Fn(&RecordBatch, usize) -> bool + Send + 'static) -> Self {
        Self { flag, contradicts: Box::new(contradicts) }
    }

    /// Number of rows that contradict the filter.
    pub fn contradictions(&self, batch: &RecordBatch) -> u64 {
        (0..batch.num_rows()).filter(|&row| (self.contradicts)(batch, row)).count() as u64
    }
}

impl fmt::Debug for FilterCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FilterCheck").field("flag", &self.flag).finish_non_exhaustive()
    }
}

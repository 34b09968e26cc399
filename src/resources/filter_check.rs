//! Checks that the API applied a filter. A server that does not know a parameter ignores it and answers with the whole list.

use std::fmt;

use arrow::array::RecordBatch;

/// Finds rows that contradict one filter of the request.
pub struct FilterCheck {
    /// The flag of the filter.
    pub flag: &'static str,
    count: Box<BatchTest>,
}

/// Counts the rows of a batch that contradict the filter.
type BatchTest = dyn FnMut(&RecordBatch) -> u64 + Send;

impl FilterCheck {
    /// A check for the filter of `flag`. `contradicts` tests one row of a batch with all columns of the resource.
    pub fn new(flag: &'static str, contradicts: impl Fn(&RecordBatch, usize) -> bool + Send + 'static) -> Self {
        Self::of_batches(flag, move |batch| (0..batch.num_rows()).filter(|&row| contradicts(batch, row)).count() as u64)
    }

    /// A check for the filter of `flag`. `count` counts the rows that contradict it, of one batch after another; rows that
    /// turn out to contradict it only later are counted then.
    pub fn of_batches(flag: &'static str, count: impl FnMut(&RecordBatch) -> u64 + Send + 'static) -> Self {
        Self { flag, count: Box::new(count) }
    }

    /// Number of rows that contradict the filter.
    pub fn contradictions(&mut self, batch: &RecordBatch) -> u64 {
        (self.count)(batch)
    }
}

impl fmt::Debug for FilterCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FilterCheck").field("flag", &self.flag).finish_non_exhaustive()
    }
}

//! The rows that an export writes, sorted by id, for a comparison with those that it replaces.

use std::collections::BTreeSet;

use arrow::array::{Array, RecordBatch};
use arrow::compute::{filter_record_batch, is_not_null};
use arrow::datatypes::SchemaRef;

use crate::changes::{ChangesError, SnapshotSorter, SortedSnapshot};
use crate::input::{add_customers, as_read_back};

/// The rows that were written, as they will be read back, in the bounded memory of a [`SnapshotSorter`].
#[derive(Debug)]
pub struct NewRows {
    /// All columns of the resource.
    schema: SchemaRef,
    sorter: SnapshotSorter,
    /// Rows without a value here are not written.
    needed_column: Option<usize>,
    customers: BTreeSet<String>,
}

impl NewRows {
    /// None yet. `sorter` is one for rows with this schema; rows that are null in `needed_column` of the resource are not
    /// written.
    pub fn new(schema: SchemaRef, sorter: SnapshotSorter, needed_column: Option<usize>) -> Self {
        Self { schema, sorter, needed_column, customers: BTreeSet::new() }
    }

    /// Takes a batch with all columns of the resource, and what is written of it.
    pub(super) fn add_batch(&mut self, all: &RecordBatch, written: &RecordBatch) -> Result<(), ChangesError> {
        let needed = self.needed_column.map(|column| all.column(column)).filter(|column| column.null_count() > 0);
        let rows = match needed {
            Some(column) => is_not_null(column).and_then(|is_written| filter_record_batch(written, &is_written)),
            None => Ok(written.clone()),
        };
        let rows = rows.and_then(|rows| as_read_back(&self.schema, &rows)).map_err(ChangesError::ForeignBatch)?;
        add_customers(&mut self.customers, &rows);
        self.sorter.add(&rows, 0)
    }

    /// Whose the rows are.
    pub fn customers(&self) -> &BTreeSet<String> {
        &self.customers
    }

    /// The rows, sorted.
    ///
    /// # Errors
    /// When a temporary file cannot be written or read.
    pub fn finish(self) -> Result<SortedSnapshot, ChangesError> {
        self.sorter.finish()
    }
}

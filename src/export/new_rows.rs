//! Collects the rows of an export, sorted by id, for comparison with those that they replace.

use std::collections::BTreeSet;

use arrow::array::{Array, RecordBatch};
use arrow::compute::{filter_record_batch, is_not_null};
use arrow::datatypes::SchemaRef;

use crate::changes::{ChangesError, SnapshotSorter, SortedSnapshot};
use crate::input::{add_customers, as_read_back};

/// The written rows in the form in which they are read back, in the bounded memory of a [`SnapshotSorter`].
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
    /// An empty collection. `sorter` must have this schema; rows that are null in `needed_column` of the resource are not
    /// written.
    pub fn new(schema: SchemaRef, sorter: SnapshotSorter, needed_column: Option<usize>) -> Self {
        Self { schema, sorter, needed_column, customers: BTreeSet::new() }
    }

    /// Adds a batch with all columns of the resource; `written` has those that are written.
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

    /// The customer ids of the rows.
    pub fn customers(&self) -> &BTreeSet<String> {
        &self.customers
    }

    /// Sorts the rows.
    ///
    /// # Errors
    /// When a temporary file cannot be written or read.
    pub fn finish(self) -> Result<SortedSnapshot, ChangesError> {
        self.sorter.finish()
    }
}

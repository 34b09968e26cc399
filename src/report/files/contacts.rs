//! The report on files of contacts.

use arrow::array::RecordBatch;

use super::super::counts::Counts;
use super::super::document::contacts::compare;
use super::super::document::contacts::summary::Summary;
use super::{FileCounts, FileDocument, FilesFacts, with_files};

impl FileCounts for Counts {
    type Document = Summary;

    fn for_files() -> Self {
        Self::for_files()
    }

    fn add_columns(&mut self, batch: &RecordBatch, now_micros: i64, until_micros: i64, columns: &[bool]) {
        Self::add_columns(self, batch, now_micros, until_micros, columns);
    }

    fn add_missing(&mut self, column: usize, values: u64) {
        Self::add_missing(self, column, values);
    }

    fn rows(&self) -> u64 {
        self.contacts
    }

    fn into_document(self, facts: FilesFacts) -> Summary {
        with_files(self.summary(), facts)
    }
}

impl FileDocument for Summary {
    fn merge_small_groups(&mut self, min_cell: u64, old: Option<&mut Self>) {
        Self::merge_small_groups(self, min_cell, old);
    }

    fn compare_with(&mut self, old: &Self, with: String) {
        self.comparison = Some(compare(old, self, with));
    }
}

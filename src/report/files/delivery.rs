//! The report on files of messages.

use arrow::array::RecordBatch;

use super::super::counts::DeliveryCounts;
use super::super::document::delivery::compare_deliveries;
use super::super::document::delivery::summary::DeliverySummary;
use super::{FileCounts, FileDocument, FilesFacts, with_files};

impl FileCounts for DeliveryCounts {
    type Document = DeliverySummary;

    fn for_files() -> Self {
        Self::for_files()
    }

    fn add_columns(&mut self, batch: &RecordBatch, now_micros: i64, until_micros: i64, columns: &[bool]) {
        Self::add_columns(self, batch, now_micros.max(until_micros), columns);
    }

    fn add_missing(&mut self, column: usize, values: u64) {
        Self::add_missing(self, column, values);
    }

    fn rows(&self) -> u64 {
        self.messages
    }

    fn into_document(self, facts: FilesFacts) -> DeliverySummary {
        with_files(self.summary(), facts)
    }
}

impl FileDocument for DeliverySummary {
    fn merge_small_groups(&mut self, min_cell: u64, old: Option<&mut Self>) {
        Self::merge_small_groups(self, min_cell, old);
    }

    fn compare_with(&mut self, old: &Self, with: String) {
        self.comparison = Some(compare_deliveries(old, self, with));
    }
}

//! The report on files of messages.

use arrow::array::RecordBatch;

use super::super::counts::DeliveryCounts;
use super::super::document::delivery::summary::DeliverySummary;
use super::super::document::delivery::{MessageChanges, compare_deliveries};
use super::{FileCounts, FileDocument, FilesFacts, with_files};

impl FileCounts for DeliveryCounts {
    type Document = DeliverySummary;

    fn for_files() -> Self {
        Self::for_files()
    }

    fn ignore_repeated_ids(&mut self) {
        Self::ignore_repeated_ids(self);
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
    type Gross = MessageChanges;

    fn merge_small_groups(&mut self, min_cell: u64, old: Option<&mut Self>) {
        Self::merge_small_groups(self, min_cell, old);
    }

    fn compare_with(&mut self, old: &Self, with: String) {
        self.comparison = Some(compare_deliveries(old, self, with));
    }

    fn set_gross(&mut self, mut gross: MessageChanges) {
        if self.min_cell.is_some() {
            gross.omit_groups();
        }
        if let Some(comparison) = &mut self.comparison {
            gross.omit_columns(&comparison.columns_not_in_both);
            comparison.gross = Some(gross);
        }
    }
}

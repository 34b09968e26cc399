//! The report on files of contacts.

use arrow::array::RecordBatch;

use super::super::counts::ContactCounts;
use super::super::document::contacts::summary::Summary;
use super::super::document::contacts::{GrossChanges, compare};
use super::{FileCounts, FileDocument, FilesFacts, with_files};
use crate::resources::contacts::{column, column_name};

impl FileCounts for ContactCounts {
    type Document = Summary;

    fn for_files() -> Self {
        Self::for_files()
    }

    fn ignore_repeated_ids(&mut self) {
        Self::ignore_repeated_ids(self);
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
    type Gross = GrossChanges;

    fn merge_small_groups(&mut self, min_cell: u64, old: Option<&mut Self>) {
        Self::merge_small_groups(self, min_cell, old);
    }

    fn compare_with(&mut self, old: &Self, with: String) {
        self.comparison = Some(compare(old, self, with));
    }

    fn set_gross(&mut self, mut gross: GrossChanges) {
        if self.min_cell.is_some() {
            gross.regions.clear();
            gross.channels.clear();
        }
        if let Some(comparison) = &mut self.comparison {
            let is_not_in_both =
                |column: usize| comparison.columns_not_in_both.iter().any(|name| name == column_name(column));
            if is_not_in_both(column::REGION_CODE) {
                gross.regions.clear();
            }
            if is_not_in_both(column::AVAILABLE_CHANNELS) {
                gross.channels.clear();
            }
            if is_not_in_both(column::OPT_OUT) {
                let groups = gross.regions.values_mut().chain(gross.channels.values_mut());
                groups.chain([&mut gross.total]).for_each(|group| (group.opted_out, group.opted_in) = (0, 0));
            }
            comparison.gross = Some(gross);
        }
    }
}

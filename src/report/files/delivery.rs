//! The report on files of messages.

use arrow::array::RecordBatch;

use super::super::counts::DeliveryCounts;
use super::super::document::delivery::compare_deliveries;
use super::super::document::delivery::summary::DeliverySummary;
use super::super::document::notice::Notice;
use super::super::document::origin::Origin;
use super::{FileCounts, FileDocument, FilesFacts};
use crate::verdict::Verdict;

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
        let FilesFacts { as_of, inputs, notices, columns_not_in_inputs, filters, filters_differ, findings } = facts;
        let mut summary = DeliverySummary { as_of, ..self.summary().with_findings(findings) };
        let origin = summary.origin;
        summary.origin = Origin { filters, filters_differ, inputs, columns_not_in_inputs, notices, ..origin };
        summary.leave_out_absent();
        summary
    }
}

impl FileDocument for DeliverySummary {
    fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        Self::from_json(json)
    }

    fn verdict(&self) -> Option<Verdict> {
        Self::verdict(self)
    }

    fn add_notices(&mut self, notices: impl IntoIterator<Item = Notice>) {
        self.origin.notices.extend(notices);
    }

    fn merge_small_groups(&mut self, min_cell: u64, old: Option<&mut Self>) {
        Self::merge_small_groups(self, min_cell, old);
    }

    fn hide_search(&mut self) {
        self.origin.filters.hide_search();
    }

    fn compare_with(&mut self, old: &Self, with: String) {
        self.comparison = Some(compare_deliveries(old, self, with));
    }
}

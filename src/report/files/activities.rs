//! The report on files of activities: a report on their messages.

use arrow::array::RecordBatch;

use super::super::counts::{ActivityCounts, activity_schema, columns_not_known};
use super::super::document::delivery::summary::DeliverySummary;
use super::super::document::input::evidence_count;
use super::{FileCounts, FilesFacts, with_files};

impl FileCounts for ActivityCounts {
    type Document = DeliverySummary;

    fn for_files() -> Self {
        Self::for_files()
    }

    /// Does nothing: activities have no ids of their own.
    fn ignore_repeated_ids(&mut self) {}

    fn add_columns(&mut self, batch: &RecordBatch, now_micros: i64, until_micros: i64, columns: &[bool]) {
        let is_read = |name: &str| {
            let place = activity_schema().index_of(name).ok();
            place.and_then(|place| columns.get(place)).copied().unwrap_or(false)
        };
        self.add(batch, now_micros.max(until_micros), is_read);
    }

    /// Does nothing: the values of activities are always read.
    fn add_missing(&mut self, _column: usize, _values: u64) {}

    fn rows(&self) -> u64 {
        self.activities()
    }

    fn into_document(self, facts: FilesFacts) -> DeliverySummary {
        let mut document = self.summary();
        if let Some(from) = &mut document.from_activities {
            from.messages_not_found = evidence_count(&facts.inputs, "ids_not_found");
        }
        let columns_not_in_inputs = columns_not_known(&facts.columns_not_in_inputs);
        with_files(document, FilesFacts { columns_not_in_inputs, ..facts })
    }
}

//! The report of an export of activities: a report on their messages.

use arrow::array::RecordBatch;

use super::super::counts::{ActivityCounts, columns_not_known};
use super::super::document::delivery::summary::DeliverySummary;
use super::super::document::resource::ResourceDocument;
use super::{ExportFacts, RowCounts, with_run};
use crate::base::plural::count_of;
use crate::time::Timestamp;
use crate::verdict::{Evidence, EvidenceCode};

impl RowCounts for ActivityCounts {
    type Document = DeliverySummary;

    fn add_batch(&mut self, batch: &RecordBatch, now_micros: i64) {
        // Activities that happened during the run are not in the future.
        self.add(batch, now_micros.max(Timestamp::now().micros()), |_| true);
    }

    fn into_document(self, facts: ExportFacts) -> DeliverySummary {
        let mut document = self.summary();
        if let Some(from) = &mut document.from_activities {
            let not_found = count(&facts.run.evidence, EvidenceCode::IdsNotFound).unwrap_or_default();
            let answered = count(&facts.run.evidence, EvidenceCode::IdsAnswered);
            from.messages_without = answered.map(|answered| answered.saturating_sub(not_found + document.messages));
            from.messages_not_found = Some(not_found);
        }
        document.origin.columns_not_in_inputs = columns_not_known(&[]);
        document.omit_absent();
        with_run(document, facts)
    }
}

fn count(evidence: &[Evidence], code: EvidenceCode) -> Option<u64> {
    evidence.iter().find(|evidence| evidence.code == code)?.count
}

impl DeliverySummary {
    /// Sentences about the activities, for a run that also reports on their messages; empty if no activities were read.
    pub fn activities_in_short(&self) -> Vec<String> {
        let Some(from) = &self.from_activities else { return Vec::new() };
        let counted = format!(
            "{} of {}.",
            count_of(from.activities, "activity", "activities"),
            count_of(self.messages, "message", "messages")
        );
        let malformed = self.origin.malformed_fields.iter().map(|(column, values)| {
            let values = count_of(*values, "value", "values");
            format!("{values} of {column} in activities had an undocumented type or form.")
        });
        std::iter::once(counted).chain(from.not_counted()).chain(malformed).collect()
    }
}

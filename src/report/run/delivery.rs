//! The report of an export of messages.

use arrow::array::RecordBatch;

use super::super::counts::DeliveryCounts;
use super::super::document::delivery::summary::DeliverySummary;
use super::super::document::notice::Notice;
use super::super::document::resource::ResourceDocument;
use super::super::form::ReportForm;
use super::super::render::{TableStyle, render_digest, render_table};
use super::{ExportFacts, Report, RowCounts, RunDocument, with_run};
use crate::base::plural::count_of;

impl RowCounts for DeliveryCounts {
    type Document = DeliverySummary;

    fn add_batch(&mut self, batch: &RecordBatch, now_micros: i64) {
        Self::add_batch(self, batch, now_micros);
    }

    fn into_document(self, facts: ExportFacts) -> DeliverySummary {
        with_run(self.summary(), facts)
    }
}

impl Report for DeliverySummary {
    fn render(&self, form: ReportForm) -> String {
        form.render(self)
    }
}

impl RunDocument for DeliverySummary {
    fn report(&self) -> Option<&dyn Report> {
        Some(self)
    }

    fn table(&self, style: TableStyle) -> String {
        render_table(self, style)
    }

    fn digest(&self) -> String {
        render_digest(self)
    }

    fn notices(&self) -> Vec<Notice> {
        self.all_notices()
    }

    fn remarks(&self) -> Vec<String> {
        let not_found = self.from_activities.and_then(|from| from.messages_not_found).filter(|&count| count > 0);
        let remark = not_found.map(|count| {
            let messages = count_of(count, "message is", "messages are");
            format!("{messages} not known to the API (--missing PATH lists them).")
        });
        remark.into_iter().collect()
    }
}

//! The report of an export of messages.

use arrow::array::RecordBatch;

use super::super::counts::DeliveryCounts;
use super::super::document::delivery::summary::DeliverySummary;
use super::super::document::notice::Notice;
use super::super::document::origin::Origin;
use super::super::form::ReportForm;
use super::super::render::{TableStyle, render_table};
use super::{ExportFacts, RowCounts, RunDocument};

impl RowCounts for DeliveryCounts {
    type Document = DeliverySummary;

    fn add_batch(&mut self, batch: &RecordBatch, now_micros: i64) {
        Self::add_batch(self, batch, now_micros);
    }

    fn into_document(self, facts: ExportFacts) -> DeliverySummary {
        let ExportFacts { filters, outputs, run, findings } = facts;
        let mut summary = DeliverySummary { as_of: run.started_at.clone(), ..self.summary().with_findings(findings) };
        summary.origin = Origin { filters, outputs, run: Some(run), ..summary.origin };
        summary
    }
}

impl RunDocument for DeliverySummary {
    fn render(&self, form: ReportForm) -> String {
        form.render(self)
    }

    fn table(&self, style: TableStyle) -> String {
        render_table(self, style)
    }

    fn notices(&self) -> Vec<Notice> {
        self.all_notices()
    }
}

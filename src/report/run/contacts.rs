//! The report of an export of contacts.

use arrow::array::RecordBatch;

use super::super::counts::ContactCounts;
use super::super::document::contacts::summary::Summary;
use super::super::document::notice::Notice;
use super::super::document::resource::ResourceDocument;
use super::super::form::ReportForm;
use super::super::render::{TableStyle, render_digest, render_table};
use super::{ExportFacts, Report, RowCounts, RunDocument, with_run};
use crate::base::printable::printable;
use crate::resources::contacts::{column, column_name};

impl RowCounts for ContactCounts {
    type Document = Summary;

    fn add_batch(&mut self, batch: &RecordBatch, now_micros: i64) {
        Self::add_batch(self, batch, now_micros);
    }

    fn into_document(self, facts: ExportFacts) -> Summary {
        with_run(self.summary(), facts)
    }
}

impl Report for Summary {
    fn render(&self, form: ReportForm) -> String {
        form.render(self)
    }
}

impl RunDocument for Summary {
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
        let is_nobody = self.origin.filters.phone && self.contacts == 0;
        let remark =
            is_nobody.then(|| "No contact has the phone number in --phone, so the outputs have no rows.".to_owned());
        remark.into_iter().collect()
    }

    /// Undocumented fields, when there are contacts and none has a number: the API may have given its fields other names.
    fn suspicions(&self) -> Vec<String> {
        const MAX_NAMES: usize = 20;
        let missing = self.quality.missing.get(column_name(column::PHONE_NUMBER)).copied().unwrap_or_default();
        let names: Vec<String> =
            self.origin.unknown_fields.keys().take(MAX_NAMES).map(|name| printable(name)).collect();
        let is_suspicious = missing == self.contacts && missing > 0 && !names.is_empty();
        let text =
            || format!("no contact has a phone_number, and these fields are not documented: {}", names.join(", "));
        is_suspicious.then(text).into_iter().collect()
    }
}

//! What an export asks of the counts and the document of its resource.

mod contacts;
mod delivery;

use arrow::array::RecordBatch;

use super::document::filters::Filters;
use super::document::findings::Findings;
use super::document::notice::Notice;
use super::document::resource::ResourceDocument;
use super::document::run::RunFacts;
use super::form::ReportForm;
use super::render::TableStyle;
use crate::publish::OutputReport;

/// Counters over the rows of a resource, filled batch by batch.
pub trait RowCounts: Default + Send + 'static {
    /// What the counts are told in.
    type Document: RunDocument;

    /// Counts the rows of a batch with all columns of the resource's schema. `now_micros` is the moment that ages are
    /// measured from, in microseconds UTC: the start of the run.
    fn add_batch(&mut self, batch: &RecordBatch, now_micros: i64);

    /// The document of the run.
    fn into_document(self, facts: ExportFacts) -> Self::Document;
}

/// What is known of an export besides its counts.
#[derive(Debug, Clone)]
pub struct ExportFacts {
    /// What was left out on request.
    pub filters: Filters,
    /// What was written.
    pub outputs: Vec<OutputReport>,
    /// How the run went.
    pub run: RunFacts,
    /// What the pages held beside rows.
    pub findings: Findings,
}

/// A report that can be written to files.
pub trait Report {
    /// The whole report.
    fn render(&self, form: ReportForm) -> String;
}

/// What is shown of a run.
pub trait RunDocument {
    /// Aligned tables.
    fn table(&self, style: TableStyle) -> String;

    /// The report for files, if the resource has one.
    fn report(&self) -> Option<&dyn Report> {
        None
    }

    /// Everything that a reader must know before the numbers.
    fn notices(&self) -> Vec<Notice> {
        Vec::new()
    }

    /// Further sentences for a person who watches the run, below the table.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// What looks as if the API had changed, for everyone.
    fn suspicions(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Adds the facts of a run to the document of its counts.
fn with_run<D: ResourceDocument>(mut document: D, facts: ExportFacts) -> D {
    let ExportFacts { filters, outputs, run, findings } = facts;
    document.set_as_of(run.started_at.clone());
    document.add_findings(findings);
    let origin = document.origin_mut();
    (origin.filters, origin.outputs, origin.run) = (filters, outputs, Some(run));
    document
}

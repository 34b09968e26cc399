//! The interface of counts and documents for exports, implemented for each resource.

mod activities;
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
    /// The document that is made from the counts.
    type Document: RunDocument;

    /// Counts the rows of a batch with all columns of the resource's schema. `now_micros` is the start of
    /// the run in microseconds UTC, from which ages are measured.
    fn add_batch(&mut self, batch: &RecordBatch, now_micros: i64);

    /// The document of the run.
    fn into_document(self, facts: ExportFacts) -> Self::Document;
}

/// Facts about an export besides its counts.
#[derive(Debug, Clone)]
pub struct ExportFacts {
    /// Title of the report, by `--title`.
    pub title: Option<String>,
    /// Address of the API that was read, or `simulator`.
    pub api: String,
    /// Filters of the export.
    pub filters: Filters,
    /// Files that were written.
    pub outputs: Vec<OutputReport>,
    /// Facts about the run.
    pub run: RunFacts,
    /// What pages contained besides rows.
    pub findings: Findings,
}

/// A report that can be written to files.
pub trait Report {
    /// Renders the whole report.
    fn render(&self, form: ReportForm) -> String;
}

/// What is shown of a run.
pub trait RunDocument {
    /// Aligned tables.
    fn table(&self, style: TableStyle) -> String;

    /// The report in ten lines of Markdown.
    fn digest(&self) -> String {
        String::new()
    }

    /// The report for files, if the resource has one.
    fn report(&self) -> Option<&dyn Report> {
        None
    }

    /// Everything that a reader must know about the numbers.
    fn notices(&self) -> Vec<Notice> {
        Vec::new()
    }

    /// Further sentences for people, below the table.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// Indications that the API has changed, printed as warnings.
    fn suspicions(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Adds the facts of a run to the document of its counts.
fn with_run<D: ResourceDocument>(mut document: D, facts: ExportFacts) -> D {
    let ExportFacts { title, api, filters, outputs, run, findings } = facts;
    document.set_as_of(run.started_at.clone());
    document.add_findings(findings);
    let origin = document.origin_mut();
    (origin.title, origin.api) = (title, Some(api));
    (origin.filters, origin.outputs, origin.run) = (filters, outputs, Some(run));
    document
}

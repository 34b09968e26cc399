//! What a report over files asks of the counts and the document of its resource.

mod contacts;
mod delivery;

use arrow::array::RecordBatch;

use super::document::filters::Filters;
use super::document::findings::Findings;
use super::document::input::InputReport;
use super::document::notice::Notice;
use super::document::origin::Origin;
use super::document::resource::ResourceDocument;
use super::run::{Report, RunDocument};

/// Counters over the rows of files.
pub trait FileCounts: Sized {
    /// What the counts are told in.
    type Document: FileDocument;

    /// Empty counters, which look for repeated ids.
    fn for_files() -> Self;

    /// Counts the rows of a batch in which `columns` are read and the others only filled up with nulls. `now_micros` is the
    /// moment that ages are counted from, and nothing is later than `until_micros` unless its date is wrong; both in
    /// microseconds UTC.
    fn add_columns(&mut self, batch: &RecordBatch, now_micros: i64, until_micros: i64, columns: &[bool]);

    /// Counts missing values of a column that was not read, because its file says how many there are.
    fn add_missing(&mut self, column: usize, values: u64);

    /// Rows so far.
    fn rows(&self) -> u64;

    /// The document of the files.
    fn into_document(self, facts: FilesFacts) -> Self::Document;
}

/// What is known of files besides the counts of their rows.
#[derive(Debug, Clone, Default)]
pub struct FilesFacts {
    /// The moment that ages are counted from, RFC 3339, UTC.
    pub as_of: String,
    /// The files.
    pub inputs: Vec<InputReport>,
    /// What is to be told before the numbers.
    pub notices: Vec<Notice>,
    /// Columns that some of the files do not have.
    pub columns_not_in_inputs: Vec<String>,
    /// What all of the files left out on request.
    pub filters: Filters,
    /// Whether they left out different things, as far as they tell.
    pub filters_differ: bool,
    /// Values that could not be read.
    pub findings: Findings,
}

/// The report on files.
pub trait FileDocument: ResourceDocument + RunDocument + Report {
    /// Hides numbers of fewer than `min_cell` rows, here and in the document that is to be compared with.
    fn merge_small_groups(&mut self, min_cell: u64, old: Option<&mut Self>);

    /// Notes what changed since an older state; `with` names where that comes from.
    fn compare_with(&mut self, old: &Self, with: String);

    /// Adds notices.
    fn add_notices(&mut self, notices: impl IntoIterator<Item = Notice>) {
        self.origin_mut().notices.extend(notices);
    }

    /// Removes the text that the export searched for.
    fn hide_search(&mut self) {
        self.origin_mut().filters.hide_search();
    }
}

/// Adds the facts of files to the document of their counts.
fn with_files<D: ResourceDocument>(mut document: D, facts: FilesFacts) -> D {
    let FilesFacts { as_of, inputs, notices, columns_not_in_inputs, filters, filters_differ, findings } = facts;
    document.set_as_of(as_of);
    document.add_findings(findings);
    let origin = document.origin_mut();
    *origin = Origin { filters, filters_differ, inputs, columns_not_in_inputs, notices, ..std::mem::take(origin) };
    document.omit_absent();
    document
}

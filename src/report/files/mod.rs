//! What a report on files needs of the counts and the document of its resource.

mod activities;
mod contacts;
mod delivery;

use arrow::array::RecordBatch;

use super::document::filters::Filters;
use super::document::findings::Findings;
use super::document::input::InputReport;
use super::document::notice::Notice;
use super::document::origin::Origin;
use super::document::profile::InputProfile;
use super::document::resource::ResourceDocument;
use super::run::{Report, RunDocument};

/// Counters over the rows of files.
pub trait FileCounts: Sized {
    /// The document that the counts become.
    type Document: FileDocument;

    /// Empty counters that also look for repeated ids.
    fn for_files() -> Self;

    /// Stops looking for repeated ids: rows of several profiles, which may share ids, do not say whose they are.
    fn ignore_repeated_ids(&mut self);

    /// Counts the rows of a batch in which only `columns` were read; the others are filled with nulls. Ages are measured
    /// from `now_micros`, and only wrong dates are later than `until_micros`, both in microseconds UTC.
    fn add_columns(&mut self, batch: &RecordBatch, now_micros: i64, until_micros: i64, columns: &[bool]);

    /// Counts missing values of a column that was not read because its file states their number.
    fn add_missing(&mut self, column: usize, values: u64);

    /// Rows so far.
    fn rows(&self) -> u64;

    /// The document of the files.
    fn into_document(self, facts: FilesFacts) -> Self::Document;
}

/// Facts about files besides the counts of their rows.
#[derive(Debug, Clone, Default)]
pub struct FilesFacts {
    /// Time that ages are computed at, RFC 3339, UTC.
    pub as_of: String,
    /// The files.
    pub inputs: Vec<InputReport>,
    /// Notices that cannot be derived from the document.
    pub notices: Vec<Notice>,
    /// Columns that some of the files lack.
    pub columns_not_in_inputs: Vec<String>,
    /// Whether rows have the column of the profile that they were read for.
    pub has_profiles: bool,
    /// What the files hold of each profile.
    pub profiles: Vec<InputProfile>,
    /// Filters of the exports, if they are the same.
    pub filters: Filters,
    /// Whether the exports had different filters, as far as is known.
    pub filters_differ: bool,
    /// Values that could not be read.
    pub findings: Findings,
}

/// The report on files.
pub trait FileDocument: ResourceDocument + RunDocument + Report {
    /// What came and went between two exports, row by row.
    type Gross;

    /// Hides counts of fewer than `min_cell` rows, here and in the document to compare with.
    fn merge_small_groups(&mut self, min_cell: u64, old: Option<&mut Self>);

    /// Adds what changed since an older document; `with` names the source of that.
    fn compare_with(&mut self, old: &Self, with: String);

    /// Adds what came and went to the comparison, as far as both sides tell and no small group shows.
    fn set_gross(&mut self, gross: Self::Gross);

    /// Adds a trend over older states, the oldest first. Those with other filters are left out.
    fn add_trend<'a>(&mut self, older: impl IntoIterator<Item = &'a Self>)
    where
        Self: 'a,
    {
        let own = self.origin();
        let mut points: Vec<_> = older
            .into_iter()
            .filter(|older| !own.has_other_filters(older.origin()))
            .map(ResourceDocument::trend_point)
            .collect();
        points.push(self.trend_point());
        // With the hidden channels of one time, those of the others could be derived.
        if self.min_cell().is_some() {
            for point in &mut points {
                point.channels.clear();
            }
        }
        if points.len() > 2 {
            self.set_trend(points);
        }
    }

    /// Adds notices.
    fn add_notices(&mut self, notices: impl IntoIterator<Item = Notice>) {
        self.origin_mut().notices.extend(notices);
    }

    /// Removes the text that the export searched for, and the profiles, which are small groups with names.
    fn hide_names(&mut self) {
        let origin = self.origin_mut();
        origin.filters.hide_search();
        origin.profiles.clear();
    }
}

/// Adds the facts of files to the document of their counts.
fn with_files<D: ResourceDocument>(mut document: D, facts: FilesFacts) -> D {
    let FilesFacts { as_of, inputs, notices, columns_not_in_inputs, filters, filters_differ, findings, .. } = facts;
    let (has_profiles, profiles) = (facts.has_profiles, facts.profiles);
    document.set_as_of(as_of);
    document.add_findings(findings);
    let origin = document.origin_mut();
    let before = std::mem::take(origin);
    let before = Origin { profiles, has_profiles, ..before };
    *origin = Origin { filters, filters_differ, inputs, columns_not_in_inputs, notices, ..before };
    document.omit_absent();
    document
}

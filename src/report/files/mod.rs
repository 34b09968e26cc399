//! The interface of counts and documents for reports on files, implemented for each resource.

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
    /// The document that is made from the counts.
    type Document: FileDocument;

    /// Empty counters that also count repeated ids.
    fn for_files() -> Self;

    /// Stops counting repeated ids. Profiles may share ids, so repeated ids cannot be counted if rows of several profiles do
    /// not state their profile.
    fn ignore_repeated_ids(&mut self);

    /// Counts the rows of a batch in which only `columns` were read; the others are filled with nulls. Ages are measured
    /// from `now_micros`, and only wrong dates are later than `until_micros`, both in microseconds UTC.
    fn add_columns(&mut self, batch: &RecordBatch, now_micros: i64, until_micros: i64, columns: &[bool]);

    /// Counts missing values of a column that was not read because the file states their number.
    fn add_missing(&mut self, column: usize, values: u64);

    /// Number of rows so far.
    fn rows(&self) -> u64;

    /// The document of the files.
    fn into_document(self, facts: FilesFacts) -> Self::Document;
}

/// Facts about files besides the counts of their rows.
#[derive(Debug, Clone, Default)]
pub struct FilesFacts {
    /// Time from which ages are measured, RFC 3339, UTC.
    pub as_of: String,
    /// The files.
    pub inputs: Vec<InputReport>,
    /// Notices that cannot be derived from the document.
    pub notices: Vec<Notice>,
    /// Columns that some of the files lack.
    pub columns_not_in_inputs: Vec<String>,
    /// Whether rows have the column of the profile that they were read for.
    pub has_profiles: bool,
    /// The rows of each profile in the files.
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
    /// Added, removed and changed rows between two exports.
    type Gross;

    /// Hides counts of fewer than `min_cell` rows, in this document and in the one it is compared with.
    fn merge_small_groups(&mut self, min_cell: u64, old: Option<&mut Self>);

    /// Adds what changed since an older document; `with` names the source of the older document.
    fn compare_with(&mut self, old: &Self, with: String);

    /// Adds row changes to the comparison, as far as both sides have the columns and no small group is revealed.
    fn set_gross(&mut self, gross: Self::Gross);

    /// Adds a trend over older states, oldest first. States with other filters are skipped.
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
        // Channels that are suppressed at one time could be derived from those at other times.
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

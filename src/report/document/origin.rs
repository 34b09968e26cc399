//! Where the numbers of a document come from, and what could not be used of these sources; the same for every resource.
//!
//! The fields are part of the JSON form of every document (`#[serde(flatten)]`), in this order.

use serde::{Deserialize, Serialize};

use super::filters::Filters;
use super::input::{InputReport, items_rejected, verdict};
use super::notice::Notice;
use super::profile::InputProfile;
use super::run::RunFacts;
use crate::base::noun::RowNoun;
use crate::publish::OutputReport;
use crate::report::table::Table;
use crate::verdict::Verdict;

/// The source of a document: a run, or exported files. Files and runs are not read back from JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Title of the report, by `--title`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Address of the API that the run read, or `simulator`; for files, each export has its own address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// Undocumented fields, with the number of rows that had them.
    pub unknown_fields: Table,
    /// Values of an undocumented type or form, by column; they are null where they could not be used.
    pub malformed_fields: Table,
    /// Rows that contradict a filter of the run, by its flag; a notice tells them.
    #[serde(skip)]
    pub ignored_filters: Table,
    /// Filters that the run was started with.
    pub filters: Filters,
    /// Whether the files were exported with different filters, as far as is known; then [`filters`](Self::filters) is
    /// empty.
    #[serde(default)]
    pub filters_differ: bool,
    /// The run; `None` if the document was made from files.
    #[serde(skip_deserializing)]
    pub run: Option<RunFacts>,
    /// Files that the run wrote.
    #[serde(skip_deserializing)]
    pub outputs: Vec<OutputReport>,
    /// Files that the document was made from.
    #[serde(skip_deserializing)]
    pub inputs: Vec<InputReport>,
    /// The rows of each profile in these files; empty if the files are not known to have rows of profiles.
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<InputProfile>,
    /// Columns that some of these files lack; counts that need them are unknown or omitted.
    #[serde(default)]
    pub columns_not_in_inputs: Vec<String>,
    /// Whether rows in these files have the column of the profile that they were read for.
    #[serde(skip)]
    pub has_profiles: bool,
    /// Notices that cannot be derived from the document; `all_notices` of a document returns the others, too.
    #[serde(skip_deserializing)]
    pub notices: Vec<Notice>,
}

impl Origin {
    /// The verdict of the run, or the worst one of the exports that the files come from; `None` if any is unknown.
    pub(in crate::report) fn verdict(&self) -> Option<Verdict> {
        self.run.as_ref().map_or_else(|| verdict(&self.inputs), |run| Some(run.verdict))
    }

    /// Whether all files have these columns.
    pub(in crate::report) fn has(&self, columns: &[&str]) -> bool {
        columns.iter().all(|&column| !self.columns_not_in_inputs.iter().any(|name| name == column))
    }

    /// Whether the rows have the column of the profile that they were read for.
    pub(in crate::report) fn has_profiles(&self) -> bool {
        self.has_profiles || self.run.as_ref().is_some_and(|run| !run.profiles.is_empty())
    }

    /// Whether two documents were made with different filters, so that their numbers are not comparable.
    pub(in crate::report) fn has_other_filters(&self, other: &Self) -> bool {
        self.filters != other.filters || self.filters_differ || other.filters_differ
    }

    /// Notices about `rows` rows of this source. `rejected` has the number of items that could not be converted to rows by
    /// reason, `missing` the number of null values by column.
    pub(in crate::report) fn derived_notices(
        &self,
        noun: RowNoun,
        rows: u64,
        rejected: &Table,
        missing: &Table,
    ) -> Vec<Notice> {
        let is_unverified = self.run.as_ref().is_some_and(|run| run.verdict == Verdict::Unverified);
        let unverified = if is_unverified {
            Some(Notice::unverified_run(noun))
        } else {
            Notice::unverified_files(&self.inputs, noun)
        };
        let items = items_rejected(&self.inputs) + rejected.values().sum::<u64>();
        let is_null = |&(column, values): &(&str, u64)| values > 0 && rows > 0 && missing.get(column) == Some(&rows);
        let columns = self.malformed_fields.iter().map(|(column, &values)| (column.as_str(), values));
        let unreadable = Notice::unreadable_columns(&columns.filter(is_null).collect::<Vec<_>>());
        let ignored =
            self.ignored_filters.iter().map(|(flag, &count)| Notice::ignored_filter(flag, (count, rows), noun));
        let notices = [unverified, Notice::items_left_out(items, noun), unreadable];
        notices.into_iter().flatten().chain(ignored).collect()
    }
}

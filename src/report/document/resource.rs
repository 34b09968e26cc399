//! What the documents of all resources have in common: notices, the verdict, and the JSON form.
//!
//! *Easy to get wrong:* older documents are read back for comparisons. A new field needs a default, or older files can no
//! longer be read.

use serde::de::{DeserializeOwned, Error};
use serde::ser::Serialize;

use super::action::Action;
use super::findings::Findings;
use super::notice::Notice;
use super::origin::Origin;
use super::trend::TrendPoint;
use crate::base::noun::RowNoun;
use crate::base::printable::printable_json;
use crate::report::table::Table;
use crate::verdict::Verdict;

/// The methods of a [`ResourceDocument`] whose fields have the same names in every document; `$rows` is the number of rows.
macro_rules! common_accessors {
    ($rows:ident) => {
        fn schema_version(&self) -> u32 {
            self.schema_version
        }

        fn as_of(&self) -> &str {
            &self.as_of
        }

        fn set_as_of(&mut self, as_of: String) {
            self.as_of = as_of;
        }

        fn rows(&self) -> u64 {
            self.$rows
        }

        fn min_cell(&self) -> Option<u64> {
            self.min_cell
        }

        fn rejected(&self) -> &Table {
            &self.rejected
        }

        fn missing(&self) -> &Table {
            &self.quality.missing
        }

        fn actions_mut(&mut self) -> &mut Vec<Action> {
            &mut self.actions
        }

        fn trend(&self) -> &[TrendPoint] {
            &self.trend
        }

        fn set_trend(&mut self, trend: Vec<TrendPoint>) {
            self.trend = trend;
        }

        fn origin(&self) -> &Origin {
            &self.origin
        }

        fn origin_mut(&mut self) -> &mut Origin {
            &mut self.origin
        }

        fn add_findings(&mut self, findings: Findings) {
            self.rejected = findings.rejected;
            self.rejected_samples = findings.rejected_samples;
            self.origin.unknown_fields = findings.unknown_fields;
            self.origin.malformed_fields = findings.malformed_fields;
            self.origin.ignored_filters = findings.ignored_filters;
            self.quality.year_one_created_at += findings.never_created;
        }
    };
}
pub(super) use common_accessors;

/// The report on the rows of one resource, as data.
pub trait ResourceDocument: Clone + Serialize + DeserializeOwned {
    /// What rows are called.
    const NOUN: RowNoun;
    /// Version of the JSON form that is written, and the only version that is read. It changes when a field changes its name
    /// or meaning, not when a field is added.
    const SCHEMA_VERSION: u32;

    /// Version of this document.
    fn schema_version(&self) -> u32;

    /// Time of the report, RFC 3339, UTC.
    fn as_of(&self) -> &str;

    /// Sets the time of the report, RFC 3339, UTC.
    fn set_as_of(&mut self, as_of: String);

    /// Number of rows.
    fn rows(&self) -> u64;

    /// What the rows of the source are called, and their number. The source may have rows of another kind than those that
    /// are reported on: messages can be counted from their activities.
    fn source_rows(&self) -> (RowNoun, u64) {
        (Self::NOUN, self.rows())
    }

    /// Limit below which groups were merged; `None` if they were not merged.
    fn min_cell(&self) -> Option<u64>;

    /// Items that could not be converted to rows, by reason.
    fn rejected(&self) -> &Table;

    /// Null and empty values, by column.
    fn missing(&self) -> &Table;

    /// What a reader can do about the numbers, most important first.
    fn all_actions(&self) -> Vec<Action>;

    /// The actions of the JSON form, to be set.
    fn actions_mut(&mut self) -> &mut Vec<Action>;

    /// The counts that a trend shows.
    fn trend_point(&self) -> TrendPoint;

    /// The counts at several times, the oldest first.
    fn trend(&self) -> &[TrendPoint];

    /// Sets the counts at several times.
    fn set_trend(&mut self, trend: Vec<TrendPoint>);

    /// Where the numbers come from.
    fn origin(&self) -> &Origin;

    /// Where the numbers come from, to be changed.
    fn origin_mut(&mut self) -> &mut Origin;

    /// Adds what pages contained besides rows.
    fn add_findings(&mut self, findings: Findings);

    /// Omits the counts that need one of [`Origin::columns_not_in_inputs`].
    fn omit_absent(&mut self);

    /// Columns that a reader might expect and that some of the files lack.
    fn absent_columns(&self) -> Vec<&str> {
        self.origin().columns_not_in_inputs.iter().map(String::as_str).collect()
    }

    /// Sentences that apply to all numbers because of what these were counted from.
    fn source_notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Notices about this resource only.
    fn own_notices(&self) -> Vec<Notice> {
        Vec::new()
    }

    /// Everything that a reader must know about the numbers.
    fn all_notices(&self) -> Vec<Notice> {
        let origin = self.origin();
        let (noun, _) = self.source_rows();
        let mut notices = origin.derived_notices(noun, self.rows(), self.rejected(), self.missing());
        notices.extend(self.own_notices());
        notices.extend_from_slice(&origin.notices);
        notices
    }

    /// The verdict of the run, or the worst one of the exports that the files come from; `None` if any is unknown.
    fn verdict(&self) -> Option<Verdict> {
        self.origin().verdict()
    }

    /// The JSON form with a final line break, keys in a fixed order.
    fn to_json(&self) -> String {
        let mut whole = self.clone();
        whole.origin_mut().notices = self.all_notices();
        *whole.actions_mut() = self.all_actions();
        let mut json = serde_json::to_string_pretty(&whole).expect("texts, numbers and maps with text keys");
        json.push('\n');
        printable_json(&json)
    }

    /// Reads the JSON form back, except for runs, files and notices.
    ///
    /// # Errors
    /// When the text is not a document of this resource and of [`SCHEMA_VERSION`](Self::SCHEMA_VERSION), or lacks a required
    /// field.
    fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        let mut document: Self = serde_json::from_str(json)?;
        if document.schema_version() != Self::SCHEMA_VERSION {
            let text = format!("schema version {}, not {}", document.schema_version(), Self::SCHEMA_VERSION);
            return Err(serde_json::Error::custom(text));
        }
        document.omit_absent();
        Ok(document)
    }
}

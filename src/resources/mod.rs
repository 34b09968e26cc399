//! The resources of an account, one folder each: Arrow schema, decoder of pages, normalization of fields, and record
//! batches.
//!
//! `export` uses [`Resource`] for resources that are listed, and [`LookupResource`] for those that are looked up row by row.
//! [`ListSource`] and [`LookupSource`] read any of them from the API. This module depends neither on files nor on the walk.

pub mod activities;
pub mod contacts;
mod decimal;
mod filter_check;
mod json;
mod json_escapes;
mod list;
mod lookup;
pub mod messages;
mod packed_field;
mod page;
mod personal;
mod profile;
mod profile_checks;
mod table;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::datatypes::SchemaRef;
use bytestring::ByteString;

use crate::api::endpoints::ListEndpoint;
use crate::api::wire::Envelope;
use crate::base::noun::RowNoun;
use crate::listing::ListPage;

pub use self::decimal::{DECIMAL_PRECISION, DECIMAL_SCALE};
pub use self::filter_check::FilterCheck;
pub use self::list::{ListData, ListError, ListSource};
pub use self::lookup::{LookupRefusal, LookupResource, LookupSource, RowRequest};
pub use self::page::{PageFindings, PageLimit, RejectReason, RejectedItems};
pub use self::personal::Personal;
pub use self::profile::{PROFILE_ID, PROFILE_NAME, is_profile_column, of_profile, profile_of, with_profile};
pub use self::profile_checks::{profile_check, profiles_check};
pub use self::table::ResourceTable;

/// A list of the API that can be exported, with its filters.
///
/// Everything is resolved at compile time: decoding JSON to columns makes no indirect calls.
pub trait Resource: Sync {
    /// The endpoint of the list.
    const ENDPOINT: ListEndpoint;
    /// The noun for its rows.
    const NOUN: RowNoun;
    /// Version of [`schema`](Self::schema); incremented when a column changes its name, type or meaning.
    const SCHEMA_VERSION: u32;
    /// Columns whose values rarely repeat, for which formats skip dictionary encoding.
    const UNIQUE_COLUMNS: &'static [&'static str];
    /// One decoded page.
    type Page: RowPage + ListPage;
    /// Builds record batches from the rows of pages.
    type Batches: BuildBatches<Page = Self::Page>;

    /// The schema of its record batches.
    fn schema(&self) -> SchemaRef;

    /// Columns of the schema that are omitted because they were not requested.
    fn hidden_columns(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Returns which rows of a batch are written; `None` writes all of them.
    fn row_filter(&self) -> Option<RowFilter> {
        None
    }

    /// Returns which rows of a batch are reachable people; `None` if the rows are not people.
    fn reachable(&self) -> Option<RowFilter> {
        None
    }

    /// An empty batch builder.
    fn batches(&self) -> Self::Batches;

    /// All parameters of the list except those for paging, whether or not they are set.
    fn parameters(&self) -> Vec<Parameter<'_>> {
        Vec::new()
    }

    /// Checks that the API applied these parameters, as far as rows can tell.
    fn filter_checks(&self) -> Vec<FilterCheck> {
        Vec::new()
    }

    /// Whether the parameters request exactly one value, so that "not found" means an empty list.
    fn is_exact(&self) -> bool {
        false
    }

    /// Reads a whole response with no more items than `limit`.
    ///
    /// # Errors
    /// When the body is not one complete JSON object, or the field of its list is not a list or has more items than the limit.
    fn decode(body: &ByteString, limit: PageLimit) -> Result<Envelope<ListData<Self::Page>>, serde_json::Error>;
}

/// Returns which rows of a batch with all columns of a resource are written.
pub type RowFilter = fn(&RecordBatch) -> BooleanArray;

/// A parameter of a list, which a flag sets.
#[derive(Debug, Clone, Copy)]
pub struct Parameter<'a> {
    /// Its name in the query.
    pub name: &'static str,
    /// The flag.
    pub flag: &'static str,
    /// Its value; `None` requests everything.
    pub value: Option<&'a str>,
    /// Whether it may contain a phone number or a name, and must never be shown or stored.
    pub is_personal: bool,
}

/// A decoded page of rows.
pub trait RowPage: Send + 'static {
    /// What it contained besides the values of its rows.
    fn findings(&self) -> &PageFindings;
}

/// Collects the kept rows of pages in record batches, which must not depend on how the rows were divided into pages.
pub trait BuildBatches: Send + 'static {
    /// Where the rows come from.
    type Page;

    /// Adds the rows for which `keep` is true, one entry per row; returns the batches that became full.
    fn append(&mut self, page: &Self::Page, keep: &[bool]) -> Vec<RecordBatch>;

    /// The last, incomplete batch, if there is one.
    fn finish(&mut self) -> Option<RecordBatch>;
}

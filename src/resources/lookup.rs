//! Resources that are looked up row by row: one [`RowSource`] for all of them.

use std::marker::PhantomData;

use arrow::datatypes::SchemaRef;
use bytestring::ByteString;
use uuid::Uuid;

use super::{BuildBatches, RowPage};
use crate::api::endpoints::{self, RowEndpoint};
use crate::api::wire::{DecodeError, Envelope};
use crate::api::{Account, ApiError, ApiRequest, Permit, Scope};
use crate::base::noun::RowNoun;
use crate::listing::RowId;
use crate::lookup::{FetchedRow, LookupFailure, LookupKey, RowSource};
use crate::time::Timestamp;

/// Rows of the API that are looked up by a key, one request each.
pub trait LookupResource: Sync {
    /// The endpoint of a lookup.
    const ENDPOINT: RowEndpoint;
    /// The name of the resource, for the journal.
    const NAME: &'static str;
    /// The noun for its rows.
    const NOUN: RowNoun;
    /// The noun for what the ids identify.
    const ASKED: RowNoun;
    /// Version of [`schema`](Self::schema); incremented when a column changes its name, type or meaning.
    const SCHEMA_VERSION: u32;
    /// Columns whose values rarely repeat, for which formats skip dictionary encoding.
    const UNIQUE_COLUMNS: &'static [&'static str];
    /// The key.
    type Key: LookupKey;
    /// The rows of one key.
    type Page: RowPage;
    /// Builds record batches from the rows of pages.
    type Batches: BuildBatches<Page = Self::Page>;

    /// The schema of its record batches.
    fn schema(&self) -> SchemaRef;

    /// An empty batch builder.
    fn batches(&self) -> Self::Batches;

    /// The request for a key.
    fn request(key: &Self::Key) -> RowRequest;

    /// Parses a whole response about a key. A response about another key counts as one without data.
    ///
    /// # Errors
    /// When the body is not one complete JSON object, has more rows than one key can have, or rows that contradict a
    /// parameter of the request.
    fn decode(key: &Self::Key, body: &ByteString) -> Result<Envelope<Self::Page>, DecodeError>;

    /// The ids of a page's rows, if rows have ids.
    fn row_ids(page: &Self::Page) -> Vec<Option<RowId>>;

    /// Whether a response means that its key does not exist.
    fn is_missing(_page: &Self::Page) -> bool {
        false
    }

    /// Whether a response has all rows of its key.
    fn is_whole(_page: &Self::Page) -> bool {
        true
    }
}

/// The request for one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRequest {
    /// Its name, for errors and logs.
    pub name: String,
    /// Path below the base URL.
    pub path: String,
    /// Query parameters.
    pub query: Vec<(&'static str, String)>,
}

impl RowRequest {
    /// Requests the row with an id.
    pub fn of(endpoint: &RowEndpoint, id: Uuid) -> Self {
        Self { name: endpoint.request_name(id), path: endpoint.path(id), query: Vec::new() }
    }
}

/// Rows of the API, requested one key at a time.
#[derive(Debug)]
pub struct LookupSource<'a, R> {
    /// The account, with its limiter.
    pub account: &'a Account,
    /// The profile or organization whose rows are read.
    pub scope: Scope,
    resource: PhantomData<R>,
}

impl<'a, R: LookupResource> LookupSource<'a, R> {
    /// Reads rows of `scope` through `account`.
    pub fn new(account: &'a Account, scope: Scope) -> Self {
        Self { account, scope, resource: PhantomData }
    }
}

/// Why a key could not be looked up.
#[derive(Debug)]
pub struct LookupRefusal {
    /// The failure.
    pub error: ApiError,
    /// Whether it means that the key does not exist.
    is_not_found: bool,
}

impl<R: LookupResource> RowSource for LookupSource<'_, R> {
    type Key = R::Key;
    type Row = R::Page;
    type Permit = Permit;
    type Error = LookupRefusal;

    async fn permit(&self) -> Permit {
        self.account.permit().await
    }

    async fn fetch(&self, key: &R::Key, permit: Permit) -> Result<FetchedRow<R::Page>, LookupRefusal> {
        let RowRequest { name, path, query } = R::request(key);
        let request = ApiRequest { name: &name, path: &path, query: &query, scope: self.scope };
        let reply = self.account.fetch(permit, &request, |body| R::decode(key, body)).await.map_err(|error| {
            let is_not_found = R::ENDPOINT.is_not_found(&error.problem);
            LookupRefusal { error, is_not_found }
        })?;
        // Uses the server's clock if the response states it.
        let told = reply.meta.timestamp.as_deref().and_then(|time| Timestamp::parse_set(time).ok().flatten());
        let answered_at = told.unwrap_or_else(|| reply.answered_at.into()).micros();
        Ok(FetchedRow {
            row: reply.data,
            request_id: reply.meta.request_id,
            answered_at: Some(answered_at),
            elapsed_micros: u64::try_from(reply.elapsed.as_micros()).unwrap_or(u64::MAX),
            body: reply.body,
        })
    }

    fn read(&self, key: &R::Key, body: &ByteString) -> Option<R::Page> {
        R::decode(key, body).ok()?.data
    }

    fn is_missing(&self, page: &R::Page) -> bool {
        R::is_missing(page)
    }

    fn is_whole(&self, page: &R::Page) -> bool {
        R::is_whole(page)
    }
}

impl LookupFailure for LookupRefusal {
    fn is_not_found(&self) -> bool {
        self.is_not_found
    }

    fn may_pass(&self) -> bool {
        self.error.may_pass()
    }

    fn is_row_refused(&self) -> bool {
        endpoints::is_row_refused(&self.error.problem)
    }
}

//! A resource that is read by id: one [`RowSource`] for all of them.

use std::marker::PhantomData;

use arrow::datatypes::SchemaRef;
use bytestring::ByteString;
use uuid::Uuid;

use super::{BuildBatches, RowPage};
use crate::api::endpoints::{self, RowEndpoint};
use crate::api::wire::Envelope;
use crate::api::{Account, ApiError, ApiRequest, Permit, Scope};
use crate::base::noun::RowNoun;
use crate::lookup::{FetchedRow, LookupFailure, RowSource};
use crate::time::Timestamp;

/// Rows of the API that are read by an id, one request each.
pub trait LookupResource: Sync {
    /// Where an id is looked up.
    const ENDPOINT: RowEndpoint;
    /// What is read, for the journal.
    const NAME: &'static str;
    /// What its rows are called.
    const NOUN: RowNoun;
    /// What the ids are those of.
    const ASKED: RowNoun;
    /// Version of [`schema`](Self::schema); grows when a column changes its name, type or meaning.
    const SCHEMA_VERSION: u32;
    /// Columns whose values hardly repeat, for formats that would otherwise look for repeats in vain.
    const UNIQUE_COLUMNS: &'static [&'static str];
    /// What belongs to one id.
    type Page: RowPage;
    /// What puts the rows of pages into record batches.
    type Batches: BuildBatches<Page = Self::Page>;

    /// The schema of its record batches.
    fn schema(&self) -> SchemaRef;

    /// An empty batch builder.
    fn batches(&self) -> Self::Batches;

    /// Reads a whole answer about an id. An answer that is not about this id has no data.
    ///
    /// # Errors
    /// When the body is not one complete JSON object, or holds more than belongs to an id.
    fn decode(id: Uuid, body: &ByteString) -> Result<Envelope<Self::Page>, serde_json::Error>;

    /// Rows of a page.
    fn rows(page: &Self::Page) -> usize;

    /// Whether an answer holds everything that there is about its id, as far as it tells.
    fn is_whole(_page: &Self::Page) -> bool {
        true
    }
}

/// An endpoint of the API that is asked id by id.
#[derive(Debug)]
pub struct LookupSource<'a, R> {
    /// The account, with its limiter.
    pub account: &'a Account,
    /// Whose rows are read.
    pub scope: Scope,
    resource: PhantomData<R>,
}

impl<'a, R: LookupResource> LookupSource<'a, R> {
    /// Reads rows of `scope` through `account`.
    pub fn new(account: &'a Account, scope: Scope) -> Self {
        Self { account, scope, resource: PhantomData }
    }
}

/// Why an id could not be read.
#[derive(Debug)]
pub struct LookupRefusal {
    /// The failure.
    pub error: ApiError,
    /// Whether it says that no row has the id.
    is_not_found: bool,
}

impl<R: LookupResource> RowSource for LookupSource<'_, R> {
    type Row = R::Page;
    type Permit = Permit;
    type Error = LookupRefusal;

    async fn permit(&self) -> Permit {
        self.account.permit().await
    }

    async fn fetch(&self, id: Uuid, permit: Permit) -> Result<FetchedRow<R::Page>, LookupRefusal> {
        let (name, path) = (R::ENDPOINT.request_name(id), R::ENDPOINT.path(id));
        let request = ApiRequest { name: &name, path: &path, query: &[], scope: self.scope };
        let reply = self.account.fetch(permit, &request, |body| R::decode(id, body)).await.map_err(|error| {
            let is_not_found = R::ENDPOINT.is_not_found(&error.problem);
            LookupRefusal { error, is_not_found }
        })?;
        // By the server's clock, where it tells.
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

    fn read(&self, id: Uuid, body: &ByteString) -> Option<R::Page> {
        R::decode(id, body).ok()?.data
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

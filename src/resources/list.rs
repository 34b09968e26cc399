//! The list of a resource as pages of the API: one [`PageSource`] for all resources.

use bytestring::ByteString;

use super::Resource;
use super::page::PageLimit;
use crate::api::wire::{Envelope, Meta, Pagination};
use crate::api::{Account, ApiError, ApiRequest, Permit, Scope, endpoints};
use crate::listing::{Fetched, ListFailure, PageSource, Paging, Window};
use crate::time::Timestamp;

/// A list of the API, read page by page.
#[derive(Debug)]
pub struct ListSource<'a, R> {
    /// The account, with its limiter.
    pub account: &'a Account,
    /// The profile or organization whose rows are read.
    pub scope: Scope,
    /// The resource.
    pub resource: &'a R,
}

/// Why a page could not be fetched.
#[derive(Debug)]
pub struct ListError {
    /// The failure.
    pub error: ApiError,
    /// Whether an exact filter was requested and matches nothing.
    is_empty_list: bool,
}

impl<R: Resource> PageSource for ListSource<'_, R> {
    type Page = R::Page;
    type Permit = Permit;
    type Error = ListError;

    async fn permit(&self) -> Permit {
        self.account.permit().await
    }

    async fn fetch(&self, window: Window, permit: Permit) -> Result<Fetched<R::Page>, ListError> {
        let Window { page, size } = window;
        let endpoint = &R::ENDPOINT;
        let name = format!("{} page {page} ({size} per page)", endpoint.name);
        let query = list_query(self.resource, window);
        let decode = |body: &ByteString| decode_list::<R>(body, PageLimit::for_size(size));
        let request = ApiRequest { name: &name, path: endpoint.path, query: &query, scope: self.scope };
        let reply = self.account.fetch(permit, &request, decode).await;
        let reply = reply.map_err(|error| {
            let is_empty_list = self.resource.is_exact() && endpoint.is_empty_list(&error.problem);
            ListError { error, is_empty_list }
        })?;
        let answered_at = Timestamp::from(reply.answered_at).micros();
        let elapsed_micros = u64::try_from(reply.elapsed.as_micros()).unwrap_or(u64::MAX);
        let fetched = fetched(reply.data, reply.meta, reply.body, elapsed_micros);
        Ok(Fetched { answered_at: fetched.answered_at.or(Some(answered_at)), ..fetched })
    }

    fn read(&self, window: Window, body: &ByteString) -> Option<Fetched<R::Page>> {
        let envelope = decode_list::<R>(body, PageLimit::for_size(window.size)).ok()?;
        Some(fetched(envelope.data?, envelope.meta, body.clone(), 0))
    }
}

impl ListFailure for ListError {
    fn may_pass(&self) -> bool {
        self.error.may_pass()
    }

    fn is_window_refused(&self) -> bool {
        endpoints::is_window_refused(&self.error.problem)
    }

    fn smaller_page_size(&self, size: u32) -> Option<u32> {
        endpoints::smaller_page_size(&self.error.problem, size)
    }

    fn is_empty_list(&self) -> bool {
        self.is_empty_list
    }
}

/// The query that requests a window of a list.
pub(super) fn list_query<R: Resource>(resource: &R, window: Window) -> Vec<(&'static str, String)> {
    let paging = [("page", window.page.to_string()), ("page_size", window.size.to_string())];
    let parameters = resource.parameters().into_iter();
    let set = parameters.filter_map(|parameter| Some((parameter.name, parameter.value?.to_owned())));
    paging.into_iter().chain(set).collect()
}

/// The `data` of a list response.
#[derive(Debug, PartialEq)]
pub struct ListData<P> {
    /// `pagination`, if there was one.
    pub pagination: Option<Pagination>,
    /// The items; `None` when the field is missing or null.
    pub items: Option<P>,
}

impl<P> Default for ListData<P> {
    fn default() -> Self {
        Self { pagination: None, items: None }
    }
}

type ParsedList<P> = (Pagination, P);

fn fetched<P>((pagination, page): ParsedList<P>, meta: Meta, body: ByteString, elapsed_micros: u64) -> Fetched<P> {
    // Uses the server's clock if the response states it, because the times of rows come from that clock.
    let answered_at =
        meta.timestamp.as_deref().and_then(|time| Timestamp::parse_set(time).ok().flatten()).map(Timestamp::micros);
    let Pagination { page: number, page_size, total_count, has_more, .. } = pagination;
    let paging = Paging { page: number, page_size, total_count, has_more };
    Fetched { page, paging, request_id: meta.request_id, answered_at, elapsed_micros, body }
}

/// A response without a list has no data, so it is fetched again.
fn decode_list<R: Resource>(
    body: &ByteString,
    limit: PageLimit,
) -> Result<Envelope<ParsedList<R::Page>>, serde_json::Error> {
    let Envelope { success, data, error, meta } = R::decode(body, limit)?;
    let data = data.and_then(|list| Some((list.pagination.unwrap_or_default(), list.items?)));
    Ok(Envelope { success, data, error, meta })
}

//! The list of contacts as pages of the API.

use std::fmt;

use bytestring::ByteString;
use chrono::{DateTime, Utc};

use super::{ContactPage, PageLimit, decode_page_within, timestamp};
use crate::api::wire::{Envelope, Meta, Pagination};
use crate::api::{ApiError, Client, Turn, endpoints};
use crate::listing::{Fetched, PageSource, Paging, SourceError, Window};

/// The filters of the list, as the API reference names them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ContactQuery {
    /// `search`
    pub search: Option<String>,
    /// `channel`
    pub channel: Option<String>,
    /// `phone`: an exact number. Never shown.
    pub phone: Option<String>,
}

impl ContactQuery {
    /// The query of one page.
    fn parameters(&self, window: Window) -> Vec<(&'static str, String)> {
        let mut parameters = vec![("page", window.page.to_string()), ("page_size", window.size.to_string())];
        let filters = [("search", &self.search), ("channel", &self.channel), ("phone", &self.phone)];
        parameters.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
        parameters
    }
}

impl fmt::Debug for ContactQuery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ContactQuery")
            .field("channel", &self.channel)
            .field("has_search", &self.search.is_some())
            .field("has_phone", &self.phone.is_some())
            .finish()
    }
}

/// `GET /v3/contacts`, page by page.
#[derive(Debug)]
pub struct ContactSource<'a> {
    /// The connection, with its limiter.
    pub client: &'a Client,
    /// What is asked for.
    pub query: &'a ContactQuery,
}

/// Why a page of contacts could not be fetched.
#[derive(Debug)]
pub struct ContactListError {
    /// The failure.
    pub error: ApiError,
    /// Whether an exact number was asked for, and has no contact.
    is_empty_list: bool,
}

impl PageSource for ContactSource<'_> {
    type Page = ContactPage;
    type Permit = Turn;
    type Error = ContactListError;

    async fn permit(&self) -> Turn {
        self.client.turn().await
    }

    async fn fetch(&self, window: Window, turn: Turn) -> Result<Fetched<ContactPage>, ContactListError> {
        let Window { page, size } = window;
        let endpoint = &endpoints::CONTACTS;
        let request = format!("{} page {page} ({size} per page)", endpoint.name);
        let decode = |body: &ByteString| decode_list(body, PageLimit::for_size(size));
        let reply = self.client.fetch(turn, &request, endpoint.path, &self.query.parameters(window), decode).await;
        let reply = reply.map_err(|error| {
            let is_empty_list = self.query.phone.is_some() && endpoint.is_empty_list(&error.problem);
            ContactListError { error, is_empty_list }
        })?;
        let answered_at = DateTime::<Utc>::from(reply.answered_at).timestamp_micros();
        let elapsed_micros = u64::try_from(reply.elapsed.as_micros()).unwrap_or(u64::MAX);
        let fetched = fetched(reply.data, reply.meta, reply.body, elapsed_micros);
        Ok(Fetched { answered_at: fetched.answered_at.or(Some(answered_at)), ..fetched })
    }

    fn read(&self, window: Window, body: &ByteString) -> Option<Fetched<ContactPage>> {
        let envelope = decode_list(body, PageLimit::for_size(window.size)).ok()?;
        Some(fetched(envelope.data?, envelope.meta, body.clone(), 0))
    }
}

impl SourceError for ContactListError {
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

type List = (Pagination, ContactPage);

fn fetched((pagination, page): List, meta: Meta, body: ByteString, elapsed_micros: u64) -> Fetched<ContactPage> {
    // By the server's clock, where it tells: the times of its contacts are of that clock, and in the same forms.
    let answered_at = meta.timestamp.as_deref().and_then(|time| timestamp(time).ok().flatten());
    let Pagination { page: number, page_size, total_count, has_more, .. } = pagination;
    let paging = Paging { page: number, page_size, total_count, has_more };
    Fetched { page, paging, request_id: meta.request_id, answered_at, elapsed_micros, body }
}

/// An answer without a list of contacts has no data, so it is fetched again.
fn decode_list(body: &ByteString, limit: PageLimit) -> Result<Envelope<List>, serde_json::Error> {
    let Envelope { success, data, error, meta } = decode_page_within(body, limit)?;
    let data = data.and_then(|list| Some((list.pagination.unwrap_or_default(), list.contacts?)));
    Ok(Envelope { success, data, error, meta })
}

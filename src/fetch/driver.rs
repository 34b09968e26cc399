//! Carries out a walk: pages in flight, page order restored, everything bounded.
//!
//! [`fetch_contacts`] is called by `export` and calls [`Client::fetch`] for every page. Fetching is the one concurrent
//! stage of the program. A page is decoded as soon as it arrives, because only then is it known whether it has to be
//! fetched again; what is decoded waits for the pages before it and goes on in page order through a bounded channel.
//!
//! *Easy to get wrong:* a page that is slow or in backoff must not let the others run ahead without end. No page is
//! started more than [`READ_AHEAD`] times the concurrency in front of the one that is waited for.
//!
//! Tested through the binary in `tests/it`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use chrono::DateTime;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use crate::api::wire::{Envelope, Pagination};
use crate::api::{ApiError, Client, Problem, Reply};
use crate::contacts::{ContactPage, decode_page};

use super::{ContactQuery, PageFacts, Walk};

/// Pages held or in flight for each slot: enough to ride out one slow page, and a few megabytes at most.
const READ_AHEAD: usize = 4;

/// Largest page that the API is known to honour (the official n8n node asks for it).
const KNOWN_PAGE_SIZE: u32 = 100;

/// How to walk.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// Filters.
    pub query: ContactQuery,
    /// Rows asked for per page.
    pub page_size: u32,
    /// Requests in flight at most.
    pub concurrency: NonZeroUsize,
}

/// A page in its turn.
#[derive(Debug)]
pub struct Delivery {
    /// 1-based number of the page.
    pub page: u64,
    /// Its contacts.
    pub contacts: ContactPage,
    /// For each row of the page, whether it is written; the others came before.
    pub keep: Vec<bool>,
}

/// How far the walk is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Pages handed on.
    pub pages: u64,
    /// Pages that the list is known to have.
    pub planned_pages: Option<u64>,
    /// Contacts handed on.
    pub contacts: u64,
    /// Contacts that the list is said to have.
    pub total: Option<u64>,
}

/// Why a walk ended early.
#[derive(Debug)]
pub enum FetchError {
    /// A page could not be fetched.
    Api(ApiError),
    /// Nobody takes the pages any more; the receiver knows why.
    ReceiverGone,
}

/// One page as it came.
struct FetchedPage {
    pagination: Pagination,
    contacts: ContactPage,
}

/// Fetches every page and sends it on in order; gives back what was met.
///
/// `observe` is told after every page.
///
/// # Errors
/// When a page cannot be fetched, or nobody takes the pages any more.
pub async fn fetch_contacts(
    client: &Client,
    settings: &FetchSettings,
    sender: mpsc::Sender<Delivery>,
    mut observe: impl FnMut(Progress),
) -> Result<Walk, FetchError> {
    let mut walk = Walk::new(settings.page_size);
    let Some((size, first)) = fetch_first(client, settings).await? else { return Ok(empty_walk(settings)) };
    if size != settings.page_size {
        walk = Walk::new(size);
    }
    let first_page = walk.next_page().unwrap_or(1);
    let mut waiting = BTreeMap::from([(first_page, first)]);
    let mut in_flight: FuturesUnordered<BoxFuture<'_, (u64, Result<_, ApiError>)>> = FuturesUnordered::new();
    let mut due = first_page;
    let read_ahead = settings.concurrency.get().saturating_mul(READ_AHEAD) as u64;
    loop {
        while let Some(reply) = waiting.remove(&due) {
            let delivery = take(&mut walk, due, reply);
            observe(progress(&walk));
            sender.send(delivery).await.map_err(|_| FetchError::ReceiverGone)?;
            due += 1;
        }
        while in_flight.len() < settings.concurrency.get() && walk.peek_page() < due + read_ahead {
            let Some(page) = walk.next_page() else { break };
            let size = walk.page_size();
            // The one place where requests run side by side: bounded above, put in order below.
            in_flight.push(async move { (page, fetch_page(client, settings, page, size).await) }.boxed());
        }
        match in_flight.next().await {
            Some((page, reply)) => drop(waiting.insert(page, reply.map_err(FetchError::Api)?)),
            None => return Ok(walk),
        }
    }
}

/// The first page, and the page size that it was asked with; `None` when a number matches no contact.
async fn fetch_first(
    client: &Client,
    settings: &FetchSettings,
) -> Result<Option<(u32, Reply<FetchedPage>)>, FetchError> {
    let size = settings.page_size;
    let error = match fetch_page(client, settings, 1, size).await {
        Ok(reply) => return Ok(Some((size, reply))),
        Err(error) => error,
    };
    // The API reference: an exact number without a match is RESOURCE_001, which for an export is an empty list.
    if settings.query.phone.is_some() && error.problem.code() == Some("RESOURCE_001") {
        return Ok(None);
    }
    let Some(smaller) = smaller_page_size(&error.problem, size) else { return Err(FetchError::Api(error)) };
    tracing::warn!("the API refuses pages of {size} contacts, going on with {smaller}");
    let reply = fetch_page(client, settings, 1, smaller).await.map_err(FetchError::Api)?;
    Ok(Some((smaller, reply)))
}

/// The size to step down to when the server rejected the one asked for.
fn smaller_page_size(problem: &Problem, size: u32) -> Option<u32> {
    let Problem::Rejected { error, .. } = problem else { return None };
    if !error.code.as_deref()?.starts_with("VALIDATION_") {
        return None;
    }
    let is_about_size = match &error.details {
        Some(details) if !details.is_empty() => {
            details.keys().any(|field| field.to_lowercase().replace('_', "").contains("pagesize"))
        }
        _ => size > KNOWN_PAGE_SIZE,
    };
    let smaller = if size > KNOWN_PAGE_SIZE { KNOWN_PAGE_SIZE } else { size / 2 };
    (is_about_size && smaller > 0).then_some(smaller)
}

async fn fetch_page(
    client: &Client,
    settings: &FetchSettings,
    page: u64,
    page_size: u32,
) -> Result<Reply<FetchedPage>, ApiError> {
    let request = format!("contacts page {page} ({page_size} a page)");
    let query = settings.query.parameters(page, page_size);
    client.fetch(&request, "v3/contacts", &query, decode_fetched).await
}

/// An answer without a list of contacts has no data, so it is fetched again.
fn decode_fetched(body: &str) -> Result<Envelope<FetchedPage>, serde_json::Error> {
    let Envelope { success, data, error, meta } = decode_page(body)?;
    let data = data.and_then(|list| {
        Some(FetchedPage { pagination: list.pagination.unwrap_or_default(), contacts: list.contacts? })
    });
    Ok(Envelope { success, data, error, meta })
}

fn take(walk: &mut Walk, page: u64, reply: Reply<FetchedPage>) -> Delivery {
    let FetchedPage { pagination, contacts } = reply.data;
    let answered_at = reply.meta.timestamp.as_deref().and_then(|time| DateTime::parse_from_rfc3339(time).ok());
    let facts = PageFacts {
        page,
        items: &contacts.items,
        pagination: &pagination,
        answered_at: answered_at.map(|time| time.timestamp_micros()),
    };
    let keep = walk.take_page(&facts);
    Delivery { page, contacts, keep }
}

/// The walk over a list that the server calls not found.
fn empty_walk(settings: &FetchSettings) -> Walk {
    let mut walk = Walk::new(settings.page_size);
    let pagination = Pagination { total_count: Some(0), ..Pagination::default() };
    walk.take_page(&PageFacts { page: 1, items: &[], pagination: &pagination, answered_at: None });
    walk
}

fn progress(walk: &Walk) -> Progress {
    let report = walk.report();
    Progress {
        pages: report.pages,
        planned_pages: walk.planned_pages(),
        contacts: report.contacts,
        total: report.total_last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::wire::ErrorBody;

    fn rejected(code: &str, field: Option<&str>) -> Problem {
        let details = field.map(|field| serde_json::json!({ field: ["out of range"] }));
        let error: ErrorBody = serde_json::from_value(serde_json::json!({"code": code, "details": details})).unwrap();
        Problem::Rejected { status: 400, error: Box::new(error), request_id: None }
    }

    #[test]
    fn only_a_rejected_page_size_is_stepped_down() {
        assert_eq!(smaller_page_size(&rejected("VALIDATION_005", Some("page_size")), 500), Some(100));
        assert_eq!(smaller_page_size(&rejected("VALIDATION_001", Some("PageSize")), 100), Some(50));
        assert_eq!(smaller_page_size(&rejected("VALIDATION_005", None), 500), Some(100));
        assert_eq!(smaller_page_size(&rejected("VALIDATION_005", None), 100), None);
        assert_eq!(smaller_page_size(&rejected("VALIDATION_005", Some("channel")), 500), None);
        assert_eq!(smaller_page_size(&rejected("AUTH_001", Some("page_size")), 500), None);
        assert_eq!(smaller_page_size(&rejected("VALIDATION_005", Some("page_size")), 1), None);
    }
}

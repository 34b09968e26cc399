//! One answer: how it is asked for, read back from the journal, and told to the walk.

use bytestring::ByteString;
use chrono::{DateTime, Utc};

use crate::api::wire::{Envelope, Meta, Pagination};
use crate::api::{ApiError, Client, Reply, Turn};
use crate::contacts::{ContactPage, PageLimit, decode_page_within, timestamp};

use super::journal::Entry;
use super::{FetchSettings, PageFacts, Request, Window};

/// One page as it came.
pub(super) struct FetchedPage {
    pagination: Pagination,
    contacts: ContactPage,
}

/// An answer that waits to be taken.
pub(super) struct Arrived {
    pub(super) request: Request,
    page: FetchedPage,
    meta: Meta,
    read_between: Option<(i64, i64)>,
    clock: Option<(i64, i64)>,
    session: u32,
}

impl Arrived {
    /// An answer that just came.
    pub(super) fn of_reply(session: u32, request: Request, reply: Reply<FetchedPage>) -> Self {
        let micros = |time| DateTime::<Utc>::from(time).timestamp_micros();
        let elapsed = i64::try_from(reply.elapsed.as_micros()).unwrap_or(i64::MAX);
        let times =
            Times { elapsed, answered_at: micros(reply.answered_at), arrived_at: Some(micros(reply.arrived_at)) };
        Self::new(session, request, reply.data, reply.meta, times)
    }

    /// An answer of the journal; `None` if it cannot be understood any more.
    pub(super) fn of_entry(entry: &Entry) -> Option<Self> {
        let envelope = decode_fetched(&entry.body, PageLimit::for_size(entry.request.window.size)).ok()?;
        let elapsed = i64::try_from(entry.elapsed_micros).unwrap_or(i64::MAX);
        let times = Times { elapsed, answered_at: entry.answered_at, arrived_at: None };
        Some(Self::new(entry.session, entry.request, envelope.data?, envelope.meta, times))
    }

    fn new(session: u32, request: Request, page: FetchedPage, meta: Meta, times: Times) -> Self {
        const SECOND: i64 = 1_000_000;
        let Times { elapsed, answered_at, arrived_at } = times;
        // The server's clock, where it tells, because the times of its contacts are of that clock; in the same forms, too.
        let told = meta.timestamp.as_deref().and_then(|time| timestamp(time).ok().flatten()).unwrap_or(answered_at);
        // A time without a fraction may be any moment of its second.
        let latest = if told % SECOND == 0 { told.saturating_add(SECOND) } else { told };
        let read_between = Some((told.saturating_sub(elapsed), latest));
        // It was made after it was asked for, and before it was here.
        let ahead = |arrived_at: i64| {
            let sent_at = arrived_at.saturating_sub(elapsed);
            (told.saturating_sub(arrived_at), latest.saturating_sub(sent_at))
        };
        Self { request, page, meta, read_between, clock: arrived_at.map(ahead), session }
    }

    /// What the walk needs to know of it.
    pub(super) fn facts(&self) -> PageFacts<'_> {
        PageFacts {
            window: self.request.window,
            items: &self.page.contacts.items,
            pagination: &self.page.pagination,
            read_between: self.read_between,
            clock: self.clock,
            session: self.session,
            request_id: self.meta.request_id.as_deref(),
        }
    }

    /// Its contacts.
    pub(super) fn into_contacts(self) -> ContactPage {
        self.page.contacts
    }
}

/// When an answer came, in microseconds.
#[derive(Clone, Copy)]
struct Times {
    elapsed: i64,
    /// By the server's clock, if it has one.
    answered_at: i64,
    /// By ours, where that is known.
    arrived_at: Option<i64>,
}

/// Asks the API for a window, until it is there or given up.
pub(super) async fn fetch_window(
    client: &Client,
    settings: &FetchSettings,
    window: Window,
    turn: Turn,
) -> Result<Reply<FetchedPage>, ApiError> {
    let Window { page, size } = window;
    let request = format!("contacts page {page} ({size} a page)");
    let decode = |body: &ByteString| decode_fetched(body, PageLimit::for_size(size));
    client.fetch(turn, &request, "v3/contacts", &settings.query.parameters(page, size), decode).await
}

/// An answer without a list of contacts has no data, so it is fetched again.
fn decode_fetched(body: &ByteString, limit: PageLimit) -> Result<Envelope<FetchedPage>, serde_json::Error> {
    let Envelope { success, data, error, meta } = decode_page_within(body, limit)?;
    let data = data.and_then(|list| {
        Some(FetchedPage { pagination: list.pagination.unwrap_or_default(), contacts: list.contacts? })
    });
    Ok(Envelope { success, data, error, meta })
}

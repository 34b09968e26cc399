//! The data in the responses of each endpoint.
//!
//! There is one function for each endpoint. `state` calls it after key, rate limit and faults have let the request
//! through. It either writes `data` into an envelope or returns a [`Refusal`](super::reply::Refusal). `contacts` and
//! `messages` read the [`OpenBooks`] of an account; `account` returns the accounts themselves.
//!
//! *Easy to get wrong:* a page past the end is a success with an empty list, but an unknown `phone` is a 404. The
//! format of an id is checked before the id is looked up.
//!
//! The server tests check each response.

mod account;
mod contacts;
mod messages;

pub(super) use account::{me, profiles, sender_profiles, templates};
pub(super) use contacts::{contact, contacts, message_summary};
pub(super) use messages::{activities, conversations, message};

use std::time::Instant;

use super::json::JsonText;
use super::mailbox::Mailbox;
use super::reply::ReplyMeta;
use super::request::ListQuery;
use super::service::CachedTotals;
use super::times::Ticks;
use super::world::World;

/// The contacts and messages that a request reads, as seen by the replica that responds.
#[derive(Debug)]
pub(super) struct OpenBooks<'state> {
    /// The contacts, of the primary or of a replica.
    pub(super) world: &'state mut World,
    /// The messages.
    pub(super) mailbox: &'state mut Mailbox,
    /// The account to select, if the contacts and messages belong to several.
    pub(super) owner: Option<usize>,
    /// The time as of which messages are shown.
    pub(super) moment: Ticks,
}

/// A requested page.
#[derive(Debug)]
pub(super) struct PageRequest<'state> {
    /// Which page.
    pub(super) query: &'state ListQuery,
    /// Maximum number of rows, regardless of the page size.
    pub(super) max_page_rows: usize,
    /// The number of the request.
    pub(super) number: u64,
    /// When it arrived.
    pub(super) arrived: Instant,
    /// The name of the list, as the key of its cached total.
    pub(super) list: String,
    /// The total before the list changed for this request, if the response shows that.
    pub(super) total_before: Option<u32>,
    /// The cached totals.
    pub(super) counts: &'state mut CachedTotals,
    /// The metadata of the envelope.
    pub(super) meta: &'state ReplyMeta,
}

impl PageRequest<'_> {
    /// Appends the pagination of a list with this many rows.
    fn write_pagination(&mut self, json: &mut JsonText, total: u32) {
        let shown = self.counts.shown(&self.list, self.arrived, self.total_before.unwrap_or(total));
        json.key("pagination");
        pagination(json, self.query.page, self.query.page_size, shown);
    }

    /// The rows of the page, taken from a list in memory.
    fn window<'rows, T>(&self, rows: &'rows [T]) -> &'rows [T] {
        let start = usize::try_from(self.query.offset()).unwrap_or(usize::MAX).min(rows.len());
        let end = start.saturating_add(self.query.page_size as usize).min(rows.len());
        &rows[start..end]
    }
}

/// Appends the pagination object at the end of every list.
fn pagination(json: &mut JsonText, page: u32, page_size: u32, total: u32) {
    let total_pages = total.div_ceil(page_size.max(1));
    json.raw("{");
    json.number_member("page", u64::from(page));
    json.number_member("page_size", u64::from(page_size));
    json.number_member("total_count", u64::from(total));
    json.number_member("total_pages", u64::from(total_pages));
    json.flag_member("has_more", Some(page < total_pages));
    json.raw_member("cursors", "null");
    json.raw("}");
}

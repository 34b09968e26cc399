//! The list of contacts, single contacts, and summaries of their messages.
//!
//! *Easy to get wrong:* a summary counts the messages that the list of messages shows for the contact, so it is
//! computed from the same mailbox at the same time.
//!
//! Scores are percentages of the messages on a channel: SENT, DELIVERED, READ and RECEIVED count as success, FAILED as
//! failure, and everything else as neither. Whether the service rounds or truncates is not documented; here scores are
//! rounded.

use super::super::error_code::ErrorCode;
use super::super::json::JsonText;
use super::super::reply::{PreparedReply, Refusal, ReplyMeta};
use super::super::request::read_id;
use super::super::times::{Ticks, ZoneSuffix};
use super::{OpenBooks, PageRequest};

/// Size of a contact in JSON, slightly above the average.
const CONTACT_BYTES: usize = 640;

/// A page of the list of contacts.
pub(in super::super) fn contacts(
    books: &mut OpenBooks<'_>,
    mut page: PageRequest<'_>,
) -> Result<PreparedReply, Refusal> {
    let query = page.query;
    let window = books.world.window(books.owner, &query.filter, query.offset(), query.page_size, page.number);
    if window.total == 0 && query.filter.phone.is_some() {
        return Err(ErrorCode::RESOURCE_001.into());
    }
    Ok(page.meta.success(window.indexes.len() * CONTACT_BYTES, |json| {
        json.raw("{\"contacts\":");
        let rows = window.indexes.iter().take(page.max_page_rows);
        json.list(rows, |json, index| books.world.contact(*index).write(json));
        page.write_pagination(json, window.total);
        json.raw("}");
    }))
}

/// One contact.
pub(in super::super) fn contact(books: &OpenBooks<'_>, id: &str, meta: &ReplyMeta) -> Result<PreparedReply, Refusal> {
    let index = index_of(books, id)?;
    Ok(meta.success(CONTACT_BYTES, |json| books.world.contact(index).write(json)))
}

/// The index of the contact with this id, if it is in the list.
fn index_of(books: &OpenBooks<'_>, id: &str) -> Result<u32, Refusal> {
    let index = books.world.index_of(read_id(id, "id")?);
    let index = index.filter(|index| books.world.is_present(*index) && books.world.is_of(*index, books.owner));
    index.ok_or_else(|| ErrorCode::RESOURCE_001.into())
}

/// The message summary of a contact.
pub(in super::super) fn message_summary(
    books: &OpenBooks<'_>,
    id: &str,
    meta: &ReplyMeta,
) -> Result<PreparedReply, Refusal> {
    let index = index_of(books, id)?;
    let history = books.mailbox.history(index, books.moment, books.world);
    let time = |at: Option<Ticks>| at.map(|at| at.text(ZoneSuffix::Letter));
    let mut used: Vec<&str> = history.iter().map(|(_, channel, _)| *channel).collect();
    used.sort_unstable();
    used.dedup();
    Ok(meta.success(CONTACT_BYTES, |json| {
        json.raw("{");
        json.verbatim_member("contact_id", Some(id.to_lowercase().as_str()));
        json.number_member("message_count", history.len() as u64);
        json.verbatim_member("first_message_at", time(history.iter().map(|(at, ..)| *at).min()).as_deref());
        json.verbatim_member("last_message_at", time(history.iter().map(|(at, ..)| *at).max()).as_deref());
        json.key("channels_used");
        json.list(&used, |json, channel| json.string(channel));
        json.key("channel_scores");
        json.list(&used, |json, channel| {
            let statuses = history.iter().filter(|(_, other, _)| other == channel).map(|(.., status)| *status);
            write_scores(json, channel, &statuses.collect::<Vec<_>>());
        });
        json.raw("}");
    }))
}

fn write_scores(json: &mut JsonText, channel: &str, statuses: &[&str]) {
    let percent = |counts: fn(&str) -> bool| {
        let count = statuses.iter().filter(|status| counts(status)).count();
        (count * 200 + statuses.len()) / (statuses.len() * 2).max(1)
    };
    json.raw("{");
    json.text_member("channel", Some(channel));
    let succeeds = |status: &str| matches!(status, "SENT" | "DELIVERED" | "READ" | "RECEIVED");
    json.number_member("success_score", percent(succeeds) as u64);
    json.number_member("fail_score", percent(|status| status == "FAILED") as u64);
    json.raw("}");
}

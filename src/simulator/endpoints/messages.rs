//! The list of messages, single messages, and their activities.
//!
//! *Easy to get wrong:* a malformed message id is `VALIDATION_001`. For activities, the code is not documented; here it
//! is the same as for all other ids, so that a client cannot rely on either.
//!
//! Messages of a campaign have the same creation time. An unstable sort shuffles them in the organization's list.

use uuid::Uuid;

use super::super::error_code::ErrorCode;
use super::super::reply::{PreparedReply, Refusal, ReplyMeta};
use super::super::request::{read_id, read_id_or};
use super::{OpenBooks, PageRequest, pagination};

/// Size of a message in JSON, slightly above the average.
const MESSAGE_BYTES: usize = 1_700;

/// A page of all messages, newest first.
pub(in super::super) fn conversations(books: &mut OpenBooks<'_>, mut page: PageRequest<'_>) -> PreparedReply {
    let query = page.query;
    let mut window = books.mailbox.window(books.owner, query.offset(), query.page_size, books.moment, books.world);
    if books.world.is_unstable() && books.owner.is_none() {
        books.mailbox.mix_ties(&mut window, page.number);
    }
    page.meta.success(window.numbers.len() * MESSAGE_BYTES, |json| {
        json.raw("{\"messages\":");
        let rows = window.numbers.iter().take(page.max_page_rows);
        json.list(rows, |json, number| books.mailbox.message(*number, books.moment, books.world).write(json));
        page.write_pagination(json, window.total);
        json.raw("}");
    })
}

/// One message.
pub(in super::super) fn message(books: &OpenBooks<'_>, id: &str, meta: &ReplyMeta) -> Result<PreparedReply, Refusal> {
    let number = number_of(books, read_id_or(ErrorCode::VALIDATION_001, id, "id")?)?;
    let message = books.mailbox.message(number, books.moment, books.world);
    Ok(meta.success(MESSAGE_BYTES, |json| message.write(json)))
}

/// The activities of a message, newest first.
pub(in super::super) fn activities(
    books: &OpenBooks<'_>,
    id: &str,
    meta: &ReplyMeta,
) -> Result<PreparedReply, Refusal> {
    let id = read_id(id, "id")?;
    let number = number_of(books, id)?;
    let message = books.mailbox.message(number, books.moment, books.world);
    let count = message.events.as_ref().map_or(0, Vec::len);
    Ok(meta.success(MESSAGE_BYTES, |json| {
        json.raw("{");
        json.verbatim_member("message_id", Some(&id.to_string()));
        json.key("activities");
        message.write_activities(json);
        json.key("pagination");
        pagination(json, 1, 100, u32::try_from(count).unwrap_or(u32::MAX));
        json.raw("}");
    }))
}

/// The number of the visible message with this id.
fn number_of(books: &OpenBooks<'_>, id: Uuid) -> Result<u32, Refusal> {
    let number = books.mailbox.number_of(id, books.moment);
    let number = number.filter(|number| books.world.is_of(books.mailbox.contact_of(*number), books.owner));
    number.ok_or_else(|| ErrorCode::RESOURCE_003.into())
}

//! Decodes a response into the messages of a page.
//!
//! [`decode_page`] parses the list itself and leaves the few hundred bytes around it to serde. If the response does not start
//! as documented, or is not valid JSON, it gives up: serde then finds the items, and the same code reads each of them. So
//! both paths read a message in the same way.
//!
//! *Easy to get wrong:* a field of an unexpected type must not lose the message or the page. Unambiguous values are
//! accepted; others become null, are counted, and are kept in `extra`. Only truncated or invalid JSON is an error; the page
//! is then fetched again.
//!
//! The shape is that of the API reference, "List conversations". Measured by `benches/messages.rs`.

use std::fmt;

use bytestring::ByteString;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::MessagePage;
use super::page::{EventFit, MessagePageBuilder};
use super::schema::{EVENT_FIELDS, FIELDS, column, event_column};
use crate::api::wire::{Envelope, NullableSeed, too_many_items};
use crate::resources::json::{JsonCursor, JsonKind, JsonValue};
use crate::resources::packed_field::PackedField;
use crate::resources::{ListData, PageLimit};

type MessageListResponse = Envelope<ListData<MessagePage>>;

/// Reads a whole response of `GET /v3/conversations` with no more items than `limit`, which limits its memory.
///
/// # Errors
/// When the body is not one complete JSON object, `messages` is not a list, or it has more items than
/// the limit.
pub fn decode_page(body: &ByteString, limit: PageLimit) -> Result<MessageListResponse, serde_json::Error> {
    scan_page(body, limit).map_or_else(|| decode_by_serde(body, limit), Ok)
}

/// Finds the items with serde, which is slower, for responses of an unusual shape.
pub(super) fn decode_by_serde(body: &ByteString, limit: PageLimit) -> Result<MessageListResponse, serde_json::Error> {
    Envelope::from_str_seed(body, MessageListSeed { body, limit, scanned: None })
}

/// Reads a response of the usual shape, or gives up.
fn scan_page(body: &ByteString, limit: PageLimit) -> Option<MessageListResponse> {
    let mut cursor = JsonCursor::new(body, 0);
    for token in ["{", "\"success\"", ":", "true", ",", "\"data\"", ":", "{", "\"messages\"", ":", "["] {
        cursor.take(token.as_bytes())?;
    }
    let list_start = cursor.at;
    let mut builder = MessagePageBuilder::new(body.clone(), limit);
    take_items(&mut cursor, &mut builder)?;
    // Serde reads the few bytes around the list, in any form.
    let surroundings = [&body[..list_start], &body[cursor.at - 1..]].concat();
    Envelope::from_str_seed(&surroundings, MessageListSeed { body, limit, scanned: Some(builder.finish()) }).ok()
}

/// Reads items up to and including the bracket that ends the list.
fn take_items(cursor: &mut JsonCursor<'_>, builder: &mut MessagePageBuilder) -> Option<()> {
    if cursor.peek()? == b']' {
        cursor.at += 1;
        return Some(());
    }
    loop {
        if !builder.has_room() {
            return None;
        }
        take_item(cursor, builder)?;
        match cursor.take_byte()? {
            b',' => {}
            b']' => return Some(()),
            _ => return None,
        }
    }
}

/// Reads one item of any kind.
fn take_item(cursor: &mut JsonCursor<'_>, builder: &mut MessagePageBuilder) -> Option<()> {
    if cursor.peek()? != b'{' {
        cursor.take_value()?;
        builder.end_item(false);
        return Some(());
    }
    let mut expected = 0;
    cursor.take_members(|cursor| {
        let (field, name) = take_field(cursor, expected)?;
        let Some(field) = field else {
            let value = cursor.take_value()?;
            builder.note_unknown(name, value);
            return Some(());
        };
        expected = field + 1;
        match FIELDS[field].1 {
            column::BODY => take_body(cursor, builder),
            column::EVENTS => take_events(cursor, builder),
            column @ (column::CREATED_AT | column::SCHEDULED_AT) => builder.set_time(column, cursor.take_value()?),
            column @ (column::PRICE | column::ACTIVE_CONTACT_PRICE) => builder.set_price(column, cursor.take_value()?),
            column => builder.set_text(column, cursor.take_value()?),
        }
    })?;
    builder.end_item(true);
    Some(())
}

/// Reads the name of a member of a message; returns its index in [`FIELDS`], and the range of the name. `expected` is only
/// a guess.
#[inline]
fn take_field(cursor: &mut JsonCursor<'_>, expected: usize) -> Option<(Option<usize>, (usize, usize))> {
    cursor.peek()?;
    // `reason_code`, `reason` and `scheduled_at` are usually omitted.
    for (field, (name, _)) in FIELDS.iter().enumerate().skip(expected).take(3) {
        if let Some(place) = take_exact_name(cursor, name) {
            return Some((Some(field), place));
        }
    }
    let (start, end) = cursor.take_name()?;
    let name = &cursor.text[start..end];
    Some((FIELDS.iter().position(|&(known, _)| known == name), (start, end)))
}

/// Reads a given name and the colon after it, if they follow without white space.
#[inline]
fn take_exact_name(cursor: &mut JsonCursor<'_>, name: &str) -> Option<(usize, usize)> {
    let rest = cursor.rest().strip_prefix(b"\"")?;
    rest.strip_prefix(name.as_bytes())?.starts_with(b"\":").then(|| {
        let start = cursor.at + 1;
        cursor.at = start + name.len() + 2;
        (start, start + name.len())
    })
}

/// Reads `message_body`, and the text of the message in it.
fn take_body(cursor: &mut JsonCursor<'_>, builder: &mut MessagePageBuilder) -> Option<()> {
    if cursor.peek()? != b'{' {
        let value = cursor.take_value()?;
        return builder.set_body(value, None);
    }
    let (start, mut content) = (cursor.at, None);
    cursor.take_members(|cursor| {
        let (name_start, name_end) = cursor.take_name()?;
        let is_content = &cursor.text[name_start..name_end] == "content";
        let value = cursor.take_value()?;
        content = if is_content { Some(value) } else { content };
        Some(())
    })?;
    builder.set_body(JsonValue { kind: JsonKind::Object, start, end: cursor.at }, content)
}

/// Reads `events`. Items that are not objects are omitted and counted.
fn take_events(cursor: &mut JsonCursor<'_>, builder: &mut MessagePageBuilder) -> Option<()> {
    builder.start_events();
    if cursor.peek()? != b'[' {
        let value = cursor.take_value()?;
        builder.end_events(value, EventFit::Whole);
        return Some(());
    }
    let (start, mut fit) = (cursor.at, EventFit::Whole);
    cursor.at += 1;
    if cursor.peek()? == b']' {
        cursor.at += 1;
    } else {
        loop {
            if cursor.peek()? == b'{' {
                fit = fit.max(take_event(cursor, builder)?);
            } else {
                cursor.take_value()?;
                fit = EventFit::Malformed;
            }
            match cursor.take_byte()? {
                b',' => {}
                b']' => break,
                _ => return None,
            }
        }
    }
    builder.end_events(JsonValue { kind: JsonKind::List, start, end: cursor.at }, fit);
    Some(())
}

/// Reads one event; returns how well its columns hold it.
fn take_event(cursor: &mut JsonCursor<'_>, builder: &mut MessagePageBuilder) -> Option<EventFit> {
    let (mut event, mut fit, mut expected) = ([PackedField::NULL; event_column::COUNT], EventFit::Whole, 0);
    cursor.take_members(|cursor| {
        cursor.peek()?;
        let guessed = EVENT_FIELDS.get(expected).and_then(|name| take_exact_name(cursor, name)).map(|_| expected);
        let field = if guessed.is_some() {
            guessed
        } else {
            let (start, end) = cursor.take_name()?;
            let name = &cursor.text[start..end];
            let field = EVENT_FIELDS.iter().position(|&known| known == name);
            if field.is_none() {
                builder.note_unknown_in_event((start, end));
            }
            field
        };
        let value = cursor.take_value()?;
        match field {
            Some(event_column::TIMESTAMP) => {
                let time = builder.time(value)?;
                fit = if time.is_ok() { fit } else { EventFit::Malformed };
                event[event_column::TIMESTAMP] = time.ok().flatten().map_or(PackedField::NULL, PackedField::number);
            }
            Some(field) => {
                event[field] = builder.text(value)?;
                let is_sound = matches!(value.kind, JsonKind::Text { .. } | JsonKind::Null);
                fit = if is_sound { fit } else { EventFit::Malformed };
            }
            None => fit = fit.max(EventFit::Partial),
        }
        expected = field.map_or(expected, |field| field + 1);
        Some(())
    })?;
    builder.push_event(event);
    Some(fit)
}

/// Reads `data`.
struct MessageListSeed<'a> {
    body: &'a ByteString,
    limit: PageLimit,
    /// Replaces the first list of messages, which is then skipped.
    scanned: Option<MessagePage>,
}

impl<'de> DeserializeSeed<'de> for MessageListSeed<'_> {
    type Value = ListData<MessagePage>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageListSeed<'_> {
    type Value = ListData<MessagePage>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with `messages` and `pagination`")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut list = ListData::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "messages" => match self.scanned.take() {
                    Some(page) => {
                        map.next_value::<IgnoredAny>()?;
                        list.items = Some(page);
                    }
                    None => list.items = map.next_value_seed(NullableSeed(MessagePageSeed(self.body, self.limit)))?,
                },
                "pagination" => list.pagination = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(list)
    }
}

struct MessagePageSeed<'a>(&'a ByteString, PageLimit);

impl<'de> DeserializeSeed<'de> for MessagePageSeed<'_> {
    type Value = MessagePage;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<MessagePage, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for MessagePageSeed<'_> {
    type Value = MessagePage;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<MessagePage, A::Error> {
        let mut builder = MessagePageBuilder::new(self.0.clone(), self.1);
        while let Some(item) = list.next_element::<&RawValue>()? {
            if !builder.has_room() {
                return Err(too_many_items(self.1.items()));
            }
            // The item borrows from the body, so its position is known.
            let start = item.get().as_ptr().addr().wrapping_sub(self.0.as_ptr().addr());
            let mut cursor = JsonCursor::new(self.0, start);
            if self.0.get(start..start + item.get().len()) != Some(item.get())
                || take_item(&mut cursor, &mut builder).is_none()
            {
                return Err(A::Error::custom("an item of `messages` cannot be read"));
            }
        }
        Ok(builder.finish())
    }
}

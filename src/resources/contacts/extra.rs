//! The column `extra`: the values of a contact that no other column holds, as a JSON object.
//!
//! Its members are undocumented fields, and documented fields whose own column cannot hold the value. They are written in
//! the order of the response and as sent, without white space between tokens.
//!
//! [`extras`] parses a page a second time, but only if the decoder found such fields on it. Exports without the column have
//! no extra cost.
//!
//! *Easy to get wrong:* the last value of a repeated name is used, as in the other columns. A server may send megabytes, so
//! the column has a maximum length and counts the members that it omits.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;

use serde_json::value::RawValue;

use super::page::MAX_CHANNELS_BYTES;
use super::schema::{FIELD_NAMES, column};
use super::{ContactPage, normalize};
use crate::api::wire::Envelope;
use crate::resources::json::{JsonCursor, JsonKind, special_byte};
use crate::resources::json_escapes::{unescaped, without_lone_surrogates};
use crate::time::Timestamp;

/// Maximum length of the members of one contact. With the count of omitted members, it fits into an Excel cell (32,767
/// characters).
const MAX_BYTES: usize = 32_000;

/// Name of the member that counts omitted members.
const OMITTED: &str = "omitted_by_sent_export";

/// The values of the column for the accepted contacts of a page; empty if all are null.
pub(super) fn extras(page: &ContactPage) -> Vec<Option<String>> {
    if page.findings.unknown_fields.is_empty() && page.findings.malformed.is_empty() {
        return Vec::new();
    }
    let items = raw_items(page.rows.body()).unwrap_or_default();
    debug_assert_eq!(items.len(), page.items.len(), "the page was decoded from this body");
    let accepted = items.iter().zip(&page.items).filter(|(_, key)| key.is_some());
    accepted.map(|(item, _)| extra(item.get())).collect()
}

/// The items of the list in a response.
fn raw_items(body: &str) -> Option<Vec<&RawValue>> {
    // As in the decoder, the last of repeated lists is used.
    let data = Envelope::from_str_seed(body, PhantomData::<BTreeMap<String, &RawValue>>).ok()?.data?;
    serde_json::from_str(data.get("contacts")?.get()).ok()
}

/// Members by name; a later one replaces an earlier one.
#[derive(Default)]
struct ExtraMembers<'a> {
    places: HashMap<Cow<'a, str>, usize>,
    /// Names (between their quotes) and values, as sent.
    list: Vec<Option<(&'a str, &'a str)>>,
}

impl<'a> ExtraMembers<'a> {
    fn set(&mut self, name: Cow<'a, str>, member: Option<(&'a str, &'a str)>) {
        if let Some(place) = self.places.insert(name, self.list.len()) {
            self.list[place] = None;
        }
        self.list.push(member);
    }
}

/// The value of the column for a contact, which is valid JSON.
fn extra(item: &str) -> Option<String> {
    let mut members = ExtraMembers::default();
    JsonCursor::new(item, 0).take_members(|cursor| {
        let (start, end) = cursor.take_name()?;
        let value = cursor.take_value()?;
        let (written, text) = (&item[start..end], &item[value.start..value.end]);
        let name = unescaped(written)?;
        let column = FIELD_NAMES.iter().position(|known| *known == name);
        let is_held = column.is_some_and(|column| is_held(column, value.kind, text));
        members.set(name, (!is_held).then_some((written, text)));
        Some(())
    })?;
    object(members.list.iter().flatten())
}

/// Whether the column of a documented field can hold a value.
fn is_held(column: usize, kind: JsonKind, value: &str) -> bool {
    let text = match kind {
        JsonKind::Null => return true,
        JsonKind::Text { .. } => unescaped(&value[1..value.len() - 1]),
        JsonKind::Number | JsonKind::Flag => Some(Cow::Borrowed(value)),
        JsonKind::Object => return false,
        JsonKind::List => return column == column::AVAILABLE_CHANNELS && are_channels(value),
    };
    let Some(text) = text else { return false };
    match (column, kind) {
        (column::OPT_OUT | column::IS_INHERITED, JsonKind::Number) => matches!(value, "0" | "1"),
        (column::OPT_OUT | column::IS_INHERITED, _) => normalize::flag(&text).is_some(),
        (column::CREATED_AT | column::UPDATED_AT, _) => Timestamp::parse_set(&text).is_ok(),
        (column::AVAILABLE_CHANNELS, _) => text.len() <= MAX_CHANNELS_BYTES,
        _ => true,
    }
}

/// Whether all items of a list are texts that fit into the column.
fn are_channels(list: &str) -> bool {
    serde_json::from_str::<Vec<String>>(list).is_ok_and(|names| names.join(",").len() <= MAX_CHANNELS_BYTES)
}

/// An object of the members that fit; `None` without members.
fn object<'a>(members: impl Iterator<Item = &'a (&'a str, &'a str)> + Clone) -> Option<String> {
    let (mut object, mut omitted) = joined(members.clone(), |_| true);
    if omitted.members > 0 {
        // A field with the same name as the counting member is omitted, too.
        (object, omitted) = joined(members, |name| unescaped(name).as_deref() != Some(OMITTED));
        let OmittedMembers { members, bytes } = omitted;
        object.push_str(if object.is_empty() { "{" } else { "," });
        object.push_str(&format!("\"{OMITTED}\":{{\"fields\":{members},\"bytes\":{bytes}}}"));
    }
    if object.is_empty() {
        return None;
    }
    object.push('}');
    Some(without_lone_surrogates(&object).unwrap_or(object))
}

/// The members that are omitted from an object.
#[derive(Default)]
struct OmittedMembers {
    members: u64,
    bytes: u64,
}

/// The start of an object with the members that fit and for whose names `may_stay` is true; empty if there are none.
fn joined<'a>(
    members: impl Iterator<Item = &'a (&'a str, &'a str)>,
    may_stay: impl Fn(&str) -> bool,
) -> (String, OmittedMembers) {
    let (mut object, mut omitted) = (String::new(), OmittedMembers::default());
    for (name, value) in members {
        let start = object.len();
        object.push_str(if start == 0 { "{\"" } else { ",\"" });
        object.push_str(name);
        object.push_str("\":");
        push_compact(value, &mut object);
        if object.len() > MAX_BYTES || !may_stay(name) {
            omitted.members += 1;
            omitted.bytes += (object.len() - start) as u64;
            object.truncate(start);
        }
    }
    (object, omitted)
}

/// Appends a valid value without the white space between its tokens.
fn push_compact(value: &str, out: &mut String) {
    let mut rest = value;
    while let Some(quote) = rest.find('"') {
        push_tokens(&rest[..quote], out);
        let mut end = quote + 1;
        loop {
            let Some(length) = rest.as_bytes().get(end..).and_then(special_byte) else { return out.push_str(rest) };
            end += length + 1;
            if rest.as_bytes()[end - 1] == b'"' {
                break;
            }
            // The escaped character is one byte, and so is the `u` of a code unit.
            end += 1;
        }
        out.push_str(&rest[quote..end]);
        rest = &rest[end..];
    }
    push_tokens(rest, out);
}

fn push_tokens(tokens: &str, out: &mut String) {
    out.extend(tokens.split_ascii_whitespace());
}

#[cfg(test)]
#[path = "extra_tests.rs"]
mod tests;

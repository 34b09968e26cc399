//! From the text of an answer to the rows of a page, in one pass.
//!
//! [`decode_page`] is called for every page by `fetch`. Pages that look as documented are read by `scan`, all others
//! here: a serde seed hands each field to the row being read; no contact ever exists as a struct of strings.
//!
//! *Easy to get wrong:* a field of an unexpected type must cost neither the contact nor the page. What is clearly meant
//! is taken (a number where a text is documented, `"true"` for a flag, a list of channels), the rest becomes null and
//! is counted. Only JSON that is cut off or broken is an error: then the page is fetched again.
//!
//! The shape is that of the API reference, "List contacts". Measured by `benches/decode.rs`.

use std::fmt;

use bytestring::ByteString;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::rows::Rows;
use super::scan::scan_page;
use super::schema::column;
use super::{ContactId, ContactPage, RejectReason, RejectedItem, RowKey, normalize};
use crate::api::wire::{Envelope, NullableSeed, Pagination};

/// The documented fields, in the order of the schema.
pub(super) const FIELD_NAMES: [&str; column::COUNT] = [
    "id",
    "phone_number",
    "format_e164",
    "format_international",
    "format_national",
    "format_rfc",
    "country_code",
    "region_code",
    "available_channels",
    "default_channel",
    "opt_out",
    "is_inherited",
    "created_at",
    "updated_at",
    "customer_id",
];

/// Undocumented field names kept per page; a server that invents more of them is counted under one name.
const MAX_UNKNOWN_FIELDS: usize = 64;
const OTHER_UNKNOWN_FIELDS: &str = "(other)";

/// What a page holds unless the answer shows otherwise; only a first guess for the size of buffers.
const USUAL_PAGE_ROWS: usize = 100;

/// `data` of an answer of `GET /v3/contacts`.
#[derive(Debug, Default, PartialEq)]
pub struct ContactList {
    /// `pagination`, if there was one.
    pub pagination: Option<Pagination>,
    /// `contacts`; `None` when the field is missing or null.
    pub contacts: Option<ContactPage>,
}

/// Reads a whole answer of `GET /v3/contacts`.
///
/// # Errors
/// When the body is not one complete JSON object, or `contacts` is something else than a list.
pub fn decode_page(body: &ByteString) -> Result<Envelope<ContactList>, serde_json::Error> {
    scan_page(body).map_or_else(|| decode_any_page(body), Ok)
}

/// Reads a whole answer by serde alone: the slow way, which [`decode_page`] must agree with on every body.
///
/// # Errors
/// As [`decode_page`].
pub fn decode_any_page(body: &ByteString) -> Result<Envelope<ContactList>, serde_json::Error> {
    Envelope::from_str_seed(body, ListSeed { body, scanned: None })
}

/// Reads `data`.
pub(super) struct ListSeed<'a> {
    pub(super) body: &'a ByteString,
    /// Takes the place of the first list of contacts, which is then skipped.
    pub(super) scanned: Option<ContactPage>,
}

impl<'de> DeserializeSeed<'de> for ListSeed<'_> {
    type Value = ContactList;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ContactList, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ListSeed<'_> {
    type Value = ContactList;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with `contacts` and `pagination`")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<ContactList, A::Error> {
        let mut list = ContactList::default();
        while let Some(key) = map.next_key_seed(NameSeed(|name: &str| match name {
            "contacts" => Some(true),
            "pagination" => Some(false),
            _ => None,
        }))? {
            match key {
                Some(true) => match self.scanned.take() {
                    Some(page) => {
                        map.next_value::<IgnoredAny>()?;
                        list.contacts = Some(page);
                    }
                    None => list.contacts = map.next_value_seed(NullableSeed(PageSeed(self.body)))?,
                },
                Some(false) => list.pagination = map.next_value()?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(list)
    }
}

/// Reads the name of a field and gives what the function makes of it, without keeping the text.
struct NameSeed<F>(F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for NameSeed<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for NameSeed<F> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        Ok(self.0(name))
    }
}

struct PageSeed<'a>(&'a ByteString);

impl<'de> DeserializeSeed<'de> for PageSeed<'_> {
    type Value = ContactPage;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ContactPage, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for PageSeed<'_> {
    type Value = ContactPage;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of contacts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ContactPage, A::Error> {
        let mut builder = PageBuilder::new(self.0.clone());
        while let Some(is_object) = list.next_element_seed(ItemSeed(&mut builder))? {
            builder.end_item(is_object);
        }
        Ok(builder.finish())
    }
}

/// A page while it is read.
pub(super) struct PageBuilder {
    pub(super) rows: Rows,
    unknown_in_row: Vec<usize>,
    items: Vec<Option<RowKey>>,
    rejected: Vec<RejectedItem>,
    unknown_fields: Vec<(String, Vec<u32>)>,
    never_created: Vec<u32>,
    malformed: [u64; column::COUNT],
}

impl PageBuilder {
    pub(super) fn new(body: ByteString) -> Self {
        Self {
            rows: Rows::new(body, USUAL_PAGE_ROWS),
            unknown_in_row: Vec::new(),
            items: Vec::with_capacity(USUAL_PAGE_ROWS),
            rejected: Vec::new(),
            unknown_fields: Vec::new(),
            never_created: Vec::new(),
            malformed: [0; column::COUNT],
        }
    }

    /// Ends the item being read.
    pub(super) fn end_item(&mut self, is_object: bool) {
        let id = self.rows.open_text(column::ID).filter(|id| is_object && normalize::trimmed(id).is_some());
        let key = id.map(ContactId::new).map(|id| self.end_contact(id));
        if key.is_none() {
            let reason = if is_object { RejectReason::MissingId } else { RejectReason::NotAnObject };
            let fields = if is_object { self.rows.open_names() } else { Vec::new() };
            self.rejected.push(RejectedItem { position: self.items.len(), reason, fields });
            self.rows.drop_row();
        }
        self.items.push(key);
        self.unknown_in_row.clear();
    }

    fn end_contact(&mut self, id: ContactId) -> RowKey {
        for name in self.unknown_in_row.drain(..) {
            self.unknown_fields[name].1.extend(u32::try_from(self.rows.len()));
        }
        let created_at = self.read_time(column::CREATED_AT);
        let updated_at = self.read_time(column::UPDATED_AT);
        self.rows.close_row();
        RowKey { id, created_at, updated_at }
    }

    /// Reads a time, in microseconds UTC.
    fn read_time(&mut self, column: usize) -> Option<i64> {
        let time = normalize::timestamp(self.rows.open_text(column)?);
        match time {
            Ok(None) if column == column::CREATED_AT => self.never_created.extend(u32::try_from(self.rows.len())),
            Err(_) => self.malformed[column] += 1,
            Ok(_) => {}
        }
        let time = time.ok().flatten();
        self.rows.set_time(column, time);
        time
    }

    /// Notes that the contact being read has a field that nobody documented.
    pub(super) fn note_unknown(&mut self, name: &str) {
        let names = &mut self.unknown_fields;
        let found = names.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            let name = if names.len() < MAX_UNKNOWN_FIELDS { name } else { OTHER_UNKNOWN_FIELDS };
            names.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                names.push((name.to_owned(), Vec::new()));
                names.len() - 1
            })
        });
        if !self.unknown_in_row.contains(&found) {
            self.unknown_in_row.push(found);
        }
    }

    pub(super) fn finish(self) -> ContactPage {
        let Self { rows, items, rejected, mut unknown_fields, never_created, malformed, .. } = self;
        unknown_fields.retain(|(_, rows)| !rows.is_empty());
        let malformed = malformed.into_iter().enumerate().filter(|&(_, count)| count > 0).collect();
        ContactPage { rows, items, rejected, unknown_fields, never_created, malformed }
    }
}

/// Reads one item of the list; says whether it was an object.
struct ItemSeed<'a>(&'a mut PageBuilder);

impl<'de> DeserializeSeed<'de> for ItemSeed<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The visits of values that are read to their end and left out.
macro_rules! ignore_other_kinds {
    ($value:expr; $($visit:ident: $kind:ty),*) => {
        $(fn $visit<E: Error>(self, _: $kind) -> Result<Self::Value, E> {
            Ok($value(self))
        })*

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($value(self))
        }
    };
}

impl<'de> Visitor<'de> for ItemSeed<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a contact")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let builder = self.0;
        while let Some(column) = map.next_key_seed(NameSeed(|name: &str| {
            let column = FIELD_NAMES.iter().position(|&known| known == name);
            if column.is_none() {
                builder.note_unknown(name);
            }
            column
        }))? {
            match column {
                Some(column) => {
                    let is_sound = map.next_value_seed(FieldSeed { rows: &mut builder.rows, column })?;
                    builder.malformed[column] += u64::from(!is_sound);
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    ignore_other_kinds!(|_| false; visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}

/// Reads one field; says whether its type was sound.
struct FieldSeed<'a> {
    rows: &'a mut Rows,
    column: usize,
}

impl FieldSeed<'_> {
    fn is_flag(&self) -> bool {
        matches!(self.column, column::OPT_OUT | column::IS_INHERITED)
    }

    /// Takes a number or flag where a text is documented.
    fn set_other(self, text: &dyn fmt::Display) -> bool {
        if self.is_flag() {
            self.rows.set_null(self.column);
        } else {
            self.rows.set_text(self.column, &text.to_string());
        }
        false
    }
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FieldSeed<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field of a contact")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        if !self.is_flag() {
            self.rows.set_text(self.column, text);
            return Ok(true);
        }
        match text.trim() {
            text if text.eq_ignore_ascii_case("true") => self.rows.set_flag(self.column, true),
            text if text.eq_ignore_ascii_case("false") => self.rows.set_flag(self.column, false),
            _ => self.rows.set_null(self.column),
        }
        Ok(false)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<bool, E> {
        if self.is_flag() {
            self.rows.set_flag(self.column, flag);
            return Ok(true);
        }
        Ok(self.set_other(&flag))
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        self.rows.set_null(self.column);
        Ok(true)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<bool, E> {
        Ok(self.set_other(&number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<bool, E> {
        Ok(self.set_other(&number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<bool, E> {
        Ok(self.set_other(&number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        self.rows.set_null(self.column);
        self.rows.start_text();
        let mut is_first = true;
        while let Some(text) = list.next_element::<serde_json::Value>()? {
            if let (column::AVAILABLE_CHANNELS, Some(text)) = (self.column, text.as_str()) {
                self.rows.extend_text(if is_first { "" } else { "," });
                self.rows.extend_text(text);
                self.rows.end_text(self.column);
                is_first = false;
            }
        }
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        self.rows.set_null(self.column);
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;

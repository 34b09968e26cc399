//! Decodes a response into the rows of a page, in one pass.
//!
//! Pages in the documented form are read by `scan`, and all others here: a serde seed passes each field to the current row,
//! without building a struct of strings for a contact.
//!
//! *Easy to get wrong:* a field of an unexpected type must not lose the contact or the page. Unambiguous values are
//! accepted (a number where a text is documented, `"true"` or 1 for a flag, a list of channels). Others become null and are
//! counted. Only truncated or invalid JSON is an error; the page is then fetched again.
//!
//! The shape is that of the API reference, "List contacts". Measured by `benches/decode.rs`.

use std::borrow::Cow;
use std::fmt;

use bytestring::ByteString;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::page::ContactPageBuilder;
use super::rows::ContactRows;
use super::schema::{FIELD_NAMES, column};
use super::{ContactPage, normalize};
use crate::api::wire::{Envelope, NullableSeed, too_many_items};
use crate::resources::json_escapes::{unescaped, without_lone_surrogates};
use crate::resources::{ListData, PageLimit};

/// Reads a whole response with serde alone.
///
/// # Errors
/// When the body is not one complete JSON object, `contacts` is not a list, or it has more items than
/// `limit`.
pub(super) fn decode_by_serde(
    body: &ByteString,
    limit: PageLimit,
) -> Result<Envelope<ListData<ContactPage>>, serde_json::Error> {
    let decode = |body: &ByteString| Envelope::from_str_seed(body, ContactListSeed { body, limit, scanned: None });
    decode(body).or_else(|error| match without_lone_surrogates(body).filter(|_| error.is_syntax()) {
        Some(text) => decode(&repaired_body(text, body)),
        None => Err(error),
    })
}

/// A body that replaces another. It keeps the original alive, so that its bytes stay counted.
fn repaired_body(text: String, original: &ByteString) -> ByteString {
    struct Repaired(String, #[expect(dead_code, reason = "held, not read")] ByteString);
    impl AsRef<[u8]> for Repaired {
        fn as_ref(&self) -> &[u8] {
            self.0.as_bytes()
        }
    }
    let bytes = bytes::Bytes::from_owner(Repaired(text, original.clone()));
    ByteString::try_from(bytes).expect("it is the text of a string")
}

/// Reads `data`.
pub(super) struct ContactListSeed<'a> {
    pub(super) body: &'a ByteString,
    pub(super) limit: PageLimit,
    /// Replaces the first list of contacts, which is then skipped.
    pub(super) scanned: Option<ContactPage>,
}

impl<'de> DeserializeSeed<'de> for ContactListSeed<'_> {
    type Value = ListData<ContactPage>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ListData<ContactPage>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ContactListSeed<'_> {
    type Value = ListData<ContactPage>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with `contacts` and `pagination`")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<ListData<ContactPage>, A::Error> {
        let mut list = ListData::default();
        while let Some(key) = map.next_key_seed(NameSeed(|name: &str| match name {
            "contacts" => Some(true),
            "pagination" => Some(false),
            _ => None,
        }))? {
            match key {
                Some(true) => match self.scanned.take() {
                    Some(page) => {
                        map.next_value::<IgnoredAny>()?;
                        list.items = Some(page);
                    }
                    None => list.items = map.next_value_seed(NullableSeed(ContactPageSeed(self.body, self.limit)))?,
                },
                Some(false) => list.pagination = map.next_value()?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(list)
    }
}

/// Reads the name of a field and returns what the function maps it to, without keeping the text.
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

struct ContactPageSeed<'a>(&'a ByteString, PageLimit);

impl<'de> DeserializeSeed<'de> for ContactPageSeed<'_> {
    type Value = ContactPage;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ContactPage, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ContactPageSeed<'_> {
    type Value = ContactPage;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of contacts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ContactPage, A::Error> {
        let mut builder = ContactPageBuilder::new(self.0.clone(), self.1);
        while let Some(is_object) = list.next_element_seed(ItemSeed(&mut builder))? {
            if !builder.has_room() {
                return Err(too_many_items(self.1.items()));
            }
            builder.end_item(is_object);
        }
        Ok(builder.finish())
    }
}

/// Reads one item of the list; returns whether it was an object.
struct ItemSeed<'a>(&'a mut ContactPageBuilder);

impl<'de> DeserializeSeed<'de> for ItemSeed<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Visitor methods for values that are read and discarded.
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
                builder.findings.note_unknown(name);
            }
            column
        }))? {
            match column {
                Some(column) => {
                    let is_sound = map.next_value_seed(FieldSeed { rows: &mut builder.rows, column })?;
                    if !is_sound {
                        builder.findings.note_malformed(column);
                    }
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

/// Reads one field; returns whether its type was valid.
struct FieldSeed<'a> {
    rows: &'a mut ContactRows,
    column: usize,
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_> {
    type Value = bool;

    /// Reads the value as raw text, because serde rejects numbers above 1.8e308 and rounds long ones.
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(match raw.as_bytes() {
            [b'"', ..] => match text_of(raw) {
                Some(text) => self.set_documented_text(&text),
                None => return Err(Error::custom("a text has an invalid escape")),
            },
            b"null" => {
                self.rows.set_null(self.column);
                true
            }
            b"true" | b"false" => self.set_flag(raw),
            [b'[', ..] => self.set_list(raw),
            [b'{', ..] => {
                self.rows.set_null(self.column);
                false
            }
            _ => self.set_number(raw),
        })
    }
}

impl FieldSeed<'_> {
    fn is_flag(&self) -> bool {
        matches!(self.column, column::OPT_OUT | column::IS_INHERITED)
    }

    fn set_documented_text(self, text: &str) -> bool {
        if !self.is_flag() {
            self.rows.set_text(self.column, text);
            return true;
        }
        match normalize::flag(text) {
            Some(flag) => self.rows.set_flag(self.column, flag),
            None => self.rows.set_null(self.column),
        }
        false
    }

    fn set_flag(self, raw: &str) -> bool {
        if self.is_flag() {
            self.rows.set_flag(self.column, raw == "true");
            return true;
        }
        self.set_other(raw)
    }

    fn set_number(self, raw: &str) -> bool {
        if self.is_flag() && matches!(raw, "0" | "1") {
            self.rows.set_flag(self.column, raw == "1");
            return false;
        }
        self.set_other(raw)
    }

    /// Accepts a number or flag where a text is documented.
    fn set_other(self, raw: &str) -> bool {
        if self.is_flag() {
            self.rows.set_null(self.column);
        } else {
            self.rows.set_text(self.column, raw);
        }
        false
    }

    /// Accepts a list of channels.
    fn set_list(self, raw: &str) -> bool {
        self.rows.set_null(self.column);
        self.rows.start_text();
        let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
        let texts =
            items.iter().filter(|_| self.column == column::AVAILABLE_CHANNELS).filter_map(|item| text_of(item.get()));
        for (place, text) in texts.enumerate() {
            self.rows.extend_text(if place == 0 { "" } else { "," });
            self.rows.extend_text(&text);
            self.rows.end_text(self.column);
        }
        false
    }
}

/// The text of a valid value, without its quotes and escapes; `None` if the value is of another kind.
fn text_of(raw: &str) -> Option<Cow<'_, str>> {
    unescaped(raw.strip_prefix('"')?.strip_suffix('"')?)
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;

//! A fast decoder for pages that look exactly as documented; serde reads all others.
//!
//! [`decode_page`](super::decode_page) tries [`scan_page`] before serde. It parses the list of contacts itself, eight bytes
//! at a time, and leaves the few hundred bytes around the list to serde. As soon as anything differs from the documented
//! form, it gives up, and serde reads the whole page.
//!
//! *Easy to get wrong:* serde must accept everything that this accepts, with the same result. So the only accepted values
//! are texts for text columns, true, false and null. Numbers, lists, items that are not objects, control characters in
//! texts, surrogate escapes and unusual envelopes are left to serde.
//!
//! Members are expected in the order of the API reference; any other order is also read, but more slowly.
//!
//! `scan_tests.rs` and the target in `fuzz/` compare it with serde; `benches/decode.rs` measures it.

use bytestring::ByteString;

use super::ContactPage;
use super::decode::ContactListSeed;
use super::page::ContactPageBuilder;
use super::rows::ContactRows;
use super::schema::{FIELD_NAMES, column};
use crate::api::wire::Envelope;
use crate::resources::json::special_byte;
use crate::resources::{ListData, PageLimit};

/// The plus sign as the API writes it, in every phone number.
const ESCAPED_PLUS: &[u8] = br"\u002B";

/// Reads a response of `GET /v3/contacts`, or gives up.
pub(super) fn scan_page(body: &ByteString, limit: PageLimit) -> Option<Envelope<ListData<ContactPage>>> {
    let mut cursor = ScanCursor { body, at: 0 };
    for token in ["{", "\"success\"", ":", "true", ",", "\"data\"", ":", "{", "\"contacts\"", ":", "["] {
        cursor.take(token.as_bytes())?;
    }
    let list_start = cursor.at;
    let mut builder = ContactPageBuilder::new(body.clone(), limit);
    cursor.take_items(&mut builder)?;
    // Serde reads the few bytes around the list, in any form.
    let surroundings = [&body[..list_start], &body[cursor.at - 1..]].concat();
    Envelope::from_str_seed(&surroundings, ContactListSeed { body, limit, scanned: Some(builder.finish()) }).ok()
}

/// A position in the body. Every `take` skips white space first, and returns `None` if something else follows.
struct ScanCursor<'a> {
    body: &'a str,
    at: usize,
}

/// The meaning of the name of a member.
enum Member {
    Column(usize),
    Undocumented,
}

/// How a string ends.
enum StringEnd {
    Quote,
    Backslash,
}

impl<'a> ScanCursor<'a> {
    /// The bytes from this position on.
    fn rest(&self) -> &'a [u8] {
        self.body.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.body.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    fn take_byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, token: &[u8]) -> Option<()> {
        self.peek()?;
        self.rest().starts_with(token).then(|| self.at += token.len())
    }

    /// Reads items up to and including the bracket that ends the list.
    fn take_items(&mut self, builder: &mut ContactPageBuilder) -> Option<()> {
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.take(b"{")?;
            self.take_members(builder)?;
            if !builder.has_room() {
                return None;
            }
            builder.end_item(true);
            match self.take_byte()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Reads the members of one contact up to and including the closing brace.
    fn take_members(&mut self, builder: &mut ContactPageBuilder) -> Option<()> {
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        let mut expected = 0;
        loop {
            expected = self.take_usual_texts(expected, &mut builder.rows);
            let member = match NAMES.get(expected) {
                Some(name) if name.is_start_of(self.rest()) => {
                    self.at += name.length;
                    Member::Column(expected)
                }
                _ => self.take_name(builder)?,
            };
            match member {
                Member::Column(column) => {
                    match column {
                        column::OPT_OUT | column::IS_INHERITED => self.take_flag(column, &mut builder.rows)?,
                        _ => self.take_text(column, &mut builder.rows)?,
                    }
                    expected = column + 1;
                }
                Member::Undocumented => self.skip_value()?,
            }
            match self.take_byte()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Reads members while they have the usual form: the expected name, no white space, a text without escapes except the
    /// plus sign of a phone number, and a comma after it. Returns the column that is expected next.
    fn take_usual_texts(&mut self, mut expected: usize, rows: &mut ContactRows) -> usize {
        while let Some(name) = NAMES.get(expected)
            && !matches!(expected, column::OPT_OUT | column::IS_INHERITED)
            && name.is_start_of(self.rest())
            && let [b'"', text @ ..] = &self.rest()[name.length..]
            && let Some(mut length) = special_byte(text)
        {
            let start = self.at + name.length + 1;
            if text[length..].starts_with(b"\",") {
                rows.set_text_in_body(expected, start, start + length);
            } else if text[length..].starts_with(ESCAPED_PLUS)
                && let behind = length + ESCAPED_PLUS.len()
                && let Some(rest) = special_byte(&text[behind..])
                && text[behind + rest..].starts_with(b"\",")
            {
                let end = behind + rest;
                rows.set_text_with_plus(expected, start..start + length, start + behind..start + end);
                length = end;
            } else {
                break;
            }
            self.at = start + length + 2;
            expected += 1;
        }
        expected
    }

    /// Reads a name and the colon after it.
    fn take_name(&mut self, builder: &mut ContactPageBuilder) -> Option<Member> {
        self.take(b"\"")?;
        let start = self.at;
        let StringEnd::Quote = self.skip_plain()? else { return None };
        let name = &self.body[start..self.at - 1];
        let column = FIELD_NAMES.iter().position(|&known| known == name);
        if column.is_none() {
            builder.findings.note_unknown(name);
        }
        self.take(b":")?;
        Some(column.map_or(Member::Undocumented, Member::Column))
    }

    fn take_flag(&mut self, column: usize, rows: &mut ContactRows) -> Option<()> {
        match self.peek()? {
            b't' => self.take(b"true").map(|()| rows.set_flag(column, true)),
            b'f' => self.take(b"false").map(|()| rows.set_flag(column, false)),
            _ => self.take(b"null").map(|()| rows.set_null(column)),
        }
    }

    fn take_text(&mut self, column: usize, rows: &mut ContactRows) -> Option<()> {
        if self.peek()? != b'"' {
            return self.take(b"null").map(|()| rows.set_null(column));
        }
        self.at += 1;
        let start = self.at;
        match self.skip_plain()? {
            StringEnd::Quote => rows.set_text_in_body(column, start, self.at - 1),
            StringEnd::Backslash => self.take_escaped(start, column, rows)?,
        }
        Some(())
    }

    /// Continues a string that had no escapes from `start` up to the backslash that was just read.
    fn take_escaped(&mut self, start: usize, column: usize, rows: &mut ContactRows) -> Option<()> {
        rows.start_text();
        rows.extend_text(&self.body[start..self.at - 1]);
        loop {
            let escape = *self.rest().first()?;
            self.at += 1;
            let character = match escape {
                b'"' | b'\\' | b'/' => char::from(escape),
                b'b' => '\x08',
                b'f' => '\x0C',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => self.take_code_unit()?,
                _ => return None,
            };
            rows.extend_text(character.encode_utf8(&mut [0; 4]));
            let start = self.at;
            let end = self.skip_plain()?;
            rows.extend_text(&self.body[start..self.at - 1]);
            if matches!(end, StringEnd::Quote) {
                rows.end_text(column);
                return Some(());
            }
        }
    }

    /// Reads four hexadecimal digits that encode a character without a second code unit.
    fn take_code_unit(&mut self) -> Option<char> {
        let digits = self.rest().get(..4)?;
        self.at += 4;
        let unit = digits.iter().try_fold(0, |unit, &digit| Some(unit * 16 + char::from(digit).to_digit(16)?))?;
        char::from_u32(unit)
    }

    /// Skips the value of an undocumented field if it is neither a list nor an object.
    fn skip_value(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                matches!(self.skip_plain()?, StringEnd::Quote).then_some(())
            }
            b't' => self.take(b"true"),
            b'f' => self.take(b"false"),
            _ => self.take(b"null"),
        }
    }

    /// Skips the content of a string up to and including the next quote or backslash; gives up at a control character.
    fn skip_plain(&mut self) -> Option<StringEnd> {
        let rest = self.rest();
        let length = special_byte(rest)?;
        self.at += length + 1;
        let special = rest[length];
        match special {
            b'"' => Some(StringEnd::Quote),
            b'\\' => Some(StringEnd::Backslash),
            _ => None,
        }
    }
}

/// The start of a member, with quotes and colon, laid out for comparison in whole words. Calling `memcmp` for every name
/// would take a tenth of the scan time.
struct Name {
    words: [u64; Name::WORDS],
    /// The bits of `words` that belong to the name.
    masks: [u64; Name::WORDS],
    length: usize,
}

static NAMES: [Name; column::COUNT] = {
    let mut names = [const { Name { words: [0; Name::WORDS], masks: [0; Name::WORDS], length: 0 } }; column::COUNT];
    let mut at = 0;
    while at < column::COUNT {
        names[at] = Name::new(FIELD_NAMES[at]);
        at += 1;
    }
    names
};

impl Name {
    /// Number of words that the longest name takes with its quotes and the colon.
    const WORDS: usize = 3;

    const fn new(name: &str) -> Self {
        let length = name.len() + 3;
        let (mut words, mut masks) = ([0; Self::WORDS], [0; Self::WORDS]);
        let mut at = 0;
        while at < length {
            let byte = match at {
                0 => b'"',
                _ if at == length - 2 => b'"',
                _ if at == length - 1 => b':',
                _ => name.as_bytes()[at - 1],
            };
            words[at / 8] |= (byte as u64) << (at % 8 * 8);
            masks[at / 8] |= 0xff << (at % 8 * 8);
            at += 1;
        }
        Self { words, masks, length }
    }

    fn is_start_of(&self, bytes: &[u8]) -> bool {
        let Some(start) = bytes.first_chunk::<{ 8 * Self::WORDS }>() else { return false };
        let (words, _) = start.as_chunks();
        let compared = words.iter().zip(&self.words).zip(&self.masks);
        compared.map(|((found, word), mask)| (u64::from_le_bytes(*found) ^ word) & mask).fold(0, |a, b| a | b) == 0
    }
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;

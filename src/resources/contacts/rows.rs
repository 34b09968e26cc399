//! The contacts of a page, as the positions of their texts in the body.
//!
//! A page is decoded as soon as it arrives, to find out whether it must be fetched again, and then waits until the pages
//! before it are processed. Until then, no text is copied and no column is built: each field is one word with the position
//! of its text in the body. [`BatchBuilder`](super::BatchBuilder) builds the columns later, and only for the kept rows.

use std::fmt;
use std::ops::Range;

use bytestring::ByteString;

use super::schema::{FIELD_NAMES, column};
use crate::base::short_copy::push_text;
use crate::resources::packed_field::PackedField;

/// Maximum capacity that is reserved in advance for texts outside the body, because a body can be unusually long.
const MAX_RESERVED_BYTES: usize = 64 << 10;

/// One contact, with one field per column.
type ContactRow = [PackedField; column::COUNT];

/// The contacts of a page. The last one may be incomplete while it is being read.
#[derive(Clone)]
pub(super) struct ContactRows {
    body: ByteString,
    /// Texts that differ from their form in the body.
    beside: String,
    /// Start of the unfinished text in `beside`.
    started_at: usize,
    /// The current contact. Its times are texts until it is complete.
    open: ContactRow,
    closed: Vec<ContactRow>,
}

impl ContactRows {
    pub(super) fn new(body: ByteString, capacity: usize) -> Self {
        let closed = Vec::with_capacity(capacity);
        Self { body, beside: String::new(), started_at: 0, open: [PackedField::NULL; column::COUNT], closed }
    }

    pub(super) fn len(&self) -> usize {
        self.closed.len()
    }

    /// The body with the contacts.
    pub(super) fn body(&self) -> &str {
        &self.body
    }

    /// All contacts except the current one.
    pub(super) fn iter(&self) -> impl Iterator<Item = ContactFields<'_>> {
        let (body, beside) = (&*self.body, &*self.beside);
        self.closed.iter().map(move |row| ContactFields { body, beside, row })
    }

    /// The text of a field of the current contact.
    pub(super) fn open_text(&self, column: usize) -> Option<&str> {
        ContactFields { body: &self.body, beside: &self.beside, row: &self.open }.text(column)
    }

    /// Sets a field to null, which also undoes an earlier value of a repeated field.
    pub(super) fn set_null(&mut self, column: usize) {
        self.open[column] = PackedField::NULL;
    }

    pub(super) fn set_flag(&mut self, column: usize, flag: bool) {
        self.open[column] = PackedField::flag(flag);
    }

    /// Sets a field to a text of the body, unchanged.
    #[inline]
    pub(super) fn set_text_in_body(&mut self, column: usize, start: usize, end: usize) {
        self.open[column] = PackedField::text(start, end);
    }

    pub(super) fn set_text(&mut self, column: usize, text: &str) {
        self.start_text();
        self.extend_text(text);
        self.end_text(column);
    }

    /// Starts a text that is composed of parts.
    pub(super) fn start_text(&mut self) {
        if self.beside.capacity() == 0 {
            // If one phone number is escaped, all are. Together, they are about a fifth of the body of a typical page.
            self.beside.reserve((self.body.len() / 5).min(MAX_RESERVED_BYTES));
        }
        self.started_at = self.beside.len();
    }

    /// Appends to the unfinished text.
    pub(super) fn extend_text(&mut self, part: &str) {
        self.beside.push_str(part);
    }

    /// Sets a field to a text of the body in which a plus sign is written in another form: `before` and `after` are the
    /// parts around it.
    #[inline]
    pub(super) fn set_text_with_plus(&mut self, column: usize, before: Range<usize>, after: Range<usize>) {
        self.start_text();
        if !before.is_empty() {
            push_text(&mut self.beside, &self.body, before);
        }
        self.beside.push('+');
        push_text(&mut self.beside, &self.body, after);
        self.end_text(column);
    }

    /// Sets a field to the unfinished text.
    pub(super) fn end_text(&mut self, column: usize) {
        self.open[column] = PackedField::text_beside(self.started_at, self.beside.len());
    }

    /// Names of the documented fields for which the current contact has a value.
    pub(super) fn open_names(&self) -> Vec<&'static str> {
        let named = FIELD_NAMES.into_iter().zip(self.open);
        named.filter(|&(_, field)| field != PackedField::NULL).map(|(name, _)| name).collect()
    }

    /// Replaces the text of a time with the time, in microseconds UTC.
    pub(super) fn set_time(&mut self, column: usize, micros: Option<i64>) {
        self.open[column] = micros.map_or(PackedField::NULL, PackedField::number);
    }

    /// Keeps the current contact, whose times must have been set.
    pub(super) fn close_row(&mut self) {
        self.closed.push(self.open);
        self.open = [PackedField::NULL; column::COUNT];
    }

    /// Discards the current contact.
    pub(super) fn drop_row(&mut self) {
        self.open = [PackedField::NULL; column::COUNT];
    }
}

/// The fields of one contact.
#[derive(Clone, Copy)]
pub(super) struct ContactFields<'a> {
    body: &'a str,
    beside: &'a str,
    row: &'a ContactRow,
}

impl<'a> ContactFields<'a> {
    /// For a column of texts.
    #[inline]
    pub(super) fn text(self, column: usize) -> Option<&'a str> {
        self.row[column].as_text(self.body, self.beside)
    }

    pub(super) fn flag(self, column: usize) -> Option<bool> {
        self.row[column].as_flag()
    }

    /// Microseconds since 1970, UTC.
    pub(super) fn time(self, column: usize) -> Option<i64> {
        self.row[column].as_number()
    }
}

/// Contacts are equal if their fields are, regardless of the positions of their texts.
impl PartialEq for ContactRows {
    fn eq(&self, other: &Self) -> bool {
        let is_text = |column: usize| {
            !matches!(column, column::OPT_OUT | column::IS_INHERITED | column::CREATED_AT | column::UPDATED_AT)
        };
        let are_equal = |(one, other): (ContactFields<'_>, ContactFields<'_>)| {
            (0..column::COUNT).all(|column| {
                if is_text(column) {
                    one.text(column) == other.text(column)
                } else {
                    one.row[column] == other.row[column]
                }
            })
        };
        self.len() == other.len() && self.iter().zip(other.iter()).all(are_equal)
    }
}

/// Omits personal data.
impl fmt::Debug for ContactRows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rows").field("len", &self.len()).finish_non_exhaustive()
    }
}

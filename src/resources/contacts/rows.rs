//! The contacts of a page as places of their texts: what reading a page leaves behind.
//!
//! A page is read the moment it arrives, because only then is it known whether it has to be fetched again, and waits for
//! its turn. Until then no text is copied and no column is built: each field is one word that says where in the body its
//! text stands. [`BatchBuilder`](super::BatchBuilder) builds the columns later, and only of the rows that are kept.

use std::fmt;

use bytestring::ByteString;

use super::schema::{FIELD_NAMES, column};
use crate::resources::cell::Cell;

/// Most that is reserved for texts beside the body before they come: a body can be far longer than an ordinary one.
const MAX_RESERVED_BYTES: usize = 64 << 10;

/// One contact, a cell a column.
type Row = [Cell; column::COUNT];

/// The contacts of a page, the last of which may still be read.
#[derive(Clone)]
pub(super) struct Rows {
    body: ByteString,
    /// Texts that do not stand in the body as they are.
    beside: String,
    /// Where the text in the making begins in `beside`.
    started_at: usize,
    /// The contact being read. Its times are texts until all of it is there.
    open: Row,
    closed: Vec<Row>,
}

impl Rows {
    pub(super) fn new(body: ByteString, capacity: usize) -> Self {
        let closed = Vec::with_capacity(capacity);
        Self { body, beside: String::new(), started_at: 0, open: [Cell::NULL; column::COUNT], closed }
    }

    pub(super) fn len(&self) -> usize {
        self.closed.len()
    }

    /// Length of the body that the contacts stand in.
    pub(super) fn body_bytes(&self) -> usize {
        self.body.len()
    }

    /// All contacts but the one being read.
    pub(super) fn iter(&self) -> impl Iterator<Item = Contact<'_>> {
        let (body, beside) = (&*self.body, &*self.beside);
        self.closed.iter().map(move |row| Contact { body, beside, row })
    }

    /// The text of a field of the contact being read.
    pub(super) fn open_text(&self, column: usize) -> Option<&str> {
        Contact { body: &self.body, beside: &self.beside, row: &self.open }.text(column)
    }

    /// Sets a field to null, which also takes back an earlier value of a repeated field.
    pub(super) fn set_null(&mut self, column: usize) {
        self.open[column] = Cell::NULL;
    }

    pub(super) fn set_flag(&mut self, column: usize, flag: bool) {
        self.open[column] = Cell::flag(flag);
    }

    /// Sets a field to a text that stands in the body as it is.
    #[inline]
    pub(super) fn set_text_in_body(&mut self, column: usize, start: usize, end: usize) {
        self.open[column] = Cell::text(start, end);
    }

    pub(super) fn set_text(&mut self, column: usize, text: &str) {
        self.start_text();
        self.extend_text(text);
        self.end_text(column);
    }

    /// Begins a text that is put together from parts.
    pub(super) fn start_text(&mut self) {
        if self.beside.capacity() == 0 {
            // Where one phone number is escaped, all are: together about a fifth of the body of an ordinary page.
            self.beside.reserve((self.body.len() / 5).min(MAX_RESERVED_BYTES));
        }
        self.started_at = self.beside.len();
    }

    /// Adds to the text that was begun.
    pub(super) fn extend_text(&mut self, part: &str) {
        self.beside.push_str(part);
    }

    /// Sets a field to the text that was begun.
    pub(super) fn end_text(&mut self, column: usize) {
        self.open[column] = Cell::text_beside(self.started_at, self.beside.len());
    }

    /// Names of the documented fields that the contact being read has a value for.
    pub(super) fn open_names(&self) -> Vec<&'static str> {
        let named = FIELD_NAMES.into_iter().zip(self.open);
        named.filter(|&(_, cell)| cell != Cell::NULL).map(|(name, _)| name).collect()
    }

    /// Puts a moment, in microseconds UTC, in the place of the text that told it.
    pub(super) fn set_time(&mut self, column: usize, micros: Option<i64>) {
        self.open[column] = micros.map_or(Cell::NULL, Cell::number);
    }

    /// Keeps the contact being read, whose times were set.
    pub(super) fn close_row(&mut self) {
        self.closed.push(self.open);
        self.open = [Cell::NULL; column::COUNT];
    }

    /// Lets go of the contact being read.
    pub(super) fn drop_row(&mut self) {
        self.open = [Cell::NULL; column::COUNT];
    }
}

/// The fields of one contact.
#[derive(Clone, Copy)]
pub(super) struct Contact<'a> {
    body: &'a str,
    beside: &'a str,
    row: &'a Row,
}

impl<'a> Contact<'a> {
    /// In a column that is neither of flags nor of times.
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

/// Contacts are equal when their fields are, wherever their texts stand.
impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        let is_text = |column: usize| {
            !matches!(column, column::OPT_OUT | column::IS_INHERITED | column::CREATED_AT | column::UPDATED_AT)
        };
        let are_equal = |(one, other): (Contact<'_>, Contact<'_>)| {
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

/// Without what people would not want to see in a log.
impl fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rows").field("len", &self.len()).finish_non_exhaustive()
    }
}

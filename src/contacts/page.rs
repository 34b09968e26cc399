//! One page of contacts, while it is read and after.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use bytestring::ByteString;

use super::rows::Rows;
use super::schema::column;
use super::{BatchBuilder, ContactId, contacts_schema, normalize};

/// Undocumented field names kept per page; a server that invents more of them is counted under one name.
pub(super) const MAX_UNKNOWN_FIELDS: usize = 64;
pub(super) const OTHER_UNKNOWN_FIELDS: &str = "(other)";

/// What a page holds unless the answer shows otherwise; only a first guess for the size of buffers.
const USUAL_PAGE_ROWS: usize = 100;

/// The contacts of one answer: read and checked, but not yet in columns. [`BatchBuilder`] makes those.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactPage {
    /// The accepted contacts in the order of the answer.
    pub(super) rows: Rows,
    /// One entry for each place in the answer's list; `None` where the item was rejected.
    pub items: Vec<Option<RowKey>>,
    /// Items that cannot be contacts.
    pub rejected: Vec<RejectedItem>,
    /// Fields that no documentation names, each with the rows that carried it.
    pub unknown_fields: Vec<(String, Vec<u32>)>,
    /// Rows whose `created_at` was the year 1: a date that was never set, and is null in the columns.
    pub never_created: Vec<u32>,
    /// Columns with values of a type or form that the documentation does not allow, each with the rows that carried one.
    pub malformed: Vec<(usize, Vec<u32>)>,
}

impl ContactPage {
    /// Accepted contacts.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// All contacts as one batch.
    pub fn batch(&self) -> RecordBatch {
        let mut builder = BatchBuilder::new(self.rows().max(1));
        let mut full = builder.append(self, &vec![true; self.rows()]);
        full.pop().or_else(|| builder.finish()).unwrap_or_else(|| RecordBatch::new_empty(contacts_schema()))
    }
}

/// What the walk needs to know of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowKey {
    /// Who it is.
    pub id: ContactId,
    /// `created_at` in microseconds UTC.
    pub created_at: Option<i64>,
    /// `updated_at` in microseconds UTC.
    pub updated_at: Option<i64>,
}

/// An item of a page that is no contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedItem {
    /// Place in the answer's list, from 0.
    pub position: usize,
    /// Why.
    pub reason: RejectReason,
    /// Names of the documented fields that it carried; never a value.
    pub fields: Vec<&'static str>,
}

/// Why an item cannot be a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectReason {
    /// The item is null, a text, a number or a list.
    NotAnObject,
    /// The item has no `id`, or a blank one.
    MissingId,
}

impl RejectReason {
    /// The name used in the summary.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAnObject => "not_an_object",
            Self::MissingId => "missing_id",
        }
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
    malformed_in_row: Vec<usize>,
    malformed: BTreeMap<usize, Vec<u32>>,
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
            malformed_in_row: Vec::new(),
            malformed: BTreeMap::new(),
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
        self.malformed_in_row.clear();
    }

    fn end_contact(&mut self, id: ContactId) -> RowKey {
        for name in self.unknown_in_row.drain(..) {
            self.unknown_fields[name].1.extend(u32::try_from(self.rows.len()));
        }
        let created_at = self.read_time(column::CREATED_AT);
        let updated_at = self.read_time(column::UPDATED_AT);
        for column in self.malformed_in_row.drain(..) {
            self.malformed.entry(column).or_default().extend(u32::try_from(self.rows.len()));
        }
        self.rows.close_row();
        RowKey { id, created_at, updated_at }
    }

    /// Reads a time, in microseconds UTC.
    fn read_time(&mut self, column: usize) -> Option<i64> {
        let time = normalize::timestamp(self.rows.open_text(column)?);
        match time {
            Ok(None) if column == column::CREATED_AT => self.never_created.extend(u32::try_from(self.rows.len())),
            Err(_) => self.note_malformed(column),
            Ok(_) => {}
        }
        let time = time.ok().flatten();
        self.rows.set_time(column, time);
        time
    }

    /// Notes that the contact being read has a value of a type or form that the documentation does not allow.
    pub(super) fn note_malformed(&mut self, column: usize) {
        if !self.malformed_in_row.contains(&column) {
            self.malformed_in_row.push(column);
        }
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
        ContactPage { rows, items, rejected, unknown_fields, never_created, malformed: malformed.into_iter().collect() }
    }
}

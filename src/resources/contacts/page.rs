//! One page of contacts, while it is read and after.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use bytestring::ByteString;

use super::rows::Rows;
use super::schema::column;
use super::{BatchBuilder, contacts_schema, normalize};
use crate::listing::{ListPage, RowId, RowKey};

/// Undocumented field names kept per page; a server that invents more of them is counted under one name.
pub(super) const MAX_UNKNOWN_FIELDS: usize = 64;
pub(super) const OTHER_UNKNOWN_FIELDS: &str = "(other)";

/// Longest list of channels that is one: each name in it becomes a text of its own.
const MAX_CHANNELS_BYTES: usize = 4 << 10;

/// Items of a page that are kept for each that was asked for: some servers repeat a few, none sends a multiple.
const MAX_ITEMS_PER_ASKED: usize = 4;

/// Items of a page that are kept however few were asked for.
const MIN_MAX_ITEMS: usize = 400;

/// Largest page that can be asked for.
const LARGEST_PAGE: u32 = 10_000;

/// How many items a page may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(usize);

impl PageLimit {
    /// For an answer to a request for `size` items: a few times as many.
    pub fn for_size(size: u32) -> Self {
        Self((size as usize).saturating_mul(MAX_ITEMS_PER_ASKED).max(MIN_MAX_ITEMS))
    }

    /// Items at most.
    pub fn items(self) -> usize {
        self.0
    }
}

impl Default for PageLimit {
    /// Where it is not known how many were asked for.
    fn default() -> Self {
        Self::for_size(LARGEST_PAGE)
    }
}

/// What a page holds unless the answer shows otherwise; only a first guess for the size of buffers.
const USUAL_PAGE_ROWS: usize = 100;

/// The contacts of one answer: read and checked, but not yet in columns. [`BatchBuilder`] makes those.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactPage {
    /// The accepted contacts in the order of the answer.
    pub(super) rows: Rows,
    /// One entry for each place in the answer's list; `None` where the item was rejected.
    pub items: Vec<Option<RowKey>>,
    /// Items that cannot be contacts, by kind.
    pub rejected: Vec<RejectedItems>,
    /// Fields that no documentation names, each with the rows that carried it.
    pub unknown_fields: Vec<(String, Vec<u32>)>,
    /// Rows whose `created_at` was the year 1: a date that was never set, and is null in the columns.
    pub never_created: Vec<u32>,
    /// Columns with values of a type or form that the documentation does not allow, each with the rows that carried one.
    pub malformed: Vec<(usize, Vec<u32>)>,
}

impl ListPage for ContactPage {
    fn items(&self) -> &[Option<RowKey>] {
        &self.items
    }
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

/// Items of a page that are no contacts, for the same reason and with the same fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedItems {
    /// Why.
    pub reason: RejectReason,
    /// Names of the documented fields that they carried; never a value.
    pub fields: Vec<&'static str>,
    /// Their places in the answer's list, from 0.
    pub positions: Vec<usize>,
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
    rejected: Vec<RejectedItems>,
    unknown_fields: Vec<(String, Vec<u32>)>,
    never_created: Vec<u32>,
    malformed_in_row: Vec<usize>,
    malformed: BTreeMap<usize, Vec<u32>>,
    limit: PageLimit,
}

impl PageBuilder {
    pub(super) fn new(body: ByteString, limit: PageLimit) -> Self {
        Self {
            limit,
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

    /// Whether there is room for another item.
    pub(super) fn has_room(&self) -> bool {
        self.items.len() < self.limit.items()
    }

    /// Ends the item being read.
    pub(super) fn end_item(&mut self, is_object: bool) {
        let id = self.rows.open_text(column::ID).filter(|id| is_object && normalize::trimmed(id).is_some());
        let key = id.map(RowId::new).map(|id| self.end_contact(id));
        if key.is_none() {
            let reason = if is_object { RejectReason::MissingId } else { RejectReason::NotAnObject };
            let fields = if is_object { self.rows.open_names() } else { Vec::new() };
            self.reject(reason, fields);
            self.rows.drop_row();
        }
        self.items.push(key);
        self.unknown_in_row.clear();
        self.malformed_in_row.clear();
    }

    fn reject(&mut self, reason: RejectReason, fields: Vec<&'static str>) {
        let position = self.items.len();
        let is_alike = |kind: &&mut RejectedItems| kind.reason == reason && kind.fields == fields;
        match self.rejected.iter_mut().find(is_alike) {
            Some(kind) => kind.positions.push(position),
            None => self.rejected.push(RejectedItems { reason, fields, positions: vec![position] }),
        }
    }

    fn end_contact(&mut self, id: RowId) -> RowKey {
        for name in self.unknown_in_row.drain(..) {
            self.unknown_fields[name].1.extend(u32::try_from(self.rows.len()));
        }
        if self.rows.open_text(column::AVAILABLE_CHANNELS).is_some_and(|text| text.len() > MAX_CHANNELS_BYTES) {
            self.rows.set_null(column::AVAILABLE_CHANNELS);
            self.note_malformed(column::AVAILABLE_CHANNELS);
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
        let name = if is_field_name(name) { name } else { OTHER_UNKNOWN_FIELDS };
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

/// Whether a name is one that a field may have, and cannot be a phone number, a link or a text: it is repeated to people.
fn is_field_name(name: &str) -> bool {
    const MAX_BYTES: usize = 64;
    const MIN_NUMBER_DIGITS: usize = 7;
    (1..=MAX_BYTES).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && name.bytes().filter(u8::is_ascii_digit).count() < MIN_NUMBER_DIGITS
}

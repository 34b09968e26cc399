//! One page of contacts, during and after reading.

use bytestring::ByteString;

use super::normalize;
use super::rows::ContactRows;
use super::schema::column;
use crate::listing::{ListPage, RowId, RowKey};
use crate::resources::RowPage;
use crate::resources::page::{FindingsBuilder, PageFindings, PageLimit, RejectReason, USUAL_PAGE_ROWS};
use crate::time::Timestamp;

/// Maximum length of a list of channels, because each name in it becomes a separate text.
pub(super) const MAX_CHANNELS_BYTES: usize = 4 << 10;

/// The contacts of one response, read and checked, but not yet in columns. [`BatchBuilder`](super::BatchBuilder) builds those.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactPage {
    /// The accepted contacts in the order of the response.
    pub(super) rows: ContactRows,
    /// One entry for each item of the response's list; `None` if it was rejected.
    pub items: Vec<Option<RowKey>>,
    /// What the response contained besides the contacts' values.
    pub findings: PageFindings,
    /// Whether the response to a lookup states that it lacks some contacts. The pages of a list are compared by the walk.
    pub(super) is_part: bool,
}

impl ListPage for ContactPage {
    fn items(&self) -> &[Option<RowKey>] {
        &self.items
    }
}

impl RowPage for ContactPage {
    fn findings(&self) -> &PageFindings {
        &self.findings
    }
}

impl ContactPage {
    /// Accepted contacts.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }
}

/// A page that is being read.
pub(super) struct ContactPageBuilder {
    pub(super) rows: ContactRows,
    items: Vec<Option<RowKey>>,
    pub(super) findings: FindingsBuilder,
    limit: PageLimit,
}

impl ContactPageBuilder {
    pub(super) fn new(body: ByteString, limit: PageLimit) -> Self {
        let items = Vec::with_capacity(USUAL_PAGE_ROWS);
        Self { limit, rows: ContactRows::new(body, USUAL_PAGE_ROWS), items, findings: FindingsBuilder::default() }
    }

    /// Whether another item is allowed.
    pub(super) fn has_room(&self) -> bool {
        self.items.len() < self.limit.items()
    }

    /// Finishes the item that is being read.
    pub(super) fn end_item(&mut self, is_object: bool) {
        let id = self.rows.open_text(column::ID).filter(|id| is_object && normalize::trimmed(id).is_some());
        let key = id.map(RowId::new).map(|id| self.end_contact(id));
        if key.is_none() {
            let reason = if is_object { RejectReason::MissingId } else { RejectReason::NotAnObject };
            let fields = if is_object { self.rows.open_names() } else { Vec::new() };
            self.findings.reject(self.items.len(), reason, fields);
            self.rows.drop_row();
        }
        self.items.push(key);
    }

    fn end_contact(&mut self, id: RowId) -> RowKey {
        if self.rows.open_text(column::AVAILABLE_CHANNELS).is_some_and(|text| text.len() > MAX_CHANNELS_BYTES) {
            self.rows.set_null(column::AVAILABLE_CHANNELS);
            self.findings.note_malformed(column::AVAILABLE_CHANNELS);
        }
        let created_at = self.read_time(column::CREATED_AT);
        let updated_at = self.read_time(column::UPDATED_AT);
        self.findings.end_row(self.rows.len());
        self.rows.close_row();
        RowKey { id, created_at, updated_at }
    }

    /// Reads a time, in microseconds UTC.
    fn read_time(&mut self, column: usize) -> Option<i64> {
        let time = Timestamp::parse_set(self.rows.open_text(column)?);
        match time {
            Ok(None) if column == column::CREATED_AT => self.findings.note_never_created(self.rows.len()),
            Err(_) => self.findings.note_malformed(column),
            Ok(_) => {}
        }
        let time = time.ok().flatten().map(Timestamp::micros);
        self.rows.set_time(column, time);
        time
    }

    pub(super) fn finish(self) -> ContactPage {
        ContactPage { rows: self.rows, items: self.items, findings: self.findings.finish(), is_part: false }
    }
}

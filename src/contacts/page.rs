//! One page of contacts after decoding.

use std::fmt;

use arrow::array::RecordBatch;

use super::rows::Rows;
use super::{BatchBuilder, ContactId, contacts_schema};

/// The contacts of one answer: read and checked, but not yet in columns. [`BatchBuilder`] makes
/// those.
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
    /// Values of a type or form that the documentation does not allow, by column; they became null.
    pub malformed: Vec<(usize, u64)>,
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

impl RowKey {
    /// The latest moment at which the contact is known to have changed.
    pub fn touched_at(&self) -> Option<i64> {
        self.created_at.max(self.updated_at)
    }
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

impl fmt::Display for RejectReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

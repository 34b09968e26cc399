//! One page of contacts after decoding.

use std::fmt;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;

use super::ContactId;

/// The contacts of one answer, cleaned and in columns.
#[derive(Debug, Clone)]
pub struct ContactPage {
    /// The accepted contacts in the order of the answer, with all columns of [`contacts_schema`](super::contacts_schema).
    pub batch: RecordBatch,
    /// One entry for each place in the answer's list; `None` where the item was rejected.
    pub items: Vec<Option<RowKey>>,
    /// Items that cannot be contacts.
    pub rejected: Vec<RejectedItem>,
    /// Fields that no documentation names, each with the rows of `batch` that carried it.
    pub unknown_fields: Vec<(String, Vec<u32>)>,
    /// Rows of `batch` whose `created_at` was the year 1: a date that was never set, and is null there.
    pub never_created: Vec<u32>,
    /// Values of a type or form that the documentation does not allow, by column; they became null.
    pub malformed: Vec<(usize, u64)>,
}

impl ContactPage {
    /// The rows for which `keep` holds, one entry a row. Copies nothing when all are kept.
    pub fn filter(&self, keep: &[bool]) -> RecordBatch {
        if keep.iter().all(|&kept| kept) {
            return self.batch.clone();
        }
        filter_record_batch(&self.batch, &BooleanArray::from(keep.to_vec())).expect("one flag for each row")
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

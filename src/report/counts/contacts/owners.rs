//! The owner of each row: the profile that it was read for, or else its customer.
//!
//! The contacts of an organization belong to its profiles. An id or a number that two profiles have is not repeated.

use arrow::array::{Array, AsArray, RecordBatch, StringArray};

use super::super::names::TextColumn;
use super::super::repeats::owner_hash;
use crate::resources::PROFILE_ID;

/// The owners of the rows of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owners<'a> {
    texts: TextColumn<'a>,
    /// The owner of the previous row; most rows have the same owner as the previous one.
    last: &'a [u8],
    last_hash: u64,
}

impl<'a> Owners<'a> {
    /// The owners of the rows of a batch; `customers` is its column of customers.
    pub(super) fn of(batch: &'a RecordBatch, customers: &'a StringArray) -> Self {
        let profiles = batch.column_by_name(PROFILE_ID).and_then(|profiles| profiles.as_string_opt::<i32>());
        // In a file without the column, all values are null.
        let profiles = profiles.filter(|profiles| profiles.null_count() < profiles.len());
        Self { texts: TextColumn::new(profiles.unwrap_or(customers)), last: &[], last_hash: 0 }
    }

    /// The hash of the owner of a row; 0 if the owner is unknown.
    #[inline]
    pub(super) fn hash(&mut self, row: usize) -> u64 {
        let owner = self.texts.bytes(row);
        if owner != self.last {
            self.last = owner;
            self.last_hash = if owner.is_empty() { 0 } else { owner_hash(owner) };
        }
        self.last_hash
    }
}

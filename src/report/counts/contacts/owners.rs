//! Whose each row is: the profile that it was read for, else its customer.
//!
//! The contacts of an organization belong to its profiles. What two profiles both have is not repeated.

use arrow::array::{Array, AsArray, RecordBatch, StringArray};

use super::super::names::TextColumn;
use super::super::repeats::owner_hash;
use crate::resources::PROFILE_ID;

/// Whose each row of a batch is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owners<'a> {
    texts: TextColumn<'a>,
    /// The last one, which most often is the next one, too.
    last: &'a [u8],
    last_hash: u64,
}

impl<'a> Owners<'a> {
    /// Those of a batch with this column of customers.
    pub(super) fn of(batch: &'a RecordBatch, customers: &'a StringArray) -> Self {
        let profiles = batch.column_by_name(PROFILE_ID).and_then(|profiles| profiles.as_string_opt::<i32>());
        // Few files have the column, and its values are null then.
        let profiles = profiles.filter(|profiles| profiles.null_count() < profiles.len());
        Self { texts: TextColumn::new(profiles.unwrap_or(customers)), last: &[], last_hash: 0 }
    }

    /// A hash of whose the row is; 0 if that is not known.
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

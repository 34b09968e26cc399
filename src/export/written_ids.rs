//! Collects the ids of the written rows, for reading by them.

use arrow::array::{Array, AsArray, RecordBatch};
use uuid::Uuid;

/// The ids of the written rows in order: 16 bytes per id.
#[derive(Debug, Clone)]
pub struct WrittenIds {
    id_column: usize,
    /// Rows without a value here are not written.
    needed_column: Option<usize>,
    ids: Vec<Uuid>,
    not_uuids: u64,
}

impl WrittenIds {
    /// An empty collection. `id_column` is the position of a text column in the schema; rows that are null in
    /// `needed_column` are not written.
    pub fn new(id_column: usize, needed_column: Option<usize>) -> Self {
        Self { id_column, needed_column, ids: Vec::new(), not_uuids: 0 }
    }

    /// Adds the ids of a batch with all columns of the resource.
    pub(super) fn add_batch(&mut self, batch: &RecordBatch) {
        let ids = batch.column(self.id_column).as_string::<i32>();
        let needed = self.needed_column.map(|column| batch.column(column));
        for (row, id) in ids.iter().enumerate() {
            if needed.is_some_and(|column| column.is_null(row)) {
                continue;
            }
            match id.and_then(|id| Uuid::try_parse(id).ok()) {
                Some(id) => self.ids.push(id),
                None => self.not_uuids += 1,
            }
        }
    }

    /// The ids, and the number of rows whose id is not a UUID, by which nothing can be read.
    pub fn into_parts(self) -> (Vec<Uuid>, u64) {
        (self.ids, self.not_uuids)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int32Array, StringArray};

    use super::*;

    #[test]
    fn ids_of_rows_that_are_not_written_are_left_out_and_what_is_no_uuid_is_counted() {
        let id = Uuid::from_u128(7);
        let texts = [Uuid::nil().to_string(), id.to_string(), "m-1".to_owned()];
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
        let days: ArrayRef = Arc::new(Int32Array::from(vec![None, Some(1), Some(2)]));
        let batch = RecordBatch::try_from_iter_with_nullable([("id", ids, false), ("day", days, true)]).unwrap();
        let written = |needed| {
            let mut written = WrittenIds::new(0, needed);
            written.add_batch(&batch);
            written.into_parts()
        };
        assert_eq!(written(Some(1)), (vec![id], 1));
        assert_eq!(written(None), (vec![Uuid::nil(), id], 1));
    }
}

//! What a reader of a format hands over: batches in the schema that is read, and what it learned of the file.

use super::content::Content;
use crate::report::Filters;
use arrow::array::{ArrayRef, RecordBatch, new_null_array};

/// Some rows of a file.
#[derive(Debug)]
pub struct Piece {
    /// All columns of [`Content::schema`]; those that were not read hold nulls.
    pub batch: RecordBatch,
    /// Which columns were read.
    pub columns: Vec<bool>,
    /// Missing values of columns that were not read, where the file itself says how many there are.
    pub missing: Vec<(usize, u64)>,
    /// How much of the file is read, in bytes of its size.
    pub bytes_read: u64,
}

/// What a whole file held.
#[derive(Debug, Default)]
pub struct FileFacts {
    /// Rows.
    pub rows: u64,
    /// Columns of [`Content::schema`] that it does not have.
    pub absent: Vec<usize>,
    /// Values that could not be read, by column.
    pub malformed: Vec<(usize, u64)>,
    /// What its export left out on request, where the file or its manifest tells.
    pub filters: Option<Filters>,
}

/// Which columns to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    Ids,
}

impl Wanted {
    /// Takes away the places of all other columns.
    pub(super) fn keep(self, content: Content, places: &mut [Option<usize>]) {
        if self == Self::Ids {
            places
                .iter_mut()
                .enumerate()
                .filter(|(column, _)| *column != content.id())
                .for_each(|(_, place)| *place = None);
        }
    }
}

/// A batch with all columns of a schema, nulls where there is no array.
pub(super) fn filled_up(content: Content, arrays: Vec<Option<ArrayRef>>, rows: usize) -> RecordBatch {
    let schema = content.schema();
    let columns = schema.fields().iter().zip(arrays).map(|(field, array)| {
        let array = array.unwrap_or_else(|| new_null_array(field.data_type(), rows));
        (field.name().clone(), array, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).expect("all columns have the same number of rows")
}

//! What a reader of a format hands over: batches in the schema of contacts, and what it learned of the file.

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::DataType;

use crate::report::Filters;
use crate::resources::contacts::{column, contacts_schema};

/// Some contacts of a file.
#[derive(Debug)]
pub struct Piece {
    /// All columns of the contacts schema; those that were not read hold nulls.
    pub batch: RecordBatch,
    /// Which columns were read.
    pub columns: [bool; column::COUNT],
    /// Missing values of columns that were not read, where the file itself says how many there are.
    pub missing: Vec<(usize, u64)>,
    /// How much of the file is read, in bytes of its size.
    pub bytes_read: u64,
}

/// What a whole file held.
#[derive(Debug, Default)]
pub struct FileFacts {
    /// Contacts.
    pub rows: u64,
    /// Columns of the contacts schema that it does not have.
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
    pub(super) fn keep(self, places: &mut [Option<usize>]) {
        if self == Self::Ids {
            places
                .iter_mut()
                .enumerate()
                .filter(|(column, _)| *column != column::ID)
                .for_each(|(_, place)| *place = None);
        }
    }
}

/// A batch with all columns of the contacts schema, nulls where there is no array.
pub(super) fn filled_up(arrays: Vec<Option<ArrayRef>>, rows: usize) -> RecordBatch {
    let schema = contacts_schema();
    let columns = schema.fields().iter().zip(arrays).map(|(field, array)| {
        let array = array.unwrap_or_else(|| new_null_array(field.data_type(), rows));
        (field.name().clone(), array, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).expect("all columns have the same number of rows")
}

/// The type of a column of the contacts schema.
pub(super) fn column_type(column: usize) -> DataType {
    contacts_schema().field(column).data_type().clone()
}

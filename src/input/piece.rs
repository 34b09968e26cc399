//! What the reader of a format returns: batches, and facts about the file.

use super::error::SourceError;
use super::source_file::SourceFile;
use crate::report::Filters;
use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::{FieldRef, Schema};

/// Some rows of a file.
#[derive(Debug)]
pub struct Piece {
    /// All columns of [`SourceFile::schema`]; those that were not read hold nulls.
    pub batch: RecordBatch,
    /// Which columns were read.
    pub columns: Vec<bool>,
    /// Missing values of columns that were not read, if the file states their number.
    pub missing: Vec<(usize, u64)>,
    /// Bytes of the file that were read.
    pub bytes_read: u64,
}

/// Facts about a file that was read to its end.
#[derive(Debug, Default)]
pub struct FileFacts {
    /// Rows.
    pub rows: u64,
    /// Columns of [`SourceFile::schema`] that it lacks.
    pub absent: Vec<usize>,
    /// Values that could not be read, by column.
    pub malformed: Vec<(usize, u64)>,
    /// Filters of its export, if the file or its manifest has them.
    pub filters: Option<Filters>,
}

/// Which columns to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    Ids,
}

impl Wanted {
    /// Removes the indices of all other columns.
    pub(super) fn keep(self, file: &SourceFile, places: &mut [Option<usize>]) {
        if self == Self::Ids {
            places
                .iter_mut()
                .enumerate()
                .filter(|(column, _)| *column != file.id())
                .for_each(|(_, place)| *place = None);
        }
    }
}

/// Finds the columns of a file's schema in its header: the position of each wanted one, and the facts about the file so
/// far.
///
/// # Errors
/// When the header has none of the columns.
pub(super) fn match_header(
    file: &SourceFile,
    schema: &Schema,
    header: &[&str],
    wanted: Wanted,
) -> Result<(Vec<Option<usize>>, FileFacts), SourceError> {
    let position = |field: &FieldRef| header.iter().position(|name| name == field.name());
    let mut places: Vec<Option<usize>> = schema.fields().iter().map(position).collect();
    if places.iter().all(Option::is_none) {
        return Err(SourceError::NoColumns { path: file.path.clone() });
    }
    let absent = (0..places.len()).filter(|&column| places[column].is_none()).collect();
    wanted.keep(file, &mut places);
    Ok((places, FileFacts { absent, ..FileFacts::default() }))
}

/// A batch with all columns of a file; those without an array are null.
pub(super) fn filled_up(file: &SourceFile, arrays: Vec<Option<ArrayRef>>, rows: usize) -> RecordBatch {
    let schema = file.schema();
    let columns = schema.fields().iter().zip(arrays).map(|(field, array)| {
        let array = array.unwrap_or_else(|| new_null_array(field.data_type(), rows));
        (field.name().clone(), array, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).expect("all columns have the same number of rows")
}

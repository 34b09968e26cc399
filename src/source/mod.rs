//! From exported files back to record batches, for reports on what is already on the disk.
//!
//! [`find_files`] turns the paths of a command line into files, [`read_file`] hands their contacts on batch by batch, so
//! that memory is one batch and one Parquet page per column, whatever the files' size. Called by `commands::report`.
//!
//! *Easy to get wrong:* a file need not have all columns, and a null cannot be told from an empty text in CSV. So every
//! [`Piece`] says which of its columns are real, and nobody here gives a meaning to an empty text.
//!
//! Tests compare the report on every format with the export's own summary (`tests/it/report.rs`).

mod csv;
mod error;
mod find;
mod parquet;

use std::path::PathBuf;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::DataType;

pub use self::error::SourceError;
pub use self::find::{Found, Skipped, find_files};
use crate::contacts::{BATCH_ROWS, column, contacts_schema};
use crate::sink::OutputFormat;

/// A file of exported contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// As it was given or found.
    pub path: PathBuf,
    /// Where it really is, without links.
    pub real: PathBuf,
    /// By its extension.
    pub format: OutputFormat,
    /// Its size.
    pub bytes: u64,
}

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
}

/// Reads a file to its end.
///
/// # Errors
/// When it cannot be read, or holds no column of contacts.
pub fn read_file(file: &SourceFile, take: &mut dyn FnMut(Piece)) -> Result<FileFacts, SourceError> {
    match file.format {
        OutputFormat::Parquet => parquet::read(file, take),
        OutputFormat::Csv | OutputFormat::CsvGzip | OutputFormat::CsvZstd => csv::read(file, take),
    }
}

/// A batch with all columns of the contacts schema, nulls where there is no array.
fn filled_up(arrays: Vec<Option<ArrayRef>>, rows: usize) -> RecordBatch {
    let schema = contacts_schema();
    let columns = schema.fields().iter().zip(arrays).map(|(field, array)| {
        let array = array.unwrap_or_else(|| new_null_array(field.data_type(), rows));
        (field.name().clone(), array, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).expect("all columns have the same number of rows")
}

/// The type of a column of the contacts schema.
fn column_type(column: usize) -> DataType {
    contacts_schema().field(column).data_type().clone()
}

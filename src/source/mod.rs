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
mod published;

use std::fs;
use std::path::PathBuf;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::DataType;
use chrono::{DateTime, Utc};

pub use self::error::SourceError;
use self::find::without_extension;
pub use self::find::{Found, Skipped, find_files};
pub use self::published::Published;
use crate::contacts::{BATCH_ROWS, column, contacts_schema};
use crate::sink::OutputFormat;
use crate::summary::Filters;

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
    /// What the manifest of its export says of it.
    pub published: Option<Published>,
}

impl SourceFile {
    /// The moment of the contacts in it, as well as it is known: its export's, else its last change.
    pub fn moment(&self) -> Option<DateTime<Utc>> {
        let changed = || fs::metadata(&self.real).and_then(|facts| facts.modified()).ok().map(DateTime::from);
        self.published.as_ref().map(|published| published.at).or_else(changed)
    }

    /// Holds a number against the manifest, if there is one.
    fn check(&self, unit: &'static str, found: u64, listed: fn(&Published) -> u64) -> Result<(), SourceError> {
        match &self.published {
            Some(published) if listed(published) != found => Err(SourceError::NotAsPublished {
                path: self.path.clone(),
                manifest: published.manifest.clone(),
                unit,
                found,
                listed: listed(published),
            }),
            _ => Ok(()),
        }
    }
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
    /// What its export left out on request, where the file or its manifest tells.
    pub filters: Option<Filters>,
}

/// Reads a file to its end, and holds it against the manifest of its export.
///
/// # Errors
/// When it cannot be read, is not whole, or holds no column of contacts.
pub fn read_file(file: &SourceFile, take: &mut dyn FnMut(Piece)) -> Result<FileFacts, SourceError> {
    file.check("bytes", file.bytes, |published| published.bytes)?;
    let mut facts = match file.format {
        OutputFormat::Parquet => parquet::read(file, take),
        OutputFormat::Csv | OutputFormat::CsvGzip | OutputFormat::CsvZstd => csv::read(file, take),
    }?;
    file.check("contacts", facts.rows, |published| published.rows)?;
    facts.filters = facts.filters.or_else(|| Some(file.published.as_ref()?.filters.clone()));
    Ok(facts)
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

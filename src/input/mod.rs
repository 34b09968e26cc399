//! From exported files back to record batches, for reports on what is already on the disk.
//!
//! [`find_files`] turns the paths of a command line into files, [`read_file`] hands their contacts on batch by batch, so
//! that memory is one batch and one Parquet page per column, whatever the files' size. Called by `commands::report`.
//!
//! [`choose_snapshots`] finds out which of several files are older states of the same account.
//!
//! *Easy to get wrong:* a file need not have all columns, and a null cannot be told from an empty text in CSV. So every
//! [`Piece`] says which of its columns are real, and an empty text is null in every format.
//!
//! Tests compare the report on every format with the export's own summary (`tests/it/report.rs`).

mod coerce;
mod csv;
mod error;
mod find;
mod parquet;
mod published;
mod sketch;
mod snapshots;
mod text;
mod watch;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::DataType;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

pub use self::error::SourceError;
use self::find::without_extension;
pub use self::find::{Found, Skipped, find_files};
pub use self::published::Published;
pub use self::snapshots::{Chosen, Snapshots, choose_snapshots};
use self::watch::{Ended, Reporter, watch};
use crate::format::OutputFormat;
use crate::report::Filters;
use crate::resources::contacts::{BATCH_ROWS, column, contacts_schema};

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
    /// The manifest beside it, where that cannot be read and no other lists the file.
    pub unread_manifest: Option<PathBuf>,
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

/// Which columns to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    All,
    Ids,
}

impl Wanted {
    /// Takes away the places of all other columns.
    fn keep(self, places: &mut [Option<usize>]) {
        if self == Self::Ids {
            places
                .iter_mut()
                .enumerate()
                .filter(|(column, _)| *column != column::ID)
                .for_each(|(_, place)| *place = None);
        }
    }
}

/// How long nothing may be read from a file before it is given up. A damaged file can keep its reader busy for ever, and
/// the slowest disk that answers at all reads a few bytes within this.
const STALL_LIMIT: Duration = Duration::from_secs(30);

/// Reads a file to its end, and holds it against the manifest of its export.
///
/// # Errors
/// When it cannot be read, is not whole or not what was published, or holds no column of contacts.
pub fn read_file(file: &SourceFile, take: &mut dyn FnMut(Piece)) -> Result<FileFacts, SourceError> {
    file.check("bytes", file.bytes, |published| published.bytes)?;
    let mut facts = read_columns(file, Wanted::All, take)?;
    file.check("contacts", facts.rows, |published| published.rows)?;
    facts.filters = facts.filters.or_else(|| Some(file.published.as_ref()?.filters.clone()));
    Ok(facts)
}

fn read_columns(file: &SourceFile, wanted: Wanted, take: &mut dyn FnMut(Piece)) -> Result<FileFacts, SourceError> {
    let path = || file.path.clone();
    let source = file.clone();
    let read = move |reporter: &Reporter<Piece>| {
        if wanted == Wanted::All {
            check_sum(&source, reporter)?;
        }
        match source.format {
            OutputFormat::Parquet => parquet::read(&source, wanted, reporter),
            OutputFormat::Csv | OutputFormat::CsvGzip | OutputFormat::CsvZstd => csv::read(&source, wanted, reporter),
        }
    };
    // Whoever writes into a pipe may take as long as they like.
    let limit = fs::metadata(&file.real).is_ok_and(|facts| facts.is_file()).then_some(STALL_LIMIT);
    watch(limit, read, take).unwrap_or_else(|ended| {
        Err(match ended {
            Ended::Panicked => SourceError::Damaged { path: path() },
            Ended::Stalled(limit) => SourceError::Stalled { path: path(), limit },
            Ended::NotStarted(kind) => SourceError::Open { path: path(), source: kind.into() },
        })
    })
}

/// Holds the bytes of a file against its manifest, before anything in them is trusted.
fn check_sum(file: &SourceFile, reporter: &Reporter<Piece>) -> Result<(), SourceError> {
    let Some((published, listed)) =
        file.published.as_ref().and_then(|published| Some((published, published.sha256.as_ref()?)))
    else {
        return Ok(());
    };
    let failed = |source| SourceError::Open { path: file.path.clone(), source };
    let found = sha256(reporter.watched(File::open(&file.path).map_err(failed)?)).map_err(failed)?;
    if found.eq_ignore_ascii_case(listed) {
        return Ok(());
    }
    Err(SourceError::ChecksumDiffers { path: file.path.clone(), manifest: published.manifest.clone() })
}

fn sha256(mut reader: impl Read) -> io::Result<String> {
    const CHUNK_BYTES: usize = 256 << 10;
    let (mut digest, mut chunk) = (Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => return Ok(hexadecimal(&digest.finalize())),
            Ok(count) => digest.update(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
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

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
mod parquet;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::DataType;

pub use self::error::SourceError;
use crate::contacts::{BATCH_ROWS, column, contacts_schema};
use crate::sink::OutputFormat;

/// A file of exported contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
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

/// All files that the paths name, a folder's own in the order of their names.
///
/// Of files in one folder whose names differ only in the extension, as one export into several formats makes them, the
/// first is taken, Parquet before CSV: they hold the same contacts.
///
/// # Errors
/// When a path does not exist, is no export by its name, or is a folder without any.
pub fn find_files(paths: &[PathBuf]) -> Result<Vec<SourceFile>, SourceError> {
    let mut files = Vec::new();
    for path in paths {
        let opened = |source| SourceError::Open { path: path.clone(), source };
        let facts = fs::metadata(path).map_err(opened)?;
        if facts.is_dir() {
            let before = files.len();
            collect_folder(path, &mut files).map_err(opened)?;
            if files.len() == before {
                return Err(SourceError::EmptyFolder { path: path.clone() });
            }
            continue;
        }
        let format =
            OutputFormat::from_path(path).ok_or_else(|| SourceError::UnknownExtension { path: path.clone() })?;
        files.push(SourceFile { path: path.clone(), format, bytes: facts.len() });
    }
    Ok(files)
}

fn collect_folder(folder: &Path, files: &mut Vec<SourceFile>) -> std::io::Result<()> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Hidden files are those that an export has not finished yet.
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    let (folders, paths): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    let mut stems = HashSet::new();
    for format in OutputFormat::ALL {
        for path in paths.iter().filter(|path| OutputFormat::from_path(path) == Some(format)) {
            let name = path.to_string_lossy();
            if stems.insert(name[..name.len() - format.name().len()].to_owned()) {
                files.push(SourceFile { path: path.clone(), format, bytes: fs::metadata(path)?.len() });
            }
        }
    }
    folders.iter().try_for_each(|folder| collect_folder(folder, files))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_each_export_once_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("z")).unwrap();
        for name in ["b.csv", "b.csv.gz", "a.csv", "a.parquet", "notes.txt", ".c.csv.partial", ".d.csv", "z/e.csv.zst"]
        {
            fs::write(folder.path().join(name), "id\n").unwrap();
        }
        let files = find_files(&[folder.path().to_owned()]).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.path.strip_prefix(folder.path()).unwrap()).collect();
        assert_eq!(names, [Path::new("a.parquet"), Path::new("b.csv"), Path::new("z/e.csv.zst")]);
    }

    #[test]
    fn what_is_no_export_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("notes.txt");
        fs::write(&text, "hello").unwrap();
        assert!(matches!(find_files(&[text]), Err(SourceError::UnknownExtension { .. })));
        assert!(matches!(find_files(&[folder.path().to_owned()]), Err(SourceError::EmptyFolder { .. })));
        assert!(matches!(find_files(&[folder.path().join("x.csv")]), Err(SourceError::Open { .. })));
    }
}

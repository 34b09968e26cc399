//! Reads a column of ids from a table in any format of an export.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};

use arrow::array::Array;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::value::RawValue;

use super::coerce::texts;
use super::csv_text::open_csv;
use super::error::SourceError;
use super::id_error::IdError;
use super::ipc::IpcSource;
use super::parquet::{ParquetFile, load};
use super::read::stall_limit;
use super::source_file::SourceFile;
use super::text_file::{READ_BUFFER_BYTES, open_text};
use super::watch::{ReadThreadFailure, Reporter, watch};
use super::xlsx::XlsxSource;
use crate::format::Format;

/// Number of ids that are passed on at a time.
const CHUNK_IDS: usize = 8192;
/// Maximum number of columns that an error names.
const MAX_NAMED: usize = 20;

/// The column with the ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdColumn {
    /// Accepted names, in order of preference.
    names: Vec<String>,
}

impl IdColumn {
    /// The column with this name.
    pub fn named(name: &str) -> Self {
        Self { names: vec![name.to_owned()] }
    }

    /// The first of these columns that a table has.
    pub fn first_of(names: &[&str]) -> Self {
        Self { names: names.iter().map(|&name| name.to_owned()).collect() }
    }

    /// The index of the most preferred name among the columns of a table.
    fn find<'a>(&self, file: &SourceFile, names: impl Iterator<Item = &'a str> + Clone) -> Result<usize, IdError> {
        let place = |wanted: &String| names.clone().position(|name| name == wanted);
        self.names.iter().find_map(place).ok_or_else(|| self.not_among(file, names))
    }

    fn not_among<'a>(&self, file: &SourceFile, names: impl Iterator<Item = &'a str>) -> IdError {
        let mut found: Vec<&str> = names.take(MAX_NAMED + 1).collect();
        if found.len() > MAX_NAMED {
            found[MAX_NAMED] = "...";
        }
        let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
        IdError::NoColumn { path: file.path.clone(), wanted: self.names.join(" or "), found }
    }
}

/// Consecutive rows of a table: the number of the first one, from 1, and the text of each row's id, if it has one.
type IdBatch = (u64, Vec<Option<String>>);

/// Passes the ids of a table to `take`, with their row numbers from 1.
///
/// # Errors
/// When the table cannot be read or has no such column, or with the first error of `take`.
pub(super) fn read_ids(
    file: &SourceFile,
    column: &IdColumn,
    mut take: impl FnMut(u64, Option<String>) -> Result<(), IdError>,
) -> Result<(), IdError> {
    let (source, column) = (file.clone(), column.clone());
    let read = move |reporter: &Reporter<IdBatch>| match source.format.format() {
        Format::Parquet => from_parquet(&source, &column, reporter),
        Format::Arrow | Format::ArrowStream => from_ipc(&source, &column, reporter),
        Format::Csv => from_csv(&source, &column, reporter),
        Format::Ndjson => from_ndjson(&source, &column, reporter),
        Format::Xlsx => from_xlsx(&source, &column, reporter),
    };
    let mut taken = Ok(());
    let mut take_chunk = |(first, ids): IdBatch| {
        for (row, id) in (first..).zip(ids) {
            if taken.is_ok() {
                taken = take(row, id);
            }
        }
    };
    let ended = watch(stall_limit(file), read, &mut take_chunk);
    let path = || file.path.clone();
    ended.unwrap_or_else(|ended| {
        Err(IdError::Table(match ended {
            ReadThreadFailure::Panicked => SourceError::Damaged { path: path() },
            ReadThreadFailure::Stalled(limit) => SourceError::Stalled { path: path(), limit },
            ReadThreadFailure::NotStarted(kind) => SourceError::Open { path: path(), source: kind.into() },
        }))
    })?;
    taken
}

/// Collects ids and passes them on in batches.
struct IdBatches<'a> {
    reporter: &'a Reporter<IdBatch>,
    first: u64,
    ids: Vec<Option<String>>,
}

impl<'a> IdBatches<'a> {
    fn new(reporter: &'a Reporter<IdBatch>) -> Self {
        Self { reporter, first: 1, ids: Vec::new() }
    }

    fn push(&mut self, id: Option<&str>) {
        self.ids.push(id.map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned));
        if self.ids.len() == CHUNK_IDS {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let ids = std::mem::take(&mut self.ids);
        let first = self.first;
        self.first += ids.len() as u64;
        self.reporter.hand_over((first, ids));
    }
}

fn unreadable(file: &SourceFile, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> IdError {
    IdError::Table(SourceError::Read { path: file.path.clone(), source: source.into() })
}

fn from_parquet(file: &SourceFile, column: &IdColumn, reporter: &Reporter<IdBatch>) -> Result<(), IdError> {
    let opened = |source| IdError::Table(SourceError::Open { path: file.path.clone(), source });
    let bytes = reporter.watched(File::open(&file.real).map_err(opened)?);
    let reader = ParquetFile { file: bytes, bytes: file.bytes };
    let metadata = load(&reader).map_err(|error| unreadable(file, error))?;
    let place = column.find(file, metadata.schema().fields().iter().map(|field| field.name().as_str()))?;
    let mask = ProjectionMask::roots(metadata.parquet_schema(), [place]);
    let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(reader, metadata)
        .with_projection(mask)
        .with_batch_size(CHUNK_IDS)
        .build()
        .map_err(|error| unreadable(file, error))?;
    let mut chunks = IdBatches::new(reporter);
    for batch in batches {
        let batch = batch.map_err(|error| unreadable(file, error))?;
        let (ids, _) = texts(batch.column(0)).map_err(|error| unreadable(file, error))?;
        (0..ids.len()).for_each(|row| chunks.push(ids.is_valid(row).then(|| ids.value(row))));
    }
    chunks.flush();
    Ok(())
}

fn from_ipc(file: &SourceFile, column: &IdColumn, reporter: &Reporter<IdBatch>) -> Result<(), IdError> {
    let mut source = IpcSource::open(file, reporter).map_err(IdError::Table)?;
    let place = column.find(file, source.schema().fields().iter().map(|field| field.name().as_str()))?;
    let mut chunks = IdBatches::new(reporter);
    while let Some(batch) = source.next_batch().map_err(IdError::Table)? {
        let (ids, _) = texts(batch.column(place)).map_err(|error| unreadable(file, error))?;
        (0..ids.len()).for_each(|row| chunks.push(ids.is_valid(row).then(|| ids.value(row))));
    }
    chunks.flush();
    Ok(())
}

fn from_csv(file: &SourceFile, column: &IdColumn, reporter: &Reporter<IdBatch>) -> Result<(), IdError> {
    let mut text = open_csv(file, reporter, &column.names)?;
    let header = text.reader.headers().map_err(|error| unreadable(file, error))?.clone();
    let place = column.find(file, header.iter())?;
    let mut chunks = IdBatches::new(reporter);
    let mut record = csv::StringRecord::new();
    while text.read_row(&mut record).map_err(|error| unreadable(file, error))? {
        chunks.push(record.get(place));
    }
    if !text.progress.is_at_line_end() {
        return Err(IdError::Table(SourceError::CutOff { path: file.path.clone() }));
    }
    chunks.flush();
    Ok(())
}

fn from_xlsx(file: &SourceFile, column: &IdColumn, reporter: &Reporter<IdBatch>) -> Result<(), IdError> {
    let mut source = XlsxSource::open(file, reporter)?;
    let header = source.header()?;
    let place = column.find(file, header.iter().map(String::as_str))?;
    let mut chunks = IdBatches::new(reporter);
    source.read_rows(&header, &mut |row| chunks.push(row.get(place).and_then(Option::as_deref)))?;
    chunks.flush();
    Ok(())
}

fn from_ndjson(file: &SourceFile, column: &IdColumn, reporter: &Reporter<IdBatch>) -> Result<(), IdError> {
    let (text, _) = open_text(file, reporter)?;
    let mut text = BufReader::with_capacity(READ_BUFFER_BYTES, text);
    let mut chunks = IdBatches::new(reporter);
    let (mut line, mut number) = (Vec::new(), 0_u64);
    loop {
        line.clear();
        if text.read_until(b'\n', &mut line).map_err(|error| unreadable(file, error))? == 0 {
            break;
        }
        number += 1;
        if !line.ends_with(b"\n") {
            return Err(IdError::Table(SourceError::CutOff { path: file.path.clone() }));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        // The message of the parser may quote the line.
        let row: BTreeMap<String, &RawValue> =
            serde_json::from_slice(&line).map_err(|_| unreadable(file, format!("line {number} is no JSON object")))?;
        let place = column.find(file, row.keys().map(String::as_str));
        // A writer may omit null values once another line had the column.
        let id = match place {
            Ok(place) => row.values().nth(place).map(|value| value.get().trim_matches('"')),
            Err(_) if number > 1 => None,
            Err(error) => return Err(error),
        };
        chunks.push(id.filter(|&id| id != "null"));
    }
    chunks.flush();
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use uuid::Uuid;

    use super::*;
    use crate::input::Mirror;
    use crate::input::ids::IdList;
    use crate::store::Stores;

    fn ids(count: u128) -> Vec<Uuid> {
        (0..count).map(Uuid::from_u128).collect()
    }

    fn read(path: &Path, column: &IdColumn) -> Result<IdList, IdError> {
        let mut list = IdList::default();
        list.read_tables(&mut Mirror::new(&Stores::new(&[], None)), path, column).map(|()| list)
    }

    fn usual() -> IdColumn {
        IdColumn::first_of(&["message_id", "id"])
    }

    #[test]
    fn ids_come_out_of_every_format() {
        let folder = tempfile::tempdir().unwrap();
        let all = ids(20_000);
        let path = |name: &str| folder.path().join(name);
        let csv: String = all.iter().fold("a,message_id\n".to_owned(), |text, id| text + &format!("\"x\ny\",{id}\n"));
        fs::write(path("1.csv"), &csv).unwrap();
        let ndjson = all.iter().fold(String::new(), |text, id| text + &format!("{{\"id\":\"{id}\",\"a\":[1]}}\n"));
        fs::write(path("2.ndjson"), ndjson).unwrap();
        let column: arrow::array::ArrayRef =
            std::sync::Arc::new(all.iter().map(|id| Some(id.to_string())).collect::<arrow::array::StringArray>());
        let batch = arrow::array::RecordBatch::try_from_iter([("n", column.clone()), ("id", column)]).unwrap();
        let file = File::create(path("3.parquet")).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let file = File::create(path("4.arrows")).unwrap();
        let mut writer = arrow_ipc::writer::StreamWriter::try_new(file, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.write_column(0, 1, std::iter::once("id".to_owned()).chain(all.iter().map(Uuid::to_string))).unwrap();
        workbook.save(path("5.xlsx")).unwrap();
        for name in ["1.csv", "2.ndjson", "3.parquet", "4.arrows", "5.xlsx"] {
            assert_eq!(read(&path(name), &usual()).unwrap().ids(), all, "{name}");
        }
        let all_of_folder = read(folder.path(), &usual()).unwrap();
        assert_eq!((all_of_folder.ids().len(), all_of_folder.repeated()), (20_000, 80_000));
    }

    #[test]
    fn a_missing_column_a_bad_id_and_a_truncated_end_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.csv");
        let error = |text: &str, column: &IdColumn| {
            fs::write(&path, text).unwrap();
            read(&path, column).unwrap_err()
        };
        let shown = error("a,b\n1,2\n", &usual()).to_string();
        assert!(shown.starts_with("no column message_id or id in ") && shown.ends_with(": it has a, b"), "{shown}");
        let shown = error("id\n+12025550123\n", &usual()).to_string();
        assert!(shown.starts_with("not a UUID: row 1 of "), "{shown}");
        let id = Uuid::nil();
        assert!(matches!(error(&format!("id\n{id}"), &usual()), IdError::Table(SourceError::CutOff { .. })));
        fs::write(&path, format!("id,other\n,{id}\n{id},\n")).unwrap();
        let list = read(&path, &usual()).unwrap();
        assert_eq!((list.ids().len(), list.without_id()), (1, 1));
        assert_eq!(read(&path, &IdColumn::named("other")).unwrap().without_id(), 1);
    }
}

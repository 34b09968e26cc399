//! Parquet files, row group by row group and only the columns that are needed.
//!
//! Columns of which only missing values are counted are mostly not read: the statistics of a row group have the number of
//! nulls, and a minimum that is not empty proves that no value is.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, Type};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ColumnChunkMetaData, FileMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};

use super::coerce::coerce;
use super::columns::find_columns;
use super::content::ColumnSet;
use super::error::SourceError;
use super::piece::{FileFacts, Piece, Wanted, filled_up};
use super::source_file::SourceFile;
use super::watch::{Reporter, Watched};
use crate::format::FILTERS_KEY;
use crate::report::Filters;
use crate::resources::contacts::BATCH_ROWS;

pub(super) fn read(file: &SourceFile, wanted: Wanted, reporter: &Reporter<Piece>) -> Result<FileFacts, SourceError> {
    let failed =
        |source: Box<dyn std::error::Error + Send + Sync>| SourceError::Read { path: file.path.clone(), source };
    let opened = |source| SourceError::Open { path: file.path.clone(), source };
    let reader = ParquetFile { file: reporter.watched(File::open(&file.real).map_err(opened)?), bytes: file.bytes };
    let metadata = load(&reader).map_err(|error| failed(error.into()))?;
    let schema = metadata.schema();
    let wanted_schema = file.schema();
    let mut places = find_columns(file, schema)?;
    let absent = (0..places.len()).filter(|&column| places[column].is_none()).collect();
    let mut facts = FileFacts { absent, filters: filters(metadata.metadata().file_metadata()), ..FileFacts::default() };
    let groups = metadata.metadata().row_groups();
    let codecs = groups.iter().flat_map(RowGroupMetaData::columns).map(ColumnChunkMetaData::compression);
    if let Some(codec) = codecs.into_iter().find(|codec| !is_readable(*codec)) {
        // Without its level.
        let codec = codec.to_string().split('(').next().unwrap_or_default().to_owned();
        return Err(SourceError::Compression { path: file.path.clone(), codec });
    }
    wanted.keep(file, &mut places);
    let stored: i64 = groups.iter().map(RowGroupMetaData::compressed_size).sum();
    let mut done: i64 = 0;
    let mut malformed = vec![0; places.len()];
    for (at, group) in groups.iter().enumerate() {
        let damaged = || SourceError::Damaged { path: file.path.clone() };
        let group_rows = rows_of(group).ok_or_else(damaged)?;
        let plan = Plan::new(file, group, &places);
        let roots = plan.columns.iter().zip(&places).filter(|(is_read, _)| **is_read).filter_map(|(_, place)| *place);
        let mask = ProjectionMask::roots(metadata.parquet_schema(), roots);
        let reader = reader.try_clone().map_err(opened)?;
        let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(reader, metadata.clone())
            .with_projection(mask)
            .with_row_groups(vec![at])
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|error| failed(error.into()))?;
        let mut missing = plan.missing;
        let mut rows = 0;
        done += group.compressed_size();
        for batch in batches {
            let batch = batch.map_err(|error| failed(error.into()))?;
            let mut array = |column: usize| -> Result<Option<ArrayRef>, SourceError> {
                let field = wanted_schema.field(column);
                let Some(found) = batch.column_by_name(field.name()) else { return Ok(None) };
                let (array, lost) = coerce(field.data_type(), found).map_err(|error| failed(error.into()))?;
                malformed[column] += lost;
                Ok(Some(array))
            };
            let arrays = (0..places.len()).map(&mut array).collect::<Result<_, _>>()?;
            rows += batch.num_rows() as u64;
            let bytes_read = share(file.bytes, done, stored);
            let batch = filled_up(file, arrays, batch.num_rows());
            let missing = std::mem::take(&mut missing);
            reporter.hand_over(Piece { batch, columns: plan.columns.clone(), missing, bytes_read });
        }
        if rows != group_rows {
            return Err(damaged());
        }
        facts.rows += rows;
    }
    facts.malformed = malformed.into_iter().enumerate().filter(|&(_, values)| values > 0).collect();
    Ok(facts)
}

/// The names of the columns of a file.
///
/// # Errors
/// When it cannot be opened or is not a Parquet file.
pub(super) fn columns_of<T>(file: &SourceFile, reporter: &Reporter<T>) -> Result<Vec<String>, SourceError> {
    let metadata = open(file, reporter)?;
    Ok(metadata.schema().fields().iter().map(|field| field.name().clone()).collect())
}

/// The names of the columns of a file, the number of its rows, and its metadata under a key.
///
/// # Errors
/// When it cannot be opened or is not a Parquet file.
pub(super) fn header_of<T>(
    file: &SourceFile,
    key: &str,
    reporter: &Reporter<T>,
) -> Result<(Vec<String>, u64, Option<String>), SourceError> {
    let metadata = open(file, reporter)?;
    let names = metadata.schema().fields().iter().map(|field| field.name().clone()).collect();
    let entries = metadata.metadata().file_metadata().key_value_metadata();
    let entry = entries.and_then(|entries| entries.iter().find(|entry| entry.key == key));
    let rows = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or_default();
    Ok((names, rows, entry.and_then(|entry| entry.value.clone())))
}

fn open<T>(file: &SourceFile, reporter: &Reporter<T>) -> Result<ArrowReaderMetadata, SourceError> {
    let opened = |source| SourceError::Open { path: file.path.clone(), source };
    let reader = ParquetFile { file: reporter.watched(File::open(&file.real).map_err(opened)?), bytes: file.bytes };
    load(&reader).map_err(|error| SourceError::Read { path: file.path.clone(), source: error.into() })
}

/// The metadata of the file.
pub(super) fn load(reader: &ParquetFile) -> ParquetResult<ArrowReaderMetadata> {
    let as_written = ArrowReaderMetadata::load(reader, ArrowReaderOptions::new());
    // The Arrow schema that its writer added may be one of another version; Parquet's own is enough.
    let metadata = as_written
        .or_else(|_| ArrowReaderMetadata::load(reader, ArrowReaderOptions::new().with_skip_arrow_metadata(true)))?;
    // INT96 times as nanoseconds would overflow in the year 2262.
    let is_old = |at: usize| {
        let columns = metadata.parquet_schema().columns();
        columns.iter().any(|column| {
            column.physical_type() == Type::INT96
                && column.path().parts() == [metadata.schema().field(at).name().as_str()]
        })
    };
    if !(0..metadata.schema().fields().len()).any(is_old) {
        return Ok(metadata);
    }
    let fields = metadata.schema().fields().iter().enumerate().map(|(at, field)| {
        let micros = || field.as_ref().clone().with_data_type(DataType::Timestamp(TimeUnit::Microsecond, None));
        if is_old(at) { Arc::new(micros()) } else { Arc::clone(field) }
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let options = ArrowReaderOptions::new().with_schema(schema);
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)
}

/// Rows in a row group; `None` if the metadata is contradictory.
fn rows_of(group: &RowGroupMetaData) -> Option<u64> {
    let is_flat = |chunk: &&ColumnChunkMetaData| chunk.column_descr().max_rep_level() == 0;
    let fits = |chunk: &ColumnChunkMetaData| chunk.num_values() == group.num_rows();
    let rows = u64::try_from(group.num_rows()).ok()?;
    group.columns().iter().filter(is_flat).all(fits).then_some(rows)
}

/// A file that counts every read as progress and never reads beyond the end: offsets and lengths come from the file.
pub(super) struct ParquetFile {
    pub(super) file: Watched<File>,
    pub(super) bytes: u64,
}

impl ParquetFile {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { file: self.file.with(self.file.inner().try_clone()?), bytes: self.bytes })
    }
}

impl Length for ParquetFile {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for ParquetFile {
    type T = BufReader<Watched<File>>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        let mut file = self.try_clone()?.file;
        file.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(file))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let end = start.checked_add(length as u64).filter(|&end| end <= self.bytes);
        let cut_off = || ParquetError::EOF(format!("{length} bytes from {start} of {}", self.bytes));
        end.ok_or_else(cut_off)?;
        let mut bytes = Vec::with_capacity(length);
        let read = self.get_read(start)?.take(length as u64).read_to_end(&mut bytes)?;
        if read == length { Ok(bytes.into()) } else { Err(cut_off()) }
    }
}

/// Whether a codec is built in: zstd for exports, snappy for files that other tools rewrote.
fn is_readable(codec: Compression) -> bool {
    matches!(codec, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_))
}

/// The filters of the export, from the metadata of the file.
fn filters(file: &FileMetaData) -> Option<Filters> {
    let found = file.key_value_metadata()?.iter().find(|entry| entry.key == FILTERS_KEY)?;
    serde_json::from_str(found.value.as_deref()?).ok()
}

/// What to read of a row group.
struct Plan {
    columns: Vec<bool>,
    missing: Vec<(usize, u64)>,
}

impl Plan {
    fn new(file: &SourceFile, group: &RowGroupMetaData, places: &[Option<usize>]) -> Self {
        let mut plan = Self { columns: places.iter().map(Option::is_some).collect(), missing: Vec::new() };
        if file.columns != ColumnSet::Counted {
            return plan;
        }
        let (content, schema) = (file.content, file.schema());
        let mut leave_out = content.only_counted().to_vec();
        let missing_values = |column: usize| missing_values(group, schema.field(column));
        if let Some([_, second]) = content.stand_in().filter(|[first, _]| missing_values(*first) == Some(0)) {
            leave_out.push(second);
        }
        for column in leave_out {
            if let Some(count) = missing_values(column) {
                plan.columns[column] = false;
                plan.missing.push((column, count));
            }
        }
        plan
    }
}

/// Number of nulls and empty texts of a column, if its statistics have it.
fn missing_values(group: &RowGroupMetaData, column: &Field) -> Option<u64> {
    let name = column.name();
    let found = group.columns().iter().find(|chunk| chunk.column_path().parts() == [name.as_str()])?;
    let statistics = found.statistics()?;
    let rows = u64::try_from(group.num_rows()).ok()?;
    let nulls = statistics.null_count_opt().filter(|&nulls| nulls <= rows)?;
    // In types that an export does not write, values other than null can be missing, too.
    let is_flag = match (column.data_type(), found.column_type()) {
        (DataType::Boolean, Type::BOOLEAN) => true,
        (DataType::Boolean, _) => return None,
        (_, Type::BYTE_ARRAY) => false,
        _ => return None,
    };
    let is_settled =
        is_flag || nulls == rows || statistics.min_bytes_opt().is_some_and(|smallest| !smallest.is_empty());
    is_settled.then_some(nulls)
}

/// The same fraction of `whole` as `part` is of `all`.
fn share(whole: u64, part: i64, all: i64) -> u64 {
    let share = i128::from(whole) * i128::from(part) / i128::from(all.max(1));
    u64::try_from(share).unwrap_or(whole)
}

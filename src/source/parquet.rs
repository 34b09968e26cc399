//! Parquet files, row group by row group and only the columns that are needed.
//!
//! Of the columns that nothing but their missing values is asked of, most need not be read: the statistics of a row
//! group tell its nulls, and a smallest value that is not empty tells that none is.

use std::fs::File;

use arrow::array::ArrayRef;
use arrow::compute::cast;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, FileMetaData, RowGroupMetaData};

use super::{BATCH_ROWS, FileFacts, Piece, SourceError, SourceFile, column_type, filled_up};
use crate::contacts::{column, column_name, contacts_schema};
use crate::sink::FILTERS_KEY;
use crate::summary::Filters;

/// Columns of which only the missing values are counted.
const ONLY_COUNTED: [usize; 5] = [
    column::FORMAT_INTERNATIONAL,
    column::FORMAT_NATIONAL,
    column::FORMAT_RFC,
    column::IS_INHERITED,
    column::CUSTOMER_ID,
];

pub(super) fn read(file: &SourceFile, take: &mut dyn FnMut(Piece)) -> Result<FileFacts, SourceError> {
    let failed =
        |source: Box<dyn std::error::Error + Send + Sync>| SourceError::Read { path: file.path.clone(), source };
    let opened = |source| SourceError::Open { path: file.path.clone(), source };
    let reader = File::open(&file.path).map_err(opened)?;
    let metadata =
        ArrowReaderMetadata::load(&reader, ArrowReaderOptions::new()).map_err(|error| failed(error.into()))?;
    let places: Vec<Option<usize>> =
        contacts_schema().fields().iter().map(|field| metadata.schema().index_of(field.name()).ok()).collect();
    if places.iter().all(Option::is_none) {
        return Err(SourceError::NotContacts { path: file.path.clone() });
    }
    let absent = (0..column::COUNT).filter(|&column| places[column].is_none()).collect();
    let mut facts = FileFacts { absent, filters: filters(metadata.metadata().file_metadata()), ..FileFacts::default() };
    let groups = metadata.metadata().row_groups();
    let codecs = groups.iter().flat_map(RowGroupMetaData::columns).map(ColumnChunkMetaData::compression);
    if let Some(codec) = codecs.into_iter().find(|codec| !is_readable(*codec)) {
        // Without its level.
        let codec = codec.to_string().split('(').next().unwrap_or_default().to_owned();
        return Err(SourceError::Compression { path: file.path.clone(), codec });
    }
    let stored: i64 = groups.iter().map(RowGroupMetaData::compressed_size).sum();
    let mut done: i64 = 0;
    for (at, group) in groups.iter().enumerate() {
        let plan = Plan::new(group, &places);
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
        done += group.compressed_size();
        for batch in batches {
            let batch = batch.map_err(|error| failed(error.into()))?;
            let array = |column: usize| -> Result<Option<ArrayRef>, SourceError> {
                let found = batch.column_by_name(column_name(column));
                found.map(|array| cast(array, &column_type(column)).map_err(|error| failed(error.into()))).transpose()
            };
            let arrays = (0..column::COUNT).map(array).collect::<Result<_, _>>()?;
            facts.rows += batch.num_rows() as u64;
            let bytes_read = share(file.bytes, done, stored);
            let batch = filled_up(arrays, batch.num_rows());
            take(Piece { batch, columns: plan.columns, missing: std::mem::take(&mut missing), bytes_read });
        }
    }
    Ok(facts)
}

/// Whether a codec is built in: zstd for our own files, snappy for those that other tools have written anew.
fn is_readable(codec: Compression) -> bool {
    matches!(codec, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_))
}

/// What the export left out on request, as it wrote it down.
fn filters(file: &FileMetaData) -> Option<Filters> {
    let found = file.key_value_metadata()?.iter().find(|entry| entry.key == FILTERS_KEY)?;
    serde_json::from_str(found.value.as_deref()?).ok()
}

/// What to read of a row group.
struct Plan {
    columns: [bool; column::COUNT],
    missing: Vec<(usize, u64)>,
}

impl Plan {
    fn new(group: &RowGroupMetaData, places: &[Option<usize>]) -> Self {
        let mut plan = Self { columns: std::array::from_fn(|column| places[column].is_some()), missing: Vec::new() };
        let mut leave_out = ONLY_COUNTED.to_vec();
        // The number as given only stands in where there is no other.
        if missing_values(group, column::FORMAT_E164) == Some(0) {
            leave_out.push(column::PHONE_NUMBER);
        }
        for column in leave_out {
            if let Some(count) = missing_values(group, column) {
                plan.columns[column] = false;
                plan.missing.push((column, count));
            }
        }
        plan
    }
}

/// Nulls and empty texts of a column by its statistics, if they tell.
fn missing_values(group: &RowGroupMetaData, column: usize) -> Option<u64> {
    let schema = contacts_schema();
    let name = schema.field(column).name();
    let found = group.columns().iter().find(|chunk| chunk.column_path().parts() == [name.as_str()])?;
    let statistics = found.statistics()?;
    let nulls = statistics.null_count_opt()?;
    let is_settled = column == column::IS_INHERITED
        || nulls == u64::try_from(group.num_rows()).ok()?
        || statistics.min_bytes_opt().is_some_and(|smallest| !smallest.is_empty());
    is_settled.then_some(nulls)
}

/// As much of `whole` as `part` is of `all`.
fn share(whole: u64, part: i64, all: i64) -> u64 {
    let share = i128::from(whole) * i128::from(part) / i128::from(all.max(1));
    u64::try_from(share).unwrap_or(whole)
}

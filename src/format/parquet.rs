//! Parquet files: the settings that make them small and quick to read everywhere.
//!
//! Version 1 data pages with Zstandard level 1, which was both faster and smaller on contacts than level 3. Ids, phone
//! numbers and times rarely repeat, so a dictionary would be built in vain; codes and channels repeat all the time.
//!
//! *Easy to get wrong:* the delta encodings are smaller, but not every reader supports them. `fastparquet` 2026.9 silently
//! reads wrong times from `DELTA_BINARY_PACKED`, and refuses `DELTA_LENGTH_BYTE_ARRAY`, as Velox before 2026 and Spark
//! before 3.4 do. So everything is `PLAIN` or a dictionary, which costs 5% of the size.
//!
//! Nothing in the file differs from run to run, so the same contacts give the same bytes. Formats: `parquet-format`,
//! `Encodings.md` and `LogicalTypes.md`. Measured by `benches/encode.rs`.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::encode::{Encode, EncodeError, check_batch};

/// The layout of Parquet files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParquetSettings {
    /// Rows in a full row group.
    pub row_group_rows: usize,
    /// Zstandard level, 1 to 22.
    pub zstd_level: i32,
    /// Columns without a dictionary, because their values rarely repeat.
    pub unique_columns: &'static [&'static str],
}

impl ParquetSettings {
    /// The writer holds one row group in memory, about 10 MB at this size.
    pub const DEFAULT_ROW_GROUP_ROWS: usize = 128 << 10;
    /// Level 3 takes twice the time and saves nothing on contacts.
    pub const DEFAULT_ZSTD_LEVEL: i32 = 1;
}

impl Default for ParquetSettings {
    fn default() -> Self {
        Self { row_group_rows: Self::DEFAULT_ROW_GROUP_ROWS, zstd_level: Self::DEFAULT_ZSTD_LEVEL, unique_columns: &[] }
    }
}

/// Bytes after which a row group is closed whatever its rows: an ordinary one has 10 MB, and all of it is in memory.
const MAX_ROW_GROUP_BYTES: usize = 32 << 20;

/// Encodes batches into one Parquet file.
#[derive(Debug)]
pub(super) struct ParquetEncoder<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: SchemaRef,
}

impl<W: Write + Send> ParquetEncoder<W> {
    pub(super) fn new(
        sink: W,
        schema: SchemaRef,
        settings: &ParquetSettings,
        metadata: &[(String, String)],
    ) -> Result<Self, ParquetError> {
        let properties = properties(settings, metadata)?;
        let writer = ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties))?;
        Ok(Self { writer, schema })
    }
}

impl<W: Write + Send + fmt::Debug> Encode<W> for ParquetEncoder<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        check_batch(&self.schema, batch)?;
        Ok(self.writer.write(batch)?)
    }

    /// Nothing can be read before the footer.
    fn flush(&mut self) -> Result<(), EncodeError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<W, EncodeError> {
        Ok(self.writer.into_inner()?)
    }
}

fn properties(settings: &ParquetSettings, metadata: &[(String, String)]) -> Result<WriterProperties, ParquetError> {
    let metadata = metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("sent-export version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(settings.zstd_level)?))
        .set_max_row_group_row_count(Some(settings.row_group_rows))
        .set_max_row_group_bytes(Some(MAX_ROW_GROUP_BYTES))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_key_value_metadata(Some(metadata));
    for name in settings.unique_columns {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(*name), false);
    }
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::basic::Encoding;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;
    use crate::resources::contacts::{UNIQUE_COLUMNS, column, contacts_schema, decode_page};

    #[test]
    fn only_encodings_that_every_reader_gets_right_are_used() {
        let contact = r#"{"id":"a","region_code":"US","created_at":"2026-03-01T00:00:00Z"}"#;
        let body = format!(r#"{{"success":true,"data":{{"contacts":[{contact},{contact}]}}}}"#);
        let batch = decode_page(&body.into()).unwrap().data.unwrap().items.unwrap().batch();
        let settings = ParquetSettings { unique_columns: UNIQUE_COLUMNS, ..ParquetSettings::default() };
        let mut encoder = ParquetEncoder::new(Vec::new(), contacts_schema(), &settings, &[]).unwrap();
        encoder.write(&batch).unwrap();
        let reader = SerializedFileReader::new(Bytes::from(Box::new(encoder).finish().unwrap())).unwrap();
        let group = reader.metadata().row_group(0);
        for column in group.columns() {
            let known = [Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY];
            let unknown = column.encodings().find(|encoding| !known.contains(encoding));
            assert_eq!(unknown, None, "{}", column.column_path());
        }
        let has_dictionary = |column: usize| group.column(column).dictionary_page_offset().is_some();
        assert!(
            has_dictionary(column::REGION_CODE) && !has_dictionary(column::ID) && !has_dictionary(column::CREATED_AT)
        );
    }
}

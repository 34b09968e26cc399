//! Record batches to bytes: one file for each format, which knows nothing of where the bytes go.

mod csv;
mod error;
mod file_format;
mod parquet;
mod projection;
mod time_text;

pub(crate) use self::csv::CsvEncoder;
pub use self::error::FormatError;
pub use self::file_format::OutputFormat;
pub(crate) use self::parquet::ParquetEncoder;
pub use self::parquet::ParquetSettings;
pub use self::projection::{ColumnError, Projection};

/// Name of the filters among the metadata of Parquet files, as JSON.
pub const FILTERS_KEY: &str = "sent_export.filters";

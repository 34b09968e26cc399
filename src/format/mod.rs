//! Encodes record batches: one file per format, independent of where the bytes go.
//!
//! [`FileFormat`] is what the user selects: a [`Format`], and the [`Codec`] of its file. Its table has all formats with
//! their names and extensions, and opens encoders, which take batches and return their byte sink at the end. [`Projection`]
//! selects the columns of a resource to write. `publish` calls this module; `input` reads the same formats back.
//!
//! *Easy to get wrong:* columns are refused when an output is opened, never in the middle of a run: every encoder takes the
//! types that `types` lists, and compares each batch with its schema.
//!
//! Tests write every type in every format and read it back; `publish` tests contacts. `benches/encode.rs` measures.

mod array_literal;
mod codec;
mod csv;
mod csv_settings;
mod encode;
mod error;
mod guard;
mod ipc;
mod json;
mod lines;
mod ndjson;
mod parquet;
mod projection;
mod rebatch;
mod scalars;
mod settings;
mod table;
#[cfg(test)]
mod tests;
mod texts;
mod types;
mod xlsx;
mod xlsx_cells;

pub(crate) use self::array_literal::array_items;
pub use self::codec::Codec;
pub use self::csv_settings::{CsvDialect, CsvSettings, Delimiter, NullText};
pub(crate) use self::encode::Encode;
pub use self::error::FormatError;
pub(crate) use self::guard::unguarded;
pub(crate) use self::json::{for_each_json_object, json_objects};
pub use self::parquet::ParquetSettings;
pub use self::projection::{ColumnError, Projection};
pub use self::settings::{FormatSettings, JsonDecimals};
pub use self::table::{FileFormat, Format, format_extensions, format_names};

/// Metadata key of the filters in Parquet and Arrow files, as JSON.
pub const FILTERS_KEY: &str = "sent_export.filters";

//! The columns of an output and the metadata of its file.

use std::path::Path;

use arrow::datatypes::SchemaRef;

use crate::cli::FileArgs;
use crate::format::{FILTERS_KEY, FormatSettings, ParquetSettings};
use crate::publish::PartitionBy;
use crate::report::Filters;
use crate::transform::{Privacy, RowTransform};

/// The format of the rows of an export.
#[derive(Debug, Clone)]
pub struct RowFormat {
    /// Their resource, such as `contacts`.
    pub name: &'static str,
    /// Their columns.
    pub schema: SchemaRef,
    /// Version of the schema.
    pub schema_version: u32,
    /// Columns that are never written and cannot be named.
    pub hidden_columns: Vec<&'static str>,
    /// Columns with mostly distinct values.
    pub unique_columns: &'static [&'static str],
    /// The column to partition by, if any.
    pub partition: Option<PartitionBy>,
}

impl RowFormat {
    /// The settings of their formats; `metadata` is for formats that have it.
    pub(super) fn format_settings(&self, metadata: Vec<(String, String)>, files: &FileArgs) -> FormatSettings {
        let parquet = ParquetSettings { unique_columns: self.unique_columns, ..ParquetSettings::default() };
        let (csv, decimals) = (files.csv.settings(), files.decimals.unwrap_or_default());
        FormatSettings { rows: self.name, metadata, parquet, csv, decimals }
    }
}

/// A second output with rows of another resource, published with the first.
#[derive(Debug, Clone)]
pub struct SecondOutput<'a> {
    /// The path.
    pub path: &'a Path,
    /// The format of its rows.
    pub rows: RowFormat,
}

/// The metadata of a Parquet or Arrow file; nothing that differs between two runs over the same list.
pub(super) fn metadata(filters: &Filters, rows: &RowTransform, schema_version: u32) -> Vec<(String, String)> {
    let filters = serde_json::to_string(filters).expect("filters are texts and a flag");
    let privacy = Privacy::of([rows], Vec::new());
    let privacy = (!privacy.is_none()).then(|| {
        let privacy = serde_json::to_string(&privacy).expect("texts and a map with text keys");
        (PRIVACY_KEY.to_owned(), privacy)
    });
    let always = vec![
        ("sent_export.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("sent_export.schema_version".to_owned(), schema_version.to_string()),
        (FILTERS_KEY.to_owned(), filters),
    ];
    always.into_iter().chain(privacy).collect()
}

/// The metadata key for the privacy of the rows, with the same value as in the manifest.
const PRIVACY_KEY: &str = "sent_export.privacy";

//! What the rows of an output look like, and what its file says of them.

use std::path::Path;

use arrow::datatypes::SchemaRef;

use crate::cli::FileArgs;
use crate::format::{FILTERS_KEY, FormatSettings, ParquetSettings};
use crate::publish::PartitionBy;
use crate::report::Filters;
use crate::transform::{Privacy, RowTransform};

/// What the rows of an export look like.
#[derive(Debug, Clone)]
pub struct RowFormat {
    /// What they are, such as `contacts`.
    pub name: &'static str,
    /// Their columns.
    pub schema: SchemaRef,
    /// Version of the schema.
    pub schema_version: u32,
    /// Columns that are left out, and cannot be named.
    pub hidden_columns: Vec<&'static str>,
    /// Columns whose values hardly repeat.
    pub unique_columns: &'static [&'static str],
    /// Whether there is one file for each value of a column, under a folder.
    pub partition: Option<PartitionBy>,
}

impl RowFormat {
    /// How their files are laid out; `metadata` is what a file says of itself.
    pub(super) fn format_settings(&self, metadata: Vec<(String, String)>, files: &FileArgs) -> FormatSettings {
        let parquet = ParquetSettings { unique_columns: self.unique_columns, ..ParquetSettings::default() };
        let (csv, decimals) = (files.csv.settings(), files.decimals.unwrap_or_default());
        FormatSettings { rows: self.name, metadata, parquet, csv, decimals }
    }
}

/// A second output of other rows, which is published with the first.
#[derive(Debug, Clone)]
pub struct SecondOutput<'a> {
    /// Where it goes.
    pub path: &'a Path,
    /// What its rows look like.
    pub rows: RowFormat,
}

/// What a Parquet or Arrow file says of itself; nothing that differs between two runs over the same list.
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

/// Name of what a Parquet or Arrow file says of the privacy of its rows, as in the manifest.
const PRIVACY_KEY: &str = "sent_export.privacy";

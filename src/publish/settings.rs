//! How the outputs of a run are written, and the reports on them.

use std::num::{NonZeroU64, NonZeroUsize};

use serde::Serialize;

use crate::format::{CsvSettings, FileFormat, FormatSettings};
use crate::store::FileSettings;
use crate::transform::RowTransform;

/// Settings that all outputs of a run share.
#[derive(Debug, Clone)]
pub struct OutputSettings {
    /// The columns, their order, and how values are transformed.
    pub rows: RowTransform,
    /// The settings of each format.
    pub format: FormatSettings,
    /// Permissions of the files, and whether missing folders are created. Whether the outputs are locked is only known
    /// after locking.
    pub files: FileSettings,
    /// The column to partition by, if any.
    pub partition: Option<PartitionBy>,
    /// Maximum number of rows per file; an output with more is split.
    pub max_rows: Option<NonZeroU64>,
}

/// How rows are partitioned by the values of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionBy {
    /// The name of the folders: the column, or `created_date` for the day of `created_at`.
    pub name: String,
    /// The column with the values, by its position in the schema of the resource.
    pub column: usize,
    /// When files are written, and which existing files they replace.
    pub files: PartitionFiles,
}

/// Which files of a dataset a run replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionFiles {
    /// Those of the days for which it has rows.
    Days {
        /// Whether rows without a time are written: only a read of the whole list has all of them.
        keeps_undated: bool,
    },
    /// All of them.
    Values {
        /// Maximum number of values.
        max: NonZeroUsize,
    },
}

impl PartitionBy {
    /// Whether files of an earlier run stay part of the dataset.
    pub fn keeps_others(&self) -> bool {
        matches!(self.files, PartitionFiles::Days { .. })
    }

    /// The same setting with or without all rows that have no time.
    #[must_use]
    pub fn with_undated(self, keeps_undated: bool) -> Self {
        let files = if self.keeps_others() { PartitionFiles::Days { keeps_undated } } else { self.files };
        Self { files, ..self }
    }

    /// The time column whose nulls are in no file of the run.
    pub fn undated_column(&self) -> Option<usize> {
        matches!(self.files, PartitionFiles::Days { keeps_undated: false }).then_some(self.column)
    }
}

impl OutputSettings {
    /// Writes these rows, with default settings.
    pub fn new(rows: impl Into<RowTransform>) -> Self {
        Self {
            rows: rows.into(),
            format: FormatSettings::default(),
            files: FileSettings::default(),
            partition: None,
            max_rows: None,
        }
    }
}

/// The report on one output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputReport {
    /// The path or address as it was given, `-` for stdout.
    pub path: String,
    /// The resource of its rows, if it is not that of the export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<&'static str>,
    /// Name of the format.
    pub format: FileFormat,
    /// The CSV layout, if it is not the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csv: Option<CsvSettings>,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

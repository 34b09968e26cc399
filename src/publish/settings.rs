//! How the outputs of a run are written, and what became of each.

use std::num::{NonZeroU64, NonZeroUsize};

use serde::Serialize;

use crate::format::{CsvSettings, FileFormat, FormatSettings};
use crate::store::FileSettings;
use crate::transform::RowTransform;

/// What all outputs of a run share.
#[derive(Debug, Clone)]
pub struct OutputSettings {
    /// Columns and their order, and what becomes of their values.
    pub rows: RowTransform,
    /// How the file of each format is laid out.
    pub format: FormatSettings,
    /// Permissions of the files, and whether missing folders are made; locks are known only once they are held.
    pub files: FileSettings,
    /// Whether there is one file for each value of a column instead of one for all rows.
    pub partition: Option<PartitionBy>,
    /// Most rows of a file; an output of more becomes several.
    pub max_rows: Option<NonZeroU64>,
}

/// How rows are parted into one file for each value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionBy {
    /// What the folders are named after: the column, or `created_date` for the day of `created_at`.
    pub name: String,
    /// The column that tells the value, by its place in the schema of the resource.
    pub column: usize,
    /// When files are written, and which of the files that are there they replace.
    pub files: PartitionFiles,
}

/// Which files of a dataset a run replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionFiles {
    /// Those of the days that it has rows of.
    Days {
        /// Whether rows without a time are written: only a read of the whole list has all of them.
        keeps_undated: bool,
    },
    /// All of them.
    Values {
        /// Most values that the column may have.
        max: NonZeroUsize,
    },
}

impl PartitionBy {
    /// Whether files of an earlier run stay part of the dataset.
    pub fn keeps_others(&self) -> bool {
        matches!(self.files, PartitionFiles::Days { .. })
    }

    /// The same for a run that has all rows without a time, or not all of them.
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
    /// These rows, and everything else as usual.
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

/// What became of one output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputReport {
    /// The path or address as it was given, `-` for stdout.
    pub path: String,
    /// What its rows are, where they are not those that the export is named after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<&'static str>,
    /// Name of the format.
    pub format: FileFormat,
    /// How a CSV file is laid out, where that is not the usual way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csv: Option<CsvSettings>,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

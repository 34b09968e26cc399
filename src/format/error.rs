//! What can be wrong with a format that was asked for.

use std::path::PathBuf;

/// Why rows cannot be written in a format.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// `--format` names no format.
    #[error("unknown format: {name}; write {known}")]
    UnknownFormat {
        /// As it was given.
        name: String,
        /// What could be given.
        known: &'static str,
        /// The next step.
        hint: &'static str,
    },
    /// The extension names no format.
    #[error("cannot tell the format from the extension: {}", path.display())]
    UnknownExtension {
        /// As it was given.
        path: PathBuf,
        /// The next step.
        hint: &'static str,
    },
    /// A column has a type that the format cannot hold.
    #[error("{format} cannot hold the column {column} of type {data_type}")]
    UnsupportedColumn {
        /// Name of the format.
        format: String,
        /// The column.
        column: String,
        /// Its Arrow type.
        data_type: String,
    },
    /// A text is longer than a cell of a workbook can be.
    #[error("xlsx cannot hold the {length} characters of column {column} in row {row}: a cell has at most {limit}")]
    LongText {
        /// The column.
        column: String,
        /// The row, counted from 1 in the order of the export.
        row: u64,
        /// UTF-16 units of the text.
        length: usize,
        /// UTF-16 units of a cell.
        limit: usize,
    },
}

impl FormatError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::UnknownFormat { hint, .. } | Self::UnknownExtension { hint, .. } => hint,
            Self::LongText { .. } => "omit the column with --columns, or choose another format",
            Self::UnsupportedColumn { .. } => "leave the column out with --columns, and please report this",
        }
    }
}

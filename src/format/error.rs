//! Errors in the choice of a format.

use std::path::PathBuf;

use crate::base::plural::grouped;

/// Why rows cannot be written in a format.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The name of `--format` is unknown.
    #[error("unknown format: {name}; write {known}")]
    UnknownFormat {
        /// The name as given.
        name: String,
        /// The known names.
        known: &'static str,
        /// The next step.
        hint: &'static str,
    },
    /// The extension is unknown.
    #[error("cannot tell the format from the extension: {}", path.display())]
    UnknownExtension {
        /// The path as given.
        path: PathBuf,
        /// The next step.
        hint: &'static str,
    },
    /// The name of the file is not UTF-8.
    #[error("the name is not UTF-8: {}", path.display())]
    NameNotUtf8 {
        /// The path as given.
        path: PathBuf,
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
    /// A text is too long for a cell of a workbook.
    #[error(
        "xlsx cannot hold the {} characters of column {column} in row {}: a cell has at most {}",
        grouped(*.length as u64), grouped(*.row), grouped(*.limit as u64)
    )]
    LongText {
        /// The column.
        column: String,
        /// The row, from 1 in the order of the export.
        row: u64,
        /// Length of the text in UTF-16 units.
        length: usize,
        /// Maximum length of a cell in UTF-16 units.
        limit: usize,
    },
}

impl FormatError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::UnknownFormat { hint, .. } | Self::UnknownExtension { hint, .. } => hint,
            Self::NameNotUtf8 { .. } => "choose a name in UTF-8, as the manifest lists files by name",
            Self::LongText { .. } => "omit the column with --columns, or choose another format",
            Self::UnsupportedColumn { .. } => "leave the column out with --columns, and please report this",
        }
    }
}

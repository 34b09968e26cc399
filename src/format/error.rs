//! What can be wrong with a format that was asked for.

use std::path::PathBuf;

/// Why rows cannot be written in a format.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// `--format` names no format.
    #[error("unknown format: {name}; write parquet, csv, csv.gz or csv.zst")]
    UnknownFormat {
        /// As it was given.
        name: String,
    },
    /// The extension names no format.
    #[error("cannot tell the format from the extension: {}", path.display())]
    UnknownExtension {
        /// As it was given.
        path: PathBuf,
    },
}

impl FormatError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::UnknownFormat { .. } | Self::UnknownExtension { .. } => {
                "write .parquet, .csv, .csv.gz or .csv.zst, or name one of them with --format"
            }
        }
    }
}

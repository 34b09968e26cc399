//! Why a list of ids could not be read, and what to do about it.

use std::io;
use std::path::PathBuf;

use super::error::SourceError;

/// Why a list of ids could not be read.
#[derive(Debug, thiserror::Error)]
pub enum IdError {
    /// The file of ids cannot be read.
    #[error("cannot read ids from {from}")]
    Read {
        /// The file, or `stdin`.
        from: String,
        /// Why.
        source: io::Error,
    },
    /// An entry of the list is not an id.
    #[error("not a UUID: {place}")]
    NotAnId {
        /// Its position.
        place: String,
    },
    /// The table has no such column.
    #[error("no column {wanted} in {}: it has {found}", path.display())]
    NoColumn {
        /// The table.
        path: PathBuf,
        /// The accepted names.
        wanted: String,
        /// The names of its columns.
        found: String,
    },
    /// The table cannot be read.
    #[error(transparent)]
    Table(#[from] SourceError),
}

impl IdError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Read { .. } => "name a readable file, or - for stdin",
            Self::NotAnId { .. } => {
                "write one id per line, like 6f9619ff-8b86-4011-b42d-00cf4fc964ff; lines that start with # are skipped"
            }
            Self::NoColumn { .. } => "name the column with --id-column",
            Self::Table(error) => error.hint(),
        }
    }
}

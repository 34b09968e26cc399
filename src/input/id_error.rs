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
    /// Something in the list is no id.
    #[error("not a UUID: {place}")]
    NotAnId {
        /// Where it stands.
        place: String,
    },
    /// The table has no such column.
    #[error("no column {wanted} in {}: it has {found}", path.display())]
    NoColumn {
        /// The table.
        path: PathBuf,
        /// The names that would do.
        wanted: String,
        /// The names that it has.
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
                "write one id a line, like 6f9619ff-8b86-4011-b42d-00cf4fc964ff; lines that begin with # are skipped"
            }
            Self::NoColumn { .. } => "name the column with --id-column",
            Self::Table(error) => error.hint(),
        }
    }
}

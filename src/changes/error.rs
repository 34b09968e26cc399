//! Why two snapshots could not be compared.

use std::error::Error;
use std::path::PathBuf;

use arrow::error::ArrowError;

/// Why two snapshots could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum ChangesError {
    /// A temporary file cannot be written or read.
    #[error("cannot use a temporary file in {}", folder.display())]
    Spill {
        /// The folder for temporary files.
        folder: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The columns of a batch differ from those of the snapshot.
    #[error("a batch does not have the columns of the snapshot")]
    ForeignBatch(#[source] ArrowError),
}

impl ChangesError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Spill { .. } => {
                "free some space, or set TMPDIR to a folder with as much space as both exports as CSV"
            }
            Self::ForeignBatch(_) => "this is a bug; please report it with the command",
        }
    }
}

//! What can go wrong with a file to read; every case names its path.

use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why files could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It does not exist, or may not be read.
    #[error("cannot open: {}", path.display())]
    Open {
        /// As it was given.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The extension names no format.
    #[error("cannot tell the format from the extension: {}", path.display())]
    UnknownExtension {
        /// As it was given.
        path: PathBuf,
    },
    /// The folder holds no export.
    #[error("no file of contacts in the folder: {}", path.display())]
    EmptyFolder {
        /// As it was given.
        path: PathBuf,
    },
    /// The file has no column of an export.
    #[error("no column of contacts in the file: {}", path.display())]
    NotContacts {
        /// The file.
        path: PathBuf,
    },
    /// The file to compare with is no summary.
    #[error("not a summary of this version: {}", path.display())]
    NotSummary {
        /// As it was given.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Reading failed, or the content is not what the extension says.
    #[error("cannot read: {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

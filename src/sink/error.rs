//! What can go wrong with an output; every case names its path.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use super::OutputRequest;
use super::paths::folder_of;
use super::replace::Hindrance;
use crate::file_system::is_out_of_files;

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
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
    /// The folder of the target does not exist.
    #[error("the folder {} does not exist, so the output cannot be written: {}", folder_of(path).display(), path.display())]
    MissingFolder {
        /// The target.
        path: PathBuf,
    },
    /// The target is a folder.
    #[error("the output is a folder: {}", path.display())]
    IsFolder {
        /// The target.
        path: PathBuf,
    },
    /// The path can only be that of a folder.
    #[error("the output path ends like a folder: {}", path.display())]
    TrailingSlash {
        /// As it was given.
        path: PathBuf,
    },
    /// Neither a rename nor writing can give the target new content.
    #[error("cannot replace {}: {}", path.display(), hindrance.describe())]
    CannotReplace {
        /// The target.
        path: PathBuf,
        /// What is in the way of a rename.
        hindrance: Hindrance,
        /// What is in the way of writing.
        source: io::Error,
    },
    /// The lock that somebody else has left cannot be looked at.
    #[error("cannot open the lock of another user ({owner}): {}", lock.display())]
    OthersLock {
        /// The lock.
        lock: PathBuf,
        /// Whose it is.
        owner: String,
        /// Why.
        source: io::Error,
    },
    /// The lock failed, which is not the same as having none.
    #[error("cannot lock {}", lock.display())]
    Lock {
        /// The lock.
        lock: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No file could be made beside the target.
    #[error("cannot write beside the output: {}", path.display())]
    OpenStaged {
        /// The target.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another run writes the same output.
    #[error("another run is writing the output: {} ({owner})", path.display())]
    Busy {
        /// The target.
        path: PathBuf,
        /// Its process and start.
        owner: String,
    },
    /// Writing failed half way.
    #[error("cannot write the output: {path}")]
    Write {
        /// The target.
        path: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The finished file could not be copied into its place.
    #[error("cannot write the finished file to its place: {}", path.display())]
    Overwrite {
        /// The target.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The finished file could not be given its name.
    #[error("cannot give the finished file its name: {}", path.display())]
    Publish {
        /// The target.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The next step when no file could be made.
fn open_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room, or choose another place",
        io::ErrorKind::InvalidFilename => "choose a shorter name: the files beside it have longer ones",
        _ if is_out_of_files(error) => "raise the limit of open files (ulimit -n), or name fewer outputs",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "the folder of the output must be writable, since the file is made beside it"
        }
        _ => "choose another place",
    }
}

impl SinkError {
    pub(super) fn write(request: &OutputRequest, source: Box<dyn Error + Send + Sync>) -> Self {
        Self::Write { path: request.target.to_string(), source }
    }

    pub(super) fn write_file(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.display().to_string(), source: source.into() }
    }

    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::UnknownFormat { .. } | Self::UnknownExtension { .. } => {
                "write .parquet, .csv, .csv.gz or .csv.zst, or name one of them with --format"
            }
            Self::MissingFolder { .. } => "create the folder first, or choose another place",
            Self::Busy { .. } => "wait until it is done, or choose another --output",
            Self::IsFolder { .. } | Self::TrailingSlash { .. } => "name a file in that folder",
            Self::CannotReplace { hindrance, .. } => hindrance.hint(),
            Self::OthersLock { .. } => "remove it if no run is writing that output, or choose another --output",
            Self::OpenStaged { source, .. } | Self::Lock { source, .. } => open_hint(source),
            Self::Write { .. } => "make room or choose another place; the last good file is as it was",
            Self::Overwrite { .. } => "the file may hold only a part: make room, then run the same command again",
            Self::Publish { .. } => {
                "the folder must be writable; without a manifest, files beside it may be old or new"
            }
        }
    }

    /// Whether the reader of stdout has gone, as `head` does when it has seen enough.
    pub fn is_closed_pipe(&self) -> bool {
        let Self::Write { path, source } = self else { return false };
        let mut cause: Option<&(dyn Error + 'static)> = Some(source.as_ref());
        while let Some(current) = cause {
            if current.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
                return path == "-";
            }
            cause = current.source();
        }
        false
    }
}

//! What can go wrong with a file or a stream; every case names its path.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use super::file_system::is_out_of_files;
use super::hindrance::Hindrance;
use super::paths::folder_of;

/// Why something could not be written to its place.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
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
    /// No file could be made beside the target.
    #[error("cannot write beside the output: {}", path.display())]
    OpenStaged {
        /// The target.
        path: PathBuf,
        /// Why.
        source: io::Error,
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
pub(crate) fn open_hint(error: &io::Error) -> &'static str {
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

impl StoreError {
    pub(super) fn write_file(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.display().to_string(), source: source.into() }
    }

    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::MissingFolder { .. } => "create the folder first, or choose another place",
            Self::IsFolder { .. } | Self::TrailingSlash { .. } => "name a file in that folder",
            Self::CannotReplace { hindrance, .. } => hindrance.hint(),
            Self::OpenStaged { source, .. } => open_hint(source),
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

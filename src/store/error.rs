//! Errors of files and streams; every one names its path.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use super::file_system::is_out_of_files;
use super::hindrance::Hindrance;
use super::object::{AddressError, ObjectAddress, ObjectError};
use super::paths::folder_of;

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of an object is invalid.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A request about an object failed.
    #[error("cannot {action} an object")]
    Object {
        /// The operation.
        action: &'static str,
        /// Why it failed.
        source: ObjectError,
    },
    /// The folder for the state of runs cannot be created.
    #[error("cannot create the folder of --state-dir: {}", path.display())]
    StateFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder of the target cannot be created.
    #[error("cannot create the folder {}", folder_and(path))]
    MakeFolder {
        /// The target.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder of the target does not exist.
    #[error("the folder {} does not exist: {}", folder_of(path).display(), path.display())]
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
        /// What prevents a rename.
        hindrance: Hindrance,
        /// What prevents writing.
        source: io::Error,
    },
    /// No file could be created beside the target.
    #[error("cannot create a file beside the output: {}", path.display())]
    OpenStaged {
        /// The target.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing failed.
    #[error("cannot write the output: {path}")]
    Write {
        /// The target.
        path: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The finished file could not be copied into its place.
    #[error("cannot overwrite the output with the finished file: {}", path.display())]
    Overwrite {
        /// The target.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be removed, whatever the permissions of its folder.
    #[error("cannot remove {}: {}", path.display(), hindrance.describe())]
    CannotRemove {
        /// The file.
        path: PathBuf,
        /// What prevents it.
        hindrance: Hindrance,
    },
    /// A file could not be removed.
    #[error("cannot remove {}", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The finished file could not be given its name.
    #[error("cannot rename the finished file: {}", path.display())]
    Publish {
        /// The target.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The next step if no file could be created.
pub(crate) fn open_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space, or choose another place",
        io::ErrorKind::InvalidFilename => "choose a shorter name: the temporary file's is longer",
        _ if is_out_of_files(error) => "raise the limit of open files (ulimit -n), or name fewer outputs",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "make the output's folder writable: files are written beside the output, then renamed"
        }
        _ => "choose another place",
    }
}

/// The problem with an object, if a write error is about one.
fn object_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a ObjectError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let inner = inner.and_then(|inner| inner.downcast_ref());
        if let Some(found) = error.downcast_ref().or(inner) {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// The folder of a target, and the target; that of a dataset is the folder itself.
fn folder_and(path: &Path) -> String {
    let shown = path.display().to_string();
    if shown.ends_with('/') { shown } else { format!("{}: {shown}", folder_of(path).display()) }
}

impl StoreError {
    pub(super) fn object(action: &'static str, address: &ObjectAddress, error: &object_store::Error) -> Self {
        Self::from_object(action, ObjectError::of(address, error))
    }

    pub(super) fn from_object(action: &'static str, source: ObjectError) -> Self {
        Self::Object { action, source }
    }

    pub(super) fn write_file(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.display().to_string(), source: source.into() }
    }

    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Address(error) => error.hint(),
            Self::Object { source, .. } => source.hint(),
            Self::StateFolder { .. } => "name a folder that can be created and written",
            Self::MissingFolder { .. } => "create the folder first, omit --no-create-dirs, or choose another place",
            Self::MakeFolder { .. } => "create the folder first, or choose another place",
            Self::IsFolder { .. } | Self::TrailingSlash { .. } => "name a file in that folder",
            Self::CannotRemove { hindrance: Hindrance::Mounted, .. } => {
                "unmount it and remove it, or choose another place"
            }
            Self::CannotReplace { hindrance, .. } | Self::CannotRemove { hindrance, .. } => hindrance.hint(),
            Self::OpenStaged { source, .. } => open_hint(source),
            Self::Write { source, .. } if let Some(error) = object_cause(source.as_ref()) => error.hint(),
            Self::Write { .. } => "free some space or choose another place; the last good file is unchanged",
            Self::Overwrite { .. } => "free some space, then run the same command again: the file may be incomplete",
            Self::Remove { .. } => "make its folder writable, or remove it by hand",
            Self::Publish { .. } => {
                "make the folder writable; as long as there is no manifest, files may be old or new"
            }
        }
    }

    /// Whether the reader of stdout closed it, as `head` does when it has enough lines.
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

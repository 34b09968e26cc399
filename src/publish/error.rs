//! Errors of outputs; every one names its path.

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use arrow::error::ArrowError;

use crate::base::plural::count_of;
use crate::format::FormatError;
use crate::store::{OutputTarget, StoreError, open_hint};

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Its format is unknown, or cannot hold the columns.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// Its format cannot hold a value.
    #[error("cannot write the output: {path}")]
    Value {
        /// The target.
        path: String,
        /// Which value, and why.
        source: FormatError,
    },
    /// The file, object or stream could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The columns of a batch differ from those for which the outputs were opened.
    #[error("a batch does not have the columns of the outputs")]
    ForeignBatch(#[source] ArrowError),
    /// A column has more values than its dataset may have files.
    #[error("--partition-by {column} makes more than {max} partitions")]
    TooManyPartitions {
        /// The column.
        column: String,
        /// The maximum number.
        max: NonZeroUsize,
    },
    /// A value is too long for the name of a folder.
    #[error("--partition-by {column} makes a folder name of {bytes} bytes; file systems take 255")]
    LongPartition {
        /// The column.
        column: String,
        /// Length of the name in bytes.
        bytes: usize,
    },
    /// The temporary file for the rows of partitions failed.
    #[error("cannot keep rows of partitions in a temporary file in {}", std::env::temp_dir().display())]
    Spill(#[source] ArrowError),
    /// A file of the export that the run replaces cannot be removed, which shows before the first request.
    #[error("cannot replace the previous export")]
    KeptByFolder(#[source] StoreError),
    /// Files of the previous export could not be removed after the new ones were published.
    #[error(
        "the new files are published, but {path} of an earlier export cannot be removed{}",
        if *more == 0 { String::new() } else { format!(", and neither can {}", count_of(*more, "other file", "other files")) }
    )]
    LeftBehind {
        /// The first of them.
        path: String,
        /// How many others there are.
        more: u64,
        /// Why it cannot be removed.
        source: StoreError,
    },
    /// Another run is writing the same output.
    #[error("another run is writing the output: {output} ({owner})")]
    Busy {
        /// The target.
        output: String,
        /// Its process and start time.
        owner: String,
    },
    /// Another run is adding to the same history.
    #[error("another run is writing the history: {folder} ({owner})")]
    BusyHistory {
        /// The folder.
        folder: String,
        /// Its process and start time.
        owner: String,
    },
    /// The lock of another user cannot be read.
    #[error("cannot open the lock of another user ({owner}): {}", lock.display())]
    OthersLock {
        /// The lock.
        lock: PathBuf,
        /// The user.
        owner: String,
        /// Why.
        source: io::Error,
    },
    /// Locking failed, although the file system supports locks.
    #[error("cannot lock {}", lock.display())]
    Lock {
        /// The lock.
        lock: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl OutputError {
    /// The same about the folder of a dataset, where it names the place that the sidecars of the dataset are named after.
    #[must_use]
    pub(super) fn of_folder(self, sidecars: &OutputTarget) -> Self {
        let Some(folder) = sidecars.parent().map(|folder| folder.to_string()) else { return self };
        let folder = format!("{}/", folder.trim_end_matches('/'));
        match self {
            Self::Busy { owner, .. } => Self::Busy { output: folder, owner },
            Self::Store(StoreError::OpenStaged { source, .. }) => {
                Self::Store(StoreError::OpenStaged { path: folder.into(), source })
            }
            Self::Store(StoreError::MakeFolder { source, .. }) => {
                Self::Store(StoreError::MakeFolder { path: folder.into(), source })
            }
            other => other,
        }
    }

    /// The same about the lock of a history, which is the folder that is busy.
    #[must_use]
    pub fn of_history(self, folder: &OutputTarget) -> Self {
        match self {
            Self::Busy { owner, .. } => Self::BusyHistory { folder: folder.to_string(), owner },
            other => other,
        }
    }

    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Format(error) | Self::Value { source: error, .. } => error.hint(),
            Self::Store(error) | Self::KeptByFolder(error) => error.hint(),
            Self::ForeignBatch(_) => "this is a bug; please report it with the command",
            Self::TooManyPartitions { .. } => "choose a column with fewer values, or raise --max-partitions",
            Self::LongPartition { .. } => "choose another column",
            Self::Spill(_) => "free space there, or name another folder in the environment variable TMPDIR",
            Self::LeftBehind { .. } => {
                "remove it, or let the same command remove it: until then, readers of the folder take its rows for current ones"
            }
            Self::Busy { .. } => "wait until it is done, or choose another path",
            Self::BusyHistory { .. } => "wait until it is done, or choose another --history",
            Self::OthersLock { .. } => "remove it if no run is writing that output, or choose another --output",
            Self::Lock { source, .. } => open_hint(source),
        }
    }

    /// Whether the reader of stdout closed it, as `head` does when it has enough lines.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_closed_pipe())
    }
}

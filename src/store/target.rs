//! Where bytes go: a file or standard output.

use std::fmt;
use std::path::{Path, PathBuf};

use super::paths::{is_written_directly, real_path};

/// Where an output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputTarget {
    /// A file.
    File(PathBuf),
    /// Standard output.
    Stdout,
}

impl fmt::Display for OutputTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Stdout => formatter.write_str("-"),
        }
    }
}

impl OutputTarget {
    /// Reads a path from the command line; `-` is stdout, as are its names on Unix.
    pub fn new(path: &Path) -> Self {
        let is_stdout =
            ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path.as_os_str() == *name);
        if is_stdout { Self::Stdout } else { Self::File(path.to_owned()) }
    }

    /// The file, as it was given.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Stdout => None,
        }
    }

    /// Whether written bytes are visible at once and can be neither withheld nor replaced.
    pub fn is_stream(&self) -> bool {
        match self {
            Self::Stdout => true,
            Self::File(path) => is_written_directly(path) && !path.is_dir(),
        }
    }

    /// The regular file that the output becomes, if it is one. The staged file, lock and journal are beside it.
    pub fn staged_path(&self) -> Option<PathBuf> {
        let Self::File(path) = self else { return None };
        if is_written_directly(path) { None } else { real_path(path).ok() }
    }
}

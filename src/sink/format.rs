//! Which formats there are, and where outputs can go.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::SinkError;

/// A format that contacts are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum OutputFormat {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated values, RFC 4180.
    Csv,
    /// CSV compressed with gzip.
    CsvGzip,
    /// CSV compressed with Zstandard.
    CsvZstd,
}

impl OutputFormat {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Parquet, Self::Csv, Self::CsvGzip, Self::CsvZstd];

    /// Its name, which is also the extension of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::CsvGzip => "csv.gz",
            Self::CsvZstd => "csv.zst",
        }
    }

    /// The format that the extension of a path asks for.
    pub fn from_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|format| {
            name.strip_suffix(format.name())
                .and_then(|stem| stem.strip_suffix('.'))
                .is_some_and(|stem| !stem.is_empty())
        })
    }
}

impl From<OutputFormat> for &'static str {
    fn from(format: OutputFormat) -> Self {
        format.name()
    }
}

impl TryFrom<String> for OutputFormat {
    type Error = SinkError;

    fn try_from(name: String) -> Result<Self, SinkError> {
        name.parse()
    }
}

impl FromStr for OutputFormat {
    type Err = SinkError;

    fn from_str(name: &str) -> Result<Self, SinkError> {
        let found =
            Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name.trim_start_matches('.')));
        found.ok_or_else(|| SinkError::UnknownFormat { name: name.to_owned() })
    }
}

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
    /// Reads a path from the command line; `-` is stdout, as is the name that Unix has for it.
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
}

/// One output to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputRequest {
    /// Where.
    pub target: OutputTarget,
    /// How.
    pub format: OutputFormat,
}

impl OutputRequest {
    /// Reads a path from the command line; `-` is stdout, which is CSV unless `format` says otherwise.
    ///
    /// # Errors
    /// When neither `format` nor the extension says how to write it.
    pub fn new(path: &Path, format: Option<OutputFormat>) -> Result<Self, SinkError> {
        let target = OutputTarget::new(path);
        let own = match target {
            OutputTarget::Stdout => Some(OutputFormat::Csv),
            OutputTarget::File(_) => OutputFormat::from_path(path),
        };
        let format = format.or(own).ok_or_else(|| SinkError::UnknownExtension { path: path.to_owned() })?;
        Ok(Self { target, format })
    }

    /// Whether it is CSV on stdout, which may be read while it is written.
    pub(super) fn is_a_stream(&self) -> bool {
        self.target == OutputTarget::Stdout && self.format == OutputFormat::Csv
    }
}

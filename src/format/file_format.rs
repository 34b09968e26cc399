//! Which formats there are, and the names they go by.

use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::FormatError;

/// A format that rows are written in.
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
    type Error = FormatError;

    fn try_from(name: String) -> Result<Self, FormatError> {
        name.parse()
    }
}

impl FromStr for OutputFormat {
    type Err = FormatError;

    fn from_str(name: &str) -> Result<Self, FormatError> {
        let found =
            Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name.trim_start_matches('.')));
        found.ok_or_else(|| FormatError::UnknownFormat { name: name.to_owned() })
    }
}

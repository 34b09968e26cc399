//! How files are laid out, for every format in one place.

use std::str::FromStr;

use super::csv_settings::CsvSettings;
use super::parquet::ParquetSettings;

/// How the files of each format are laid out. A format reads its own part.
#[derive(Debug, Clone)]
pub struct FormatSettings {
    /// What the rows are, such as `contacts`; a workbook names its sheet after them.
    pub rows: &'static str,
    /// Key-value metadata of Parquet and Arrow files.
    pub metadata: Vec<(String, String)>,
    /// How Parquet files are laid out.
    pub parquet: ParquetSettings,
    /// How CSV files are laid out.
    pub csv: CsvSettings,
    /// How amounts are written in NDJSON.
    pub decimals: JsonDecimals,
}

/// How amounts are written in NDJSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JsonDecimals {
    /// `"0.0079"`: exact, whatever reads it.
    #[default]
    Strings,
    /// `0.0079`: exact as written; readers that take every number for a binary float round it.
    Numbers,
}

impl FromStr for JsonDecimals {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name.to_ascii_lowercase().as_str() {
            "string" | "strings" => Ok(Self::Strings),
            "number" | "numbers" => Ok(Self::Numbers),
            _ => Err("write string or number"),
        }
    }
}

impl Default for FormatSettings {
    fn default() -> Self {
        Self {
            rows: "rows",
            metadata: Vec::new(),
            parquet: ParquetSettings::default(),
            csv: CsvSettings::default(),
            decimals: JsonDecimals::default(),
        }
    }
}

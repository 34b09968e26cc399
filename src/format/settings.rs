//! The settings of all formats.

use std::str::FromStr;

use super::csv_settings::CsvSettings;
use super::parquet::ParquetSettings;

/// The settings of all formats. An encoder uses those of its format.
#[derive(Debug, Clone)]
pub struct FormatSettings {
    /// The resource of the rows, such as `contacts`, which names the sheet of a workbook.
    pub rows: &'static str,
    /// Key-value metadata of Parquet and Arrow files.
    pub metadata: Vec<(String, String)>,
    /// The layout of Parquet files.
    pub parquet: ParquetSettings,
    /// The layout of CSV files.
    pub csv: CsvSettings,
    /// How amounts are written in NDJSON.
    pub decimals: JsonDecimals,
}

/// How amounts are written in NDJSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JsonDecimals {
    /// `"0.0079"`: exact for every reader.
    #[default]
    Strings,
    /// `0.0079`: exact in the file, but rounded by readers that use binary floats.
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

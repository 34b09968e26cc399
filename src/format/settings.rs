//! How files are laid out, for every format in one place.

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
}

impl Default for FormatSettings {
    fn default() -> Self {
        Self { rows: "rows", metadata: Vec::new(), parquet: ParquetSettings::default(), csv: CsvSettings::default() }
    }
}

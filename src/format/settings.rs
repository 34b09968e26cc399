//! How files are laid out, for every format in one place.

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
}

impl Default for FormatSettings {
    fn default() -> Self {
        Self { rows: "rows", metadata: Vec::new(), parquet: ParquetSettings::default() }
    }
}

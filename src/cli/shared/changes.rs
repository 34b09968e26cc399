//! Flags about changes since the export that a run replaces.

use std::path::PathBuf;

use clap::Args;

use super::values::exit_code;

/// Flags about changes since the export that a run replaces.
#[derive(Debug, Clone, Args)]
pub struct ChangesArgs {
    /// Also write what is new, changed and gone since the export that the first output replaces; may be repeated
    ///
    /// Before that export is replaced, its rows are compared with the new ones, as `sent-export diff` does. The file is
    /// published together with the outputs. In the first export, all rows are added.
    #[arg(long, value_name = "PATH", help_heading = "Changes")]
    pub changes: Vec<PathBuf>,

    /// Add what this run changes to the history in this folder, from which `sent-export diff --as-of` rebuilds every state
    ///
    /// Every run adds one Parquet file with the rows that changed and their values from then on (`valid_from`). The
    /// folder may be in an object store.
    #[arg(long, value_name = "FOLDER", help_heading = "Changes")]
    pub history: Option<PathBuf>,

    /// Exit code if nothing changed since the replaced export, such as 99 for a skipped task in Airflow
    /// [default: 0]
    #[arg(long, value_name = "N", value_parser = exit_code, help_heading = "Changes")]
    pub exit_code_unchanged: Option<u8>,
}

impl ChangesArgs {
    /// Whether any of them needs the rows of the export that is replaced.
    pub fn compares(&self) -> bool {
        !self.changes.is_empty() || self.history.is_some() || self.exit_code_unchanged.is_some()
    }
}

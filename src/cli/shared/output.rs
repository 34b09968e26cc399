//! Where an export goes, and in which format.

use std::path::PathBuf;

use clap::Args;

use crate::format::{FileFormat, format_extensions, format_names};
use crate::store::FileMode;

/// Where an export goes, and in which format.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Where to write the rows, `-` for stdout; repeat it for several outputs from one read of the API
    #[arg(short, long, value_name = "PATH", required = true, long_help = output_help(), help_heading = "Output")]
    pub output: Vec<PathBuf>,

    /// Format of all outputs, whatever their extension
    #[arg(long, help = format!("Format of all outputs, whatever their extension: {}", format_names()), help_heading = "Output")]
    pub format: Option<FileFormat>,

    /// Columns to write, in this order, with commas between them [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Output")]
    pub columns: Option<Vec<String>>,

    /// Where to write the manifest, or `none` [default: _OUTPUT.manifest.json beside the first output]
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub manifest: Option<PathBuf>,

    /// Permissions of all files written, like 640 [default: those of the file that is replaced, 600 for a new one]
    #[arg(long, value_name = "OCTAL", help_heading = "Output")]
    pub mode: Option<FileMode>,
}

/// Which reports are written beside an export.
#[derive(Debug, Clone, Args)]
pub struct ReportFileArgs {
    /// Also write the summary as JSON, `-` for stdout
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub summary: Option<PathBuf>,

    /// Also write a report, as .html or .md for people or as .json; repeat it for several
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub report: Vec<PathBuf>,
}

fn output_help() -> String {
    format!(
        "Where to write the rows, `-` for stdout; repeat it for several outputs from one read of the API\n\n\
         The extension chooses the format: {}. Files are written to a temporary name, synced, then renamed, with mode and \
         owner of the file they replace; a new one is readable by its owner alone.",
        format_extensions()
    )
}

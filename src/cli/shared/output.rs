//! Where an export goes, and in which format.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::Args;

use super::columns::ColumnArgs;
use super::csv::CsvArgs;
use super::store::StoreArgs;
use super::values::{kept_exports, rows_per_file};
use crate::format::{FileFormat, format_extensions, format_names};
use crate::store::FileMode;

/// Where an export goes, and in which format.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Where to write the rows: a path, s3://, gs:// or az:// address, or `-` for stdout; may be repeated
    #[arg(short, long, value_name = "PATH", required = true, long_help = output_help(), help_heading = "Output")]
    pub output: Vec<PathBuf>,

    /// Format of all outputs, regardless of extension
    #[arg(long, help = format!("Format of all outputs, regardless of extension: {}", format_names()), help_heading = "Output")]
    pub format: Option<FileFormat>,

    /// What CSV outputs look like.
    #[command(flatten)]
    pub csv: CsvArgs,

    /// Which columns are written.
    #[command(flatten)]
    pub columns: ColumnArgs,

    /// Where to write the manifest, or `none` [default: _OUTPUT.manifest.json next to the first output]
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub manifest: Option<PathBuf>,

    /// Permissions of all written files, such as 640 [default: those of the replaced file, or 600]
    #[arg(long, value_name = "OCTAL", help_heading = "Output")]
    pub mode: Option<FileMode>,

    /// Split every output into files of at most N rows, such as contacts-00000.csv
    #[arg(long, value_name = "N", value_parser = rows_per_file, help_heading = "Output")]
    pub max_rows_per_file: Option<NonZeroU64>,

    /// After publishing, remove the files of all but the newest N exports that differ from this one in `{date}`, `{time}` or `{run_id}` only
    #[arg(long, value_name = "N", value_parser = kept_exports, help_heading = "Output")]
    pub keep: Option<NonZeroUsize>,

    /// How files and objects are reached.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// Which reports to write along with an export.
#[derive(Debug, Clone, Args)]
pub struct ReportFileArgs {
    /// Also write the summary as JSON, `-` for stdout
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub summary: Option<PathBuf>,

    /// Also write a report as .html, .md or .json; may be repeated
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub report: Vec<PathBuf>,
}

fn output_help() -> String {
    format!(
        "Where to write the rows: a path, an address like s3://bucket/contacts.parquet (also gs://, az:// and abfss://), or \
         `-` for stdout; may be repeated for several outputs from one read of the API\n\n\
         The extension chooses the format: {}. Files are written to a temporary name, synced, then renamed, keeping \
         the mode and owner of the file they replace; new files are readable only by their owner. Objects are uploaded in \
         parts while the run reads, and appear when it publishes. Missing folders are created.\n\n\
         Paths of all written files may hold {{date}}, {{time}}, {{run_id}} and {{profile_id}}, such as \
         exports/dt={{date}}/contacts.parquet; {{{{ and }}}} stand for braces.",
        format_extensions()
    )
}

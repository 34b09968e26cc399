//! What is written of an export.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::Args;

use super::columns::ColumnArgs;
use super::files::FileArgs;
use super::values::{kept_exports, partitions, report_title, rows_per_file};

/// What is written of an export: its rows, as files with a manifest.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Where the rows go.
    #[command(flatten)]
    pub files: FileArgs,

    /// Which columns are written.
    #[command(flatten)]
    pub columns: ColumnArgs,

    /// Where to write the manifest, or `none` [default: _OUTPUT.manifest.json next to the first output]
    #[arg(long, value_name = "PATH", requires = "output", help_heading = "Output")]
    pub manifest: Option<PathBuf>,

    /// Write one file for each value of a column into the folder --output, such as region_code=NP/part-0.parquet
    ///
    /// The column is in the names of the folders and not in the files; most engines read such a folder as one table. A time
    /// column is used by its date, UTC: `created_date`. --format chooses the format, Parquet by default. A run replaces the
    /// whole dataset; of messages by `created_date`, only the days that it read. With --since, all of its first day is read.
    #[arg(long, value_name = "COLUMN", requires = "output", help_heading = "Output")]
    pub partition_by: Option<String>,

    /// Maximum number of partitions of --partition-by [default: 300]
    #[arg(long, value_name = "N", value_parser = partitions, requires = "partition_by", help_heading = "Output")]
    pub max_partitions: Option<NonZeroUsize>,

    /// Split every output into files of at most N rows, such as contacts-00000.csv
    #[arg(long, value_name = "N", value_parser = rows_per_file, requires = "output", help_heading = "Output")]
    pub max_rows_per_file: Option<NonZeroU64>,

    /// After publishing, remove the files of all but the newest N exports that differ from this one only in `{date}`, `{time}` or `{run_id}`
    #[arg(long, value_name = "N", value_parser = kept_exports, requires = "output", help_heading = "Output")]
    pub keep: Option<NonZeroUsize>,
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

    /// Title of the report
    #[arg(long, value_name = "TEXT", value_parser = report_title, help_heading = "Output")]
    pub title: Option<String>,
}

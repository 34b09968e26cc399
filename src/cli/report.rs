//! The flags of `sent-export report`.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::Args;

use super::shared::{StoreArgs, limit, moment, report_title};

use crate::format::format_extensions;
use crate::time::Timestamp;

const EXAMPLES: &str = "\
Examples:
  sent-export report contacts.parquet
      Print tables of what is in the file
  sent-export report exports/ --html report.html --markdown report.md
      All exports in a folder, as HTML and Markdown
  sent-export report contacts.parquet --compare last-week.json --json this-week.json
      What changed since last week's summary
  sent-export report contacts.parquet --html for-partners.html --min-cell 10
      A report to share: groups of fewer than ten contacts are merged
  sent-export report messages/ --html delivery.html
      Messages: delivery, failures, spending and replies
  sent-export report --runs runs.jsonl --last 7
      Outcomes of the last seven runs with --runs runs.jsonl

Exit codes:
  0 done, 1 unexpected failure, 2 wrong usage, or damaged or incomplete files, 7 report could not be written";

fn files_help() -> String {
    format!("Exported files ({}), or folders of them", format_extensions())
}

fn files_long_help() -> String {
    format!(
        "{}\n\nA report covers contacts, messages, or messages by their activities; the columns of the files decide which. All files are \
         counted together, and each file once, even if it is named twice. Of files in one folder whose names differ only in the extension, one is \
         read: they are one export in several formats. Of several exports of the same account, the newest is read.",
        files_help()
    )
}

/// The flags of `sent-export report`, before they are checked.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct ReportArgs {
    /// Exported files, or folders of them
    #[arg(value_name = "FILE", required_unless_present = "runs", help = files_help(), long_help = files_long_help())]
    pub files: Vec<PathBuf>,

    /// Show the runs that exports have appended to this file (--runs) instead
    // The name differs from that of the flag of exports, because variables and defaults of jobs for exports must not
    // replace the files of a report.
    #[arg(
        long = "run-log",
        visible_alias = "runs",
        value_name = "FILE",
        conflicts_with_all = ["files", "sum", "html", "markdown", "compare", "min_cell", "as_of"],
        help_heading = "Runs"
    )]
    pub runs: Option<PathBuf>,

    /// Show only the newest N runs
    #[arg(long, value_name = "N", default_value = "20", value_parser = limit, help_heading = "Runs")]
    pub last: NonZeroU64,

    /// Title of the report
    #[arg(long, value_name = "TEXT", value_parser = report_title, help_heading = "Content")]
    pub title: Option<String>,

    /// Add up several exports of the same account instead of counting only the newest
    #[arg(long, help_heading = "Content")]
    pub sum: bool,

    /// Write an HTML page, `-` for stdout
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub html: Option<PathBuf>,

    /// Write Markdown for a chat or the summary of a CI step, `-` for stdout
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub markdown: Option<PathBuf>,

    /// Write JSON like the summary of an export, `-` for stdout
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub json: Option<PathBuf>,

    /// Print only the digest: ten lines of Markdown for a chat
    #[arg(long, help_heading = "Output")]
    pub digest: bool,

    /// How files and objects are reached.
    #[command(flatten)]
    pub store: StoreArgs,

    /// Show what changed since an older summary (JSON), exported file, or folder of them; may be repeated
    ///
    /// Of several older states, the newest with the same filters is compared, and all of them make a trend. Between two exports,
    /// contacts that were added and removed are counted; a summary has counts only, so only the net change is known.
    #[arg(long, value_name = "OLD", help_heading = "Content")]
    pub compare: Vec<PathBuf>,

    /// Merge groups of fewer contacts or messages than this into `(other)`; suppress counts below it, and counts whose complement is below it
    #[arg(long, value_name = "N", value_parser = parse_min_cell, help_heading = "Content")]
    pub min_cell: Option<u64>,

    /// Time to compute ages at, such as 2026-03-31 (midnight UTC) or 2026-03-31T08:00:00Z [default: the start of the export, or now without a manifest]
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "Content")]
    pub as_of: Option<Timestamp>,

    /// Print only warnings and errors
    #[arg(short, long, help_heading = "Messages")]
    pub quiet: bool,

    /// Do not show progress
    #[arg(long, help_heading = "Messages")]
    pub no_progress: bool,
}

/// A lower limit would not hide a group of one.
fn parse_min_cell(text: &str) -> Result<u64, &'static str> {
    const MIN: u64 = 2;
    text.parse().ok().filter(|&contacts| contacts >= MIN).ok_or("write a number of at least 2")
}

//! The flags of `sent-export report`.

use std::path::PathBuf;

use clap::Args;

use super::shared::moment;

use crate::format::format_extensions;
use crate::time::Timestamp;

const EXAMPLES: &str = "\
Examples:
  sent-export report contacts.parquet
      What is in the file, as tables
  sent-export report exports/ --html report.html --markdown report.md
      Of all exports in a folder, as a page for a browser and for a chat
  sent-export report contacts.parquet --compare last-week.json --json this-week.json
      What changed since the summary of last week's export
  sent-export report contacts.parquet --html for-partners.html --min-cell 10
      To be passed on: no group of fewer than ten contacts
  sent-export report messages/ --html delivery.html
      Of messages: delivery, failures, spending and replies

Exit codes:
  0 done, 1 unexpected failure, 2 wrong usage or files that are no whole exports, 7 report could not be written";

fn files_help() -> String {
    format!("Exported files ({}), or folders of them", format_extensions())
}

fn files_long_help() -> String {
    format!(
        "{}\n\nTheir columns tell whether they hold contacts or messages; one report is on either. All of them count together, each once by whatever name it is given. Of files in one folder whose names differ \
         only in the extension, one is read: they are one export in several formats. Of several exports of the same account, \
         the newest is read.",
        files_help()
    )
}

/// The flags of `sent-export report`, as they were typed.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ReportArgs {
    /// Exported files, or folders of them
    #[arg(value_name = "FILE", required = true, help = files_help(), long_help = files_long_help())]
    pub files: Vec<PathBuf>,

    /// Add up several exports of the same account instead of counting only the newest
    #[arg(long, help_heading = "Content")]
    pub sum: bool,

    /// Write one page for a browser, `-` for stdout
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub html: Option<PathBuf>,

    /// Write Markdown for a chat or the summary of a CI step, `-` for stdout
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub markdown: Option<PathBuf>,

    /// Write JSON for machines, in the form of the summary of an export, `-` for stdout
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub json: Option<PathBuf>,

    /// Show what changed since then: a summary as JSON, an exported file, or a folder of them
    #[arg(long, value_name = "OLD", help_heading = "Content")]
    pub compare: Option<PathBuf>,

    /// Hide groups of fewer contacts or messages than this: merge them into `(other)`, and omit numbers that are smaller or leave a smaller rest
    #[arg(long, value_name = "N", value_parser = parse_min_cell, help_heading = "Content")]
    pub min_cell: Option<u64>,

    /// The moment that ages are counted from, like 2026-03-31 (its midnight, UTC) or 2026-03-31T08:00:00Z [default: when the export began, or now without a manifest]
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "Content")]
    pub as_of: Option<Timestamp>,

    /// Print only warnings and errors
    #[arg(short, long, help_heading = "Messages")]
    pub quiet: bool,

    /// Show no progress
    #[arg(long, help_heading = "Messages")]
    pub no_progress: bool,
}

/// A group of one is hidden by no limit below this.
fn parse_min_cell(text: &str) -> Result<u64, &'static str> {
    const MIN: u64 = 2;
    text.parse().ok().filter(|&contacts| contacts >= MIN).ok_or("write a number of contacts from 2 on")
}

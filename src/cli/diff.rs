//! The flags of `sent-export diff`.

use std::path::PathBuf;

use clap::Args;

use super::shared::{FileArgs, end_of_moment, exit_code, output_or};
use crate::format::format_extensions;
use crate::time::Timestamp;

const EXAMPLES: &str = "\
Examples:
  sent-export diff monday.parquet tuesday.parquet -o changes.parquet
      What is new, changed and gone since Monday
  sent-export diff monday.parquet tuesday.csv
      Counts only; the formats may differ
  sent-export diff last-week/ this-week/ -o changes.csv --wide --ignore updated_at
      Old and new values in separate columns, without changes of updated_at alone
  sent-export diff old.parquet new.parquet -o - --exit-code-unchanged 99 --quiet
      CSV to stdout, and exit code 99 if nothing changed
  sent-export diff history/ --as-of 2026-03-31 -o march.parquet
      The rows at the end of March, from the history that `sent-export contacts --history history/` writes

Exit codes:
  0 done, 1 unexpected failure, 2 wrong usage, damaged files, or exports that cannot be compared, 7 output could not be
  written; N with --exit-code-unchanged N";

fn snapshot_help(which: &str) -> String {
    format!("{which} exported file ({}), or folder of them", format_extensions())
}

fn old_long_help() -> String {
    format!(
        "{}\n\nBoth sides hold contacts or both hold messages; formats and places may differ. Of several exports of the same \
         account in a folder, the newest is read. Their manifests tell whether a side is complete: what an `unverified` \
         NEW lacks is reported as missing, not removed.",
        snapshot_help("Older")
    )
}

/// The flags of `sent-export diff`, before they are checked.
#[derive(Debug, Args)]
#[command(mut_arg("output", |output| output_or(output, "only count the changes")), after_long_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct DiffArgs {
    /// Older export
    #[arg(value_name = "OLD", help = snapshot_help("Older"), long_help = old_long_help())]
    pub old: PathBuf,

    /// Newer export
    #[arg(value_name = "NEW", required_unless_present = "as_of", help = snapshot_help("Newer"))]
    pub new: Option<PathBuf>,

    /// Rebuild the rows as they were at this time from OLD, the folder of a history; a date is the end of that day, UTC
    ///
    /// `sent-export contacts --history` writes histories. The rows are those of the last export at that time, sorted by id.
    #[arg(
        long,
        value_name = "TIME",
        value_parser = end_of_moment,
        conflicts_with_all = ["new", "wide", "ignore", "force", "exit_code_unchanged"],
        help_heading = "History"
    )]
    pub as_of: Option<Timestamp>,

    /// Where the changes go, unless they are only counted.
    #[command(flatten)]
    pub files: FileArgs,

    /// Write old and new values as columns `old_X` and `new_X` instead of two structs
    #[arg(long, requires = "output", help_heading = "Output")]
    pub wide: bool,

    /// Columns whose changes do not count, separated by commas, such as `updated_at`
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Comparison")]
    pub ignore: Vec<String>,

    /// Compare exports of different accounts, filters or profiles
    #[arg(long, help_heading = "Comparison")]
    pub force: bool,

    /// Exit code if nothing changed, such as 99 for a skipped task in Airflow [default: 0]
    #[arg(long, value_name = "N", value_parser = exit_code, help_heading = "Comparison")]
    pub exit_code_unchanged: Option<u8>,

    /// Print only warnings and errors
    #[arg(short, long, help_heading = "Messages")]
    pub quiet: bool,

    /// Do not show progress
    #[arg(long, help_heading = "Messages")]
    pub no_progress: bool,
}

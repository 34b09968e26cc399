//! The flags of `sent-export contact`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::shared::{LookupArgs, OutputArgs, RunArgs, WatchArgs, output_or};

const EXAMPLES: &str = "\
Examples:
  sent-export contact 6ba7b810-9dad-11d1-80b4-00c04fd430c8
      One contact: a readable block on a terminal, a line of JSON in a pipe
  sent-export contact +12025550123 --message-summary
      By number, with the counts of its messages and their outcome
  sent-export contact --ids ids.txt --missing gone.txt --output contacts.parquet
      Many contacts, with the ids that no longer exist written to gone.txt

Exit codes:
  0 found, or all of several looked up, 1 unexpected failure, 2 wrong usage,
  3 written, but some contacts could not be read, 4 not found or rejected by the API,
  5 API unavailable or rate limited for too long, 6 key or permission, 7 output could not be written,
  130/143 stopped by a signal";

/// The flags of `sent-export contact`, before they are checked.
#[derive(Debug, Args)]
#[command(mut_arg("output", |output| output_or(output, "print them")), after_long_help = EXAMPLES, group = ArgGroup::new("contacts_to_read").required(true).multiple(true))]
pub struct ContactArgs {
    /// Contact ids, or phone numbers with country code, such as +12025550123
    #[arg(value_name = "ID|+NUMBER", group = "contacts_to_read")]
    pub contact: Vec<String>,

    /// Text file with one contact id per line, `-` for stdin; requires --output
    #[arg(
        long,
        value_name = "FILE",
        group = "contacts_to_read",
        requires = "output",
        help_heading = "Contacts to read"
    )]
    pub ids: Option<PathBuf>,

    /// Add the number of messages, their first and last times, and their outcome on each channel
    #[arg(long, conflicts_with = "output")]
    pub message_summary: bool,

    /// Add the column `extra`: undocumented fields, and values that their columns cannot hold, as JSON
    #[arg(long, help_heading = "Output")]
    pub extra: bool,

    /// Where the contacts go, unless they are printed.
    #[command(flatten)]
    pub output: OutputArgs,

    /// What is done about ids that are not found or cannot be read.
    #[command(flatten)]
    pub lookup: LookupArgs,

    /// How the run is watched.
    #[command(flatten)]
    pub watch: WatchArgs,

    /// How the command runs.
    #[command(flatten)]
    pub run: RunArgs,
}

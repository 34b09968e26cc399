//! The flags of `sent-export activities`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::shared::{GateArgs, LookupArgs, OutputArgs, ReportFileArgs, RunArgs, WatchArgs, number};

const EXAMPLES: &str = "\
Examples:
  sent-export activities --messages messages.parquet --output activities.parquet
      The delivery history of every message of an export
  sent-export activities --ids ids.txt --missing unknown.txt --output activities.csv
      The messages of a list, with unknown ids written to unknown.txt
  sent-export activities 8c3f6f0e-5f0b-4a55-9d1c-0f2f8c5f7a11 --output -
      One message, as CSV to stdout

Each message is one request: at 200 requests a minute, 10,000 messages take 50 minutes.

Exit codes:
  0 complete, 1 unexpected failure, 2 wrong usage, 3 written, but some messages could not be read,
  4 rejected by the API, 5 API unavailable or rate limited for too long, 6 key or permission,
  7 output could not be written, 8 not published: a gate failed, 130/143 stopped by a signal";

/// The flags of `sent-export activities`, before they are checked.
#[derive(Debug, Args)]
#[command(mut_arg("output", |output| output.required(true)), after_long_help = EXAMPLES, group = ArgGroup::new("messages_to_read").required(true).multiple(true))]
pub struct ActivitiesArgs {
    /// Ids of messages
    #[arg(value_name = "ID", group = "messages_to_read")]
    pub message: Vec<String>,

    /// Exported messages, a file or a folder; may be repeated
    ///
    /// Reads files of any format that this program or another one wrote, from the column `message_id` or `id`.
    #[arg(long, value_name = "PATH", group = "messages_to_read", help_heading = "Messages to read")]
    pub messages: Vec<PathBuf>,

    /// Text file with one message id per line, `-` for stdin
    #[arg(long, value_name = "FILE", group = "messages_to_read", help_heading = "Messages to read")]
    pub ids: Option<PathBuf>,

    /// Column of --messages that holds the ids [default: `message_id` or else `id`]
    #[arg(long, value_name = "NAME", requires = "messages", help_heading = "Messages to read")]
    pub id_column: Option<String>,

    /// Where the activities go.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Which reports are written.
    #[command(flatten)]
    pub reports: ReportFileArgs,

    /// What is done about ids that are not found or cannot be read.
    #[command(flatten)]
    pub lookup: LookupArgs,

    /// Publish only if there are at least this many activities; otherwise keep the old files and exit with 8
    #[arg(long, value_name = "N", value_parser = number, help_heading = "Gates")]
    pub min_activities: Option<u64>,

    /// What else is demanded of the export.
    #[command(flatten)]
    pub gates: GateArgs,

    /// How the run is watched.
    #[command(flatten)]
    pub watch: WatchArgs,

    /// How the command runs.
    #[command(flatten)]
    pub run: RunArgs,
}

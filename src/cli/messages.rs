//! The flags of `sent-export messages`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::shared::{
    ChangesArgs, GateArgs, ListArgs, OutputArgs, ProfilesArgs, ReportFileArgs, RunArgs, SinceArg, WatchArgs, duration,
    number,
};

const EXAMPLES: &str = "\
Examples:
  sent-export messages --simulate --output messages.parquet
      Try it without an account, with the built-in simulator
  SENT_DM_API_KEY=... sent-export messages --output messages.parquet --no-body
      All messages of the account, without their text
  sent-export messages --output messages.parquet --since 7d
      Messages of the last seven days, from the first pages of the list
  sent-export messages --output messages/ --partition-by created_date --since-last
      For a daily job: messages since the last run, and those that may have changed, in one file per day
  sent-export messages --output m.parquet --since 1d --with-activities --activities-output a.parquet
      Messages of the last day with their delivery history: one more request per message

Exit codes:
  0 complete, 1 unexpected failure, 2 wrong usage, 3 written, but completeness not verified,
  4 rejected by the API, 5 API unavailable or rate limited for too long, 6 key or permission,
  7 output could not be written, 8 not published: a gate failed, 130/143 stopped by a signal";

/// The flags of `sent-export messages`, before they are checked.
#[derive(Debug, Args)]
#[command(mut_arg("output", |output| output.required(true)), after_long_help = EXAMPLES)]
pub struct MessagesArgs {
    /// Where the messages go.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Which reports are written.
    #[command(flatten)]
    pub reports: ReportFileArgs,

    /// Flags about changes since the last export.
    #[command(flatten)]
    pub changes: ChangesArgs,

    /// Omit the text of messages: the columns `body` and `body_text`
    #[arg(long, help_heading = "Output")]
    pub no_body: bool,

    /// Add the column `extra`: undocumented fields, and values that their columns cannot hold, as JSON
    #[arg(long, help_heading = "Output")]
    pub extra: bool,

    /// Whether activities are read, too.
    #[command(flatten)]
    pub activities: MessageActivitiesArgs,

    /// Export only messages created since a time, such as 2026-03-31 or 2026-03-31T08:00:00Z, or within an age, such as 7d
    ///
    /// Reading stops after two pages with only older messages if the list was sorted by creation time so far; otherwise the
    /// whole list is read.
    #[arg(long, value_name = "TIME", conflicts_with = "since_last", help_heading = "Span")]
    pub since: Option<SinceArg>,

    /// Export only messages created since the last run in the folder --output (by its manifest), less --reread
    #[arg(long, requires = "partition_by", help_heading = "Span")]
    pub since_last: bool,

    /// How far before the last run --since-last starts, because message statuses change after creation
    ///
    /// The API has no time of the last change. Most messages are delivered, read or failed within hours; three days cover a
    /// weekend.
    #[arg(long, value_name = "TIME", default_value = "3d", value_parser = duration, help_heading = "Span")]
    pub reread: Duration,

    /// Publish only if there are at least this many messages; otherwise keep the old files and exit with 8
    #[arg(long, value_name = "N", value_parser = number, help_heading = "Gates")]
    pub min_messages: Option<u64>,

    /// What else is demanded of the export.
    #[command(flatten)]
    pub gates: GateArgs,

    /// How the list is read.
    #[command(flatten)]
    pub list: ListArgs,

    /// Which profiles are read.
    #[command(flatten)]
    pub profiles: ProfilesArgs,

    /// How the run is watched.
    #[command(flatten)]
    pub watch: WatchArgs,

    /// How the command runs.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Whether the activities of the messages are read in the same run.
#[derive(Debug, Args)]
pub struct MessageActivitiesArgs {
    /// Also read the delivery history of each message, one request per message, and write it to --activities-output
    ///
    /// Activities are read after the list, under the same rate limit: at 200 requests a minute, those of 10,000 messages
    /// take 50 minutes. The number of requests is printed to stderr before the first. Messages and activities are published
    /// together.
    #[arg(long, requires = "activities_output", help_heading = "Activities")]
    pub with_activities: bool,

    /// File to write the activities to; its extension chooses the format
    #[arg(long, value_name = "PATH", requires = "with_activities", help_heading = "Activities")]
    pub activities_output: Option<PathBuf>,

    /// Publish even if the activities of some messages cannot be read; the verdict is then unverified, and the evidence lists them
    #[arg(long, requires = "with_activities", help_heading = "Activities")]
    pub allow_unread: bool,
}

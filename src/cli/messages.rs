//! The flags of `sent-export messages`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::shared::{
    AccountArgs, GateArgs, ListArgs, OutputArgs, PaceArgs, ReportFileArgs, ResumeArgs, SinceArg, VerbosityArgs,
    duration, number, number_between,
};

const EXAMPLES: &str = "\
Examples:
  sent-export messages --simulate --output messages.parquet
      A first try without an account, against the built-in simulator
  SENT_DM_API_KEY=... sent-export messages --output messages.parquet --no-body
      All messages of the account, without what they say
  sent-export messages --output messages.parquet --since 7d
      Those of the last seven days, from a few pages of the list
  sent-export messages --output messages/ --partition-by created_date --since-last
      Every day: what is new since the last run, and what may have changed, into one file a day
  sent-export messages --output m.parquet --since 1d --with-activities --activities-output a.parquet
      Those of the last day, and what happened to each of them: one more request a message

Exit codes:
  0 complete, 1 unexpected failure, 2 wrong usage, 3 written but completeness not verified,
  4 rejected by the API, 5 API unavailable or rate limited for too long, 6 key or permission,
  7 output could not be written, 8 held back by a gate and not published, 130/143 stopped by a signal";

/// The flags of `sent-export messages`, as they were typed.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct MessagesArgs {
    /// Where the messages go.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Which reports are written.
    #[command(flatten)]
    pub reports: ReportFileArgs,

    /// Leave out what messages say: the columns `body` and `body_text`
    #[arg(long, help_heading = "Output")]
    pub no_body: bool,

    /// Add the column `extra`: undocumented fields, and values that their columns cannot hold, as JSON
    #[arg(long, help_heading = "Output")]
    pub extra: bool,

    /// Write one Parquet file for each day into the folder of --output, and replace only the days that were read
    ///
    /// Files are named like `created_date=2026-11-28/part-0.parquet`, which most engines read as one table with a column
    /// `created_date`. Days are UTC. With --since, the day in which it lies is read whole.
    #[arg(long, value_name = "COLUMN", help_heading = "Output")]
    pub partition_by: Option<PartitionArg>,

    /// Whether activities are read, too.
    #[command(flatten)]
    pub activities: MessageActivitiesArgs,

    /// Only messages created since then: a time like 2026-03-31 or 2026-03-31T08:00:00Z, or an age like 7d
    ///
    /// Reading stops behind the first 2 pages that hold only older messages, if the list is sorted by creation time so far;
    /// otherwise all of it is read.
    #[arg(long, value_name = "TIME", conflicts_with = "since_last", help_heading = "Span")]
    pub since: Option<SinceArg>,

    /// Only messages created since the last run into the folder of --output, by its manifest, and --reread before it
    #[arg(long, requires = "partition_by", help_heading = "Span")]
    pub since_last: bool,

    /// How far before the last run --since-last begins, because messages change their status after they are created
    ///
    /// No time tells when a message changed. Most are delivered, read or failed within hours; three days include a weekend.
    #[arg(long, value_name = "TIME", default_value = "3d", value_parser = duration, help_heading = "Span")]
    pub reread: Duration,

    /// Publish only if there are at least this many messages; otherwise the old files stay and the run ends with 8
    #[arg(long, value_name = "N", value_parser = number, help_heading = "Gates")]
    pub min_messages: Option<u64>,

    /// What else is demanded of the export.
    #[command(flatten)]
    pub gates: GateArgs,

    /// How the list is read.
    #[command(flatten)]
    pub list: ListArgs,

    /// Whether an interrupted run resumes.
    #[command(flatten)]
    pub resume: ResumeArgs,

    /// Which account is read.
    #[command(flatten)]
    pub account: AccountArgs,

    /// Export the built-in simulator's messages instead of an account's
    #[arg(
        long,
        value_name = "MESSAGES",
        num_args = 0..=1,
        default_missing_value = "5000",
        value_parser = messages,
        help_heading = "Account"
    )]
    pub simulate: Option<u32>,

    /// How fast requests are sent.
    #[command(flatten)]
    pub pace: PaceArgs,

    /// What is written to stderr.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// Whether the activities of the messages are read in the same run.
#[derive(Debug, Args)]
pub struct MessageActivitiesArgs {
    /// Also read what happened to each message, one request a message, and write it to --activities-output
    ///
    /// Activities are read once the list is, under the same rate limit: at 200 requests a minute, those of 10,000 messages
    /// take 50 minutes. Stderr says how many requests that is before the first. Messages and activities are published together.
    #[arg(long, requires = "activities_output", help_heading = "Activities")]
    pub with_activities: bool,

    /// File to write the activities to; its extension chooses the format
    #[arg(long, value_name = "PATH", requires = "with_activities", help_heading = "Activities")]
    pub activities_output: Option<PathBuf>,

    /// Publish even if the activities of some messages cannot be read; the verdict then is unverified and names them
    #[arg(long, requires = "with_activities", help_heading = "Activities")]
    pub allow_unread: bool,
}

/// What rows are parted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum PartitionArg {
    /// The date of `created_at`, UTC
    CreatedDate,
}

fn messages(text: &str) -> Result<u32, String> {
    number_between(text, 0, u32::MAX.into())
}

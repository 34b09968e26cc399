//! The flags of `sent-export messages`.

use clap::Args;

use super::shared::{
    AccountArgs, GateArgs, ListArgs, OutputArgs, PaceArgs, ResumeArgs, VerbosityArgs, number, number_between,
};

const EXAMPLES: &str = "\
Examples:
  sent-export messages --simulate --output messages.parquet
      A first try without an account, against the built-in simulator
  SENT_DM_API_KEY=... sent-export messages --output messages.parquet --no-body
      All messages of the account, without what they say

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

    /// Leave out what messages say: the columns `body` and `body_text`
    #[arg(long, help_heading = "Output")]
    pub no_body: bool,

    /// Add the column `extra`: undocumented fields, and values that their columns cannot hold, as JSON
    #[arg(long, help_heading = "Output")]
    pub extra: bool,

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

fn messages(text: &str) -> Result<u32, String> {
    number_between(text, 0, u32::MAX.into())
}

//! What is written to stderr while a command runs.

use clap::Args;

/// What is written to stderr while a command runs.
#[derive(Debug, Clone, Args)]
pub struct VerbosityArgs {
    /// Print errors only
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Messages")]
    pub quiet: bool,

    /// Print retries and their reasons; twice (-vv): every request
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Messages")]
    pub verbose: u8,

    /// Do not show progress
    #[arg(long, help_heading = "Messages")]
    pub no_progress: bool,
}

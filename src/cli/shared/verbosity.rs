//! What is written to stderr while a command runs.

use clap::Args;

/// What is written to stderr while a command runs.
#[derive(Debug, Clone, Args)]
pub struct VerbosityArgs {
    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Messages")]
    pub quiet: bool,

    /// Say what is tried again and why; twice: every request
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Messages")]
    pub verbose: u8,

    /// Show no progress
    #[arg(long, help_heading = "Messages")]
    pub no_progress: bool,
}

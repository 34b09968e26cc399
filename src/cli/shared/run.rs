//! What every command that reads an account has in common.

use clap::Args;

use super::{AccountArgs, PaceArgs, ResumeArgs, VerbosityArgs};

/// How a command that reads an account runs.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Whether an interrupted run resumes.
    #[command(flatten)]
    pub resume: ResumeArgs,

    /// Which account is read.
    #[command(flatten)]
    pub account: AccountArgs,

    /// How fast requests are sent.
    #[command(flatten)]
    pub pace: PaceArgs,

    /// What is written to stderr.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

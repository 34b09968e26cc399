//! The command line: what can be typed, and nothing else. Reading it does no I/O.

mod contacts;
mod messages;
mod report;
mod shared;
mod simulator;

use clap::{Parser, Subcommand};

pub use contacts::ContactsArgs;
pub use messages::MessagesArgs;
pub use report::ReportArgs;
pub use shared::{
    AccountArgs, DEFAULT_BASE_URL, GateArgs, ListArgs, OutputArgs, PaceArgs, RateLimitArg, ReportFileArgs, ResumeArgs,
    VerbosityArgs,
};
pub use simulator::SimulatorArgs;

/// Exports every contact of a Sent account to Parquet and CSV, with a summary of channels and regions.
#[derive(Debug, Parser)]
#[command(name = "sent-export", version, about, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Export all contacts of the account
    Contacts(Box<ContactsArgs>),
    /// Export all messages of the account
    Messages(Box<MessagesArgs>),
    /// Report on contacts that are exported already: tables, one page, Markdown, JSON
    Report(Box<ReportArgs>),
    /// Serve an invented account on this machine, for trials and tests
    Simulator(Box<SimulatorArgs>),
    /// Print what a shell needs to complete commands and flags
    Completions {
        /// The shell that it is for.
        shell: clap_complete::Shell,
    },
}

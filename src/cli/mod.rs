//! Parses the command line, without any I/O.

mod activities;
mod contact;
mod contacts;
mod diff;
mod doctor;
mod environment;
mod messages;
mod overrides;
mod plan;
mod precedence;
mod report;
mod run;
mod settings;
mod shared;
mod simulator;
mod sql;
#[cfg(test)]
mod tests;
mod verify;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::telemetry::LogFormat;

use environment::TypedCommand;
use shared::log_format;

pub use activities::ActivitiesArgs;
pub use contact::ContactArgs;
pub use contacts::ContactsArgs;
pub use diff::DiffArgs;
pub use doctor::DoctorArgs;
pub use messages::MessagesArgs;
pub use overrides::overrides_for;
pub use plan::{PlanArgs, PlannedExport};
pub use report::ReportArgs;
pub use run::{JobsArgs, ShardArg};
pub use settings::{JobFlags, ParsedJob, Setting, SettingProblem, SettingValue, check_defaults, nearest, parse_job};
pub use shared::{
    AccountArgs, ChangesArgs, ColumnArgs, CsvArgs, DEFAULT_BASE_URL, FileArgs, GateArgs, HiddenArg, ListArgs,
    LookupArgs, OutputArgs, PaceArgs, ProfilesArgs, RateLimitArg, ReportFileArgs, ResumeArgs, RunArgs, SinceArg,
    SinceStartArg, StoreArgs, TableArg, VerbosityArgs, WatchArgs,
};
pub use simulator::SimulatorArgs;
pub use sql::SqlArgs;
pub use verify::VerifyArgs;

/// Export the contacts and messages of a Sent account to Parquet, Arrow, CSV, NDJSON and Excel
#[derive(Debug, Parser)]
#[command(name = "sent-export", version, about, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,

    /// How to write messages to stderr: text, or json with one object per line
    #[arg(
        long,
        global = true,
        value_name = "FORM",
        default_value = "text",
        value_parser = log_format,
        help_heading = "Messages"
    )]
    pub log_format: LogFormat,
}

impl Cli {
    /// Reads the command line and the variables of flags.
    ///
    /// # Errors
    /// With what is to be shown: help, the version, or an error.
    pub fn from_command_line() -> Result<Self, clap::Error> {
        let words: Vec<OsString> = std::env::args_os().collect();
        let typed = TypedCommand::of(Self::command(), &words);
        let mut program = program(&typed);
        // Help and the version come first, whatever the variables.
        let matches =
            program.try_get_matches_from_mut(words).map_err(|error| typed.with_variables_named(error, &program))?;
        environment::check_variables(&mut program)?;
        Self::from_arg_matches(&matches)
    }

    /// The form of messages requested by a command line that cannot be parsed, as far as it can be determined.
    pub fn wanted_log_format() -> LogFormat {
        let words: Vec<OsString> = std::env::args_os().collect();
        let is_next = |pair: &[OsString]| pair[0] == "--log-format" && pair[1] == "json";
        let is_json = words.iter().any(|word| word == "--log-format=json") || words.windows(2).any(is_next);
        let by_variable = std::env::var_os("SENT_EXPORT_LOG_FORMAT").is_some_and(|value| value == "json");
        if is_json || by_variable { LogFormat::Json } else { LogFormat::Text }
    }
}

/// The program with all its commands, flags and the variables that the typed flags leave.
fn program(typed: &TypedCommand) -> clap::Command {
    environment::with_variables(Cli::command(), Some((&typed.path, typed)))
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Export all contacts of the account
    Contacts(Box<ContactsArgs>),
    /// Export all messages of the account
    Messages(Box<MessagesArgs>),
    /// Export the delivery history of messages by id
    Activities(Box<ActivitiesArgs>),
    /// Look up contacts by id or phone number
    Contact(Box<ContactArgs>),
    /// Compare two exports: what is new, changed and gone
    Diff(Box<DiffArgs>),
    /// Report on exported contacts, messages or activities as tables, HTML, Markdown or JSON
    Report(Box<ReportArgs>),
    /// Check that exported files are still what was published
    Verify(Box<VerifyArgs>),
    /// Run jobs from a file
    Run(Box<JobsArgs>),
    /// Print the SQL that loads exported files into a database
    Sql(Box<SqlArgs>),
    /// Estimate the requests, time and file sizes of an export
    Plan(PlanArgs),
    /// Check the key, its permissions and everything else that a run needs
    Doctor(Box<DoctorArgs>),
    /// Run a local simulator of the API
    Simulator(Box<SimulatorArgs>),
    /// Print shell completions for commands and flags
    Completions {
        /// Shell to print completions for
        shell: clap_complete::Shell,
    },
    /// Print the man page of the program or of a command, in troff
    Man {
        /// Command to describe, such as contacts [default: the whole program]
        #[arg(value_parser = parse_command_name)]
        command: Option<String>,
    },
}

/// A command; clap suggests similar names only for top-level commands.
fn parse_command_name(text: &str) -> Result<String, String> {
    let program = Cli::command();
    let names: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
    if names.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(format!("no such command; the commands are {}", names.join(", ")))
}

//! One file per subcommand: it connects the stages, handles cancellation, and prints the outcome.

mod account;
mod activities;
mod compare;
mod contact;
mod contacts;
mod datasets;
mod diff;
mod doctor;
mod estimate;
mod export;
mod export_command;
mod interrupted;
mod job;
mod kept_changes;
mod log;
mod man;
mod messages;
mod monitor;
mod plan;
mod printer;
mod profiles;
mod publish;
mod read;
mod replaced;
mod report;
mod resume;
mod run;
mod simulator;
mod sql;
mod stop;
mod verify;
mod with_activities;
mod with_changes;

use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::error::{Error, ExitCode};
use crate::telemetry::LogFormat;

use self::export_command::Intent;
use self::log::{is_color_off, log_level, start_log, table_width};
use self::monitor::{RunMonitor, perform};
use self::printer::{print, warn_of_ids};

/// Log level of commands without a flag for it: warnings.
const PLAIN_LOG: u8 = 1;

/// Runs the command and prints its error, if any.
pub fn run(cli: Result<Cli, clap::Error>) -> ExitCode {
    match cli {
        Ok(cli) => {
            cli.log_format.set();
            perform(&cli.command).0
        }
        Err(error) => {
            Cli::wanted_log_format().set();
            start_log(PLAIN_LOG);
            printer::say_usage(&error)
        }
    }
}

/// Sets up the log of a command that runs alone. The jobs of a file share a log, at the most verbose level of any job.
fn start_log_of(command: &Command) {
    match command {
        Command::Contacts(args) => start_log(log_level(&args.run.verbosity)),
        Command::Messages(args) => start_log(log_level(&args.run.verbosity)),
        Command::Activities(args) => start_log(log_level(&args.run.verbosity)),
        Command::Contact(args) => start_log(log_level(&args.run.verbosity)),
        Command::Doctor(args) => start_log(log_level(&args.run.verbosity)),
        Command::Plan(args) => start_log(log_level(args.verbosity())),
        Command::Run(_) => {}
        // With a text log, these commands print only their own messages.
        _ if LogFormat::is_json() => start_log(PLAIN_LOG),
        _ => {}
    }
}

fn dispatch(command: &Command, monitor: &RunMonitor<'_>) -> Result<ExitCode, Error> {
    monitor.prepare()?;
    match command {
        // They write nothing that another job could write, so only their flags are checked.
        Command::Doctor(_)
        | Command::Verify(_)
        | Command::Sql(_)
        | Command::Completions { .. }
        | Command::Man { .. }
            if job::is_check() =>
        {
            Ok(ExitCode::Complete)
        }
        Command::Contacts(args) => contacts::run(args, Intent::Run(monitor)),
        Command::Messages(args) => messages::run(args, Intent::Run(monitor)),
        Command::Activities(args) => activities::run(args, Intent::Run(monitor)),
        Command::Contact(args) => contact::run(args, monitor),
        Command::Plan(args) => plan::run(args),
        Command::Doctor(args) => doctor::run(args, monitor),
        Command::Diff(args) => diff::run(args),
        Command::Report(args) => report::run(args),
        Command::Run(args) => run::run(args, monitor),
        Command::Sql(args) => sql::run(args),
        Command::Verify(args) => verify::run(args, monitor),
        Command::Simulator(args) => simulator::run(args),
        Command::Completions { shell } => print_completions(*shell),
        Command::Man { command } => man::run(command.as_deref()),
    }
}

fn print_completions(shell: clap_complete::Shell) -> Result<ExitCode, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sent-export", &mut script);
    print(&String::from_utf8_lossy(&script)).map(|()| ExitCode::Complete)
}

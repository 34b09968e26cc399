//! One file for each subcommand: it wires the stages, handles cancellation, and prints the outcome.

mod account;
mod activities;
mod compare;
mod contact;
mod contacts;
mod diff;
mod doctor;
mod export;
mod job;
mod man;
mod messages;
mod plan;
mod profiles;
mod publish;
mod read;
mod report;
mod resume;
mod run;
mod simulator;
mod sql;
mod stop;
mod verify;
mod with_activities;
mod with_changes;

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};

use clap::CommandFactory;
use tracing_subscriber::layer::{Layer, SubscriberExt};

use crate::base::plural::count_of;
use crate::base::printable::printable;
use crate::cli::{Cli, Command, VerbosityArgs};
use crate::error::{Error, ExitCode};
use crate::input::IdList;
use crate::progress::LogWriter;
use crate::report::Notice;

use self::export::Intent;

/// Runs a command and prints its error, if any.
pub fn run(cli: &Cli) -> ExitCode {
    dispatch(&cli.command).unwrap_or_else(|error| {
        say(&error.explanation());
        error.exit_code()
    })
}

fn dispatch(command: &Command) -> Result<ExitCode, Error> {
    match command {
        // They write nothing that another job could write, and have nothing to check but their flags.
        Command::Doctor(_)
        | Command::Verify(_)
        | Command::Sql(_)
        | Command::Completions { .. }
        | Command::Man { .. }
            if job::is_check() =>
        {
            Ok(ExitCode::Complete)
        }
        Command::Contacts(args) => {
            start_log(log_level(&args.run.verbosity));
            contacts::run(args, Intent::Run)
        }
        Command::Messages(args) => {
            start_log(log_level(&args.run.verbosity));
            messages::run(args, Intent::Run)
        }
        Command::Activities(args) => {
            start_log(log_level(&args.run.verbosity));
            activities::run(args, Intent::Run)
        }
        Command::Contact(args) => {
            start_log(log_level(&args.run.verbosity));
            contact::run(args)
        }
        Command::Plan(args) => plan::run(args),
        Command::Doctor(args) => {
            start_log(log_level(&args.run.verbosity));
            doctor::run(args)
        }
        Command::Diff(args) => diff::run(args),
        Command::Report(args) => report::run(args),
        Command::Run(args) => run::run(args),
        Command::Sql(args) => sql::run(args),
        Command::Verify(args) => verify::run(args),
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

/// Says what of a list of ids is read once, or not at all. `table` is the flag that names tables.
fn warn_of_ids(ids: &IdList, table: &str) {
    if ids.repeated() > 0 {
        tracing::info!("{} repeated and read once", count_of(ids.repeated(), "id is", "ids are"));
    }
    if ids.without_id() > 0 {
        let rows = count_of(ids.without_id(), "row", "rows");
        tracing::warn!("skipping {rows} of {table} without an id");
    }
}

/// Writes to stderr, in a job with its name; there is nowhere to report that this fails.
fn say(text: &str) {
    drop(io::stderr().write_all(job::named(text).as_bytes()));
}

/// Writes a warning to stderr.
fn warn(notice: &Notice) {
    say(&format!("warning: {}\n", printable(&notice.text)));
}

/// Writes to stdout; a reader that closes the pipe is no failure.
fn print(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Print(error)),
        _ => Ok(()),
    }
}

/// The level for [`start_log`] that the flags choose.
fn log_level(verbosity: &VerbosityArgs) -> u8 {
    if verbosity.quiet { 0 } else { 1_u8.saturating_add(verbosity.verbose) }
}

/// Sends the log to stderr: 0 errors, 1 warnings, 2 retries, 3 everything.
fn start_log(level: u8) {
    let level = match level {
        0 => tracing::Level::ERROR,
        1 => tracing::Level::WARN,
        2 => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    // Only this crate's own messages, since those of libraries could hold a URL with a phone number, and the retries of object
    // stores, whose URLs are left out.
    let is_shown = |target: &str| target.starts_with("sent_export") || target == "object_store::client::retry";
    let only_ours = tracing_subscriber::filter::filter_fn(move |metadata| is_shown(metadata.target()));
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(|| LogWriter)
        .with_ansi(io::stderr().is_terminal() && !is_color_off())
        .with_target(false)
        .with_filter(tracing_subscriber::filter::LevelFilter::from_level(level))
        .with_filter(only_ours);
    // Fails only when a log is already set up, which is then used.
    drop(tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)));
}

/// Columns of the terminal, or a fixed width for a log.
fn table_width(terminal: &console::Term) -> usize {
    const LOG_WIDTH: usize = 100;
    let width = if terminal.is_term() { usize::from(terminal.size().1) } else { LOG_WIDTH };
    width.clamp(40, 160)
}

/// The convention of no-color.org, and terminals without colors.
fn is_color_off() -> bool {
    are_colors_off(std::env::var_os("NO_COLOR").as_deref(), std::env::var_os("TERM").as_deref())
}

fn are_colors_off(no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    no_color.is_some_and(|value| !value.is_empty()) || term.is_some_and(|term| term == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_off_by_no_color_or_a_dumb_terminal() {
        for (no_color, term, wanted) in [
            (None, None, false),
            (None, Some("xterm"), false),
            (Some(""), Some("xterm"), false),
            (Some("1"), Some("xterm"), true),
            (None, Some("dumb"), true),
        ] {
            assert_eq!(are_colors_off(no_color.map(OsStr::new), term.map(OsStr::new)), wanted, "{no_color:?} {term:?}");
        }
    }
}

//! Output of commands for people: text, or log events if the log is JSON.
//!
//! Every message on stderr that is not an ordinary log message is printed here, so that a JSON log contains nothing but
//! JSON. In such a log, a message is an event of `tracing` with its own target, which is enabled at every level, and
//! `telemetry` writes it. Tables are only for people.

use std::io::{self, Write};

use crate::api::ChildProfile;
use crate::base::plural::count_of;
use crate::base::printable::printable;
use crate::error::{Error, ExitCode};
use crate::input::IdList;
use crate::report::Notice;
use crate::telemetry::{CONSOLE_TARGET, LogFormat};
use crate::verdict::Verdict;

use super::job;

/// Prints an error with its causes and the next step.
pub(super) fn say_error(error: &Error) {
    if !LogFormat::is_json() {
        say(&error.explanation());
        return;
    }
    let (hint, request_id, evidence) = (error.hint(), error.request_id(), error.evidence());
    let evidence = (!evidence.is_empty()).then(|| evidence.join("; "));
    tracing::error!(
        target: CONSOLE_TARGET,
        event = event_of(error),
        exit_code = u64::from(error.exit_code().number()),
        hint,
        request_id,
        evidence,
        "{}",
        error.in_one_line()
    );
}

/// Something that a command checked and found wrong.
#[derive(Debug)]
pub(super) struct FailedCheck<'a> {
    /// Its name, if it has one.
    pub(super) check: Option<&'a str>,
    /// The file, if it is about one.
    pub(super) path: Option<&'a str>,
    /// What is wrong.
    pub(super) text: &'a str,
    /// The next step.
    pub(super) hint: Option<&'a str>,
    /// The exit code that it alone would cause.
    pub(super) exit_code: ExitCode,
}

/// Logs one of several failures of a command that prints its results to stdout, which programs that follow a JSON log do not
/// read.
pub(super) fn log_failed_check(failed: &FailedCheck<'_>) {
    let &FailedCheck { check, path, text, hint, exit_code } = failed;
    if LogFormat::is_json() {
        let exit_code = u64::from(exit_code.number());
        tracing::error!(target: CONSOLE_TARGET, event = "error", check, path, exit_code, hint, "{text}");
    }
}

/// Logs the warning of such a check.
pub(super) fn warn_check(check: &str, text: &str, hint: &str) {
    if LogFormat::is_json() {
        tracing::warn!(target: CONSOLE_TARGET, check, hint, "{text}");
    }
}

/// The event of an error.
fn event_of(error: &Error) -> &'static str {
    match error {
        Error::Kept { error, .. } => event_of(error),
        Error::Gate { .. } => "gate_failed",
        Error::Stopped(_) | Error::StoppedBetween(_) | Error::TimeLimit(_) => "stopped",
        _ => "error",
    }
}

/// Prints an error of the command line, or the requested help, and returns the exit code.
pub(super) fn say_usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && LogFormat::is_json() {
        let text = error.render().to_string();
        let message = text.trim_start_matches("error: ").trim_end();
        tracing::error!(target: CONSOLE_TARGET, event = "error", exit_code = 2_u64, "{message}");
    } else {
        // There is nowhere to report a failure.
        drop(error.print());
    }
    if error.use_stderr() { ExitCode::Usage } else { ExitCode::Complete }
}

/// Prints a warning that is also in the report.
pub(super) fn warn(notice: &Notice) {
    if LogFormat::is_json() {
        let code = serde_json::to_value(notice.code).unwrap_or_default();
        tracing::warn!(target: CONSOLE_TARGET, code = code.as_str(), count = notice.count, "{}", notice.text);
    } else {
        warn_text(&notice.text);
    }
}

/// Prints a warning.
pub(super) fn warn_text(text: &str) {
    if LogFormat::is_json() {
        tracing::warn!(target: CONSOLE_TARGET, "{text}");
    } else {
        say(&format!("warning: {}\n", printable(text)));
    }
}

/// Prints a warning with an event name for programs.
pub(super) fn warn_event(event: &str, text: &str) {
    if LogFormat::is_json() {
        tracing::warn!(target: CONSOLE_TARGET, event, "{text}");
    } else {
        say(&format!("warning: {text}\n"));
    }
}

/// Prints a message that is not a warning.
pub(super) fn note(event: &str, text: &str) {
    if LogFormat::is_json() {
        tracing::info!(target: CONSOLE_TARGET, event, "{text}");
    } else {
        say(&format!("{text}\n"));
    }
}

/// Prints the outcome for one of several profiles.
pub(super) fn note_profile(profile: &ChildProfile, (verdict, rows): (Verdict, u64), text: &str) {
    let text = printable(&format!("{profile}: {text}"));
    if LogFormat::is_json() {
        let (profile_id, verdict) = (profile.id.to_string(), verdict.name());
        tracing::info!(target: CONSOLE_TARGET, event = "profile_finished", profile_id, verdict, rows, "{text}");
    } else {
        say(&format!("{text}\n"));
    }
}

/// Warns that one of several profiles was not exported.
pub(super) fn warn_profile(profile: &ChildProfile, error: &Error) {
    let text = printable(&format!("{profile} was not exported: {}", error.in_one_line()));
    if LogFormat::is_json() {
        let (profile_id, exit_code) = (profile.id.to_string(), u64::from(error.exit_code().number()));
        tracing::warn!(target: CONSOLE_TARGET, event = "profile_failed", profile_id, exit_code, "{text}");
    } else {
        say(&format!("warning: {text}\n"));
    }
}

/// Prints a table, for people only.
pub(super) fn show(text: &str) {
    if !LogFormat::is_json() {
        say(text);
    }
}

/// Warns about duplicates and skipped lines in a list of ids. `table` is the flag that names tables.
pub(super) fn warn_of_ids(ids: &IdList, table: &str) {
    if ids.repeated() > 0 {
        tracing::info!("{} repeated and read once", count_of(ids.repeated(), "id is", "ids are"));
    }
    if ids.without_id() > 0 {
        let rows = count_of(ids.without_id(), "row", "rows");
        tracing::warn!("skipping {rows} of {table} without an id");
    }
}

/// Writes to stderr, with the name of the job if there is one. There is nowhere to report a failure.
fn say(text: &str) {
    drop(io::stderr().write_all(job::named(text).as_bytes()));
}

/// Writes to stdout; a reader that closes the pipe is not a failure.
pub(super) fn print(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Print(error)),
        _ => Ok(()),
    }
}

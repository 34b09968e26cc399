//! Every way a run can end, with its exit code and the next step for the person who started it.

mod request;

use std::error::Error as StdError;
use std::fmt;

use crate::api::{ApiError, UnsupportedProxy};
use crate::config::ConfigError;
use crate::input::SourceError;
use crate::publish::{GateFailure, OutputError};
use crate::simulator::StartError;
use crate::store::{StoreError, is_out_of_files};
use crate::verdict::{Evidence, Verdict};

/// Exit codes; scripts branch on them, so a number never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// The output is complete.
    Complete = 0,
    /// Something that nobody foresaw.
    Failure = 1,
    /// Wrong usage or configuration; the same number that clap uses.
    Usage = 2,
    /// The output is written, but contacts may be missing.
    Unverified = 3,
    /// The API rejected the request.
    Rejected = 4,
    /// The API was unavailable or rate limited for longer than the run accepts.
    Unavailable = 5,
    /// The key is missing, wrong, or lacks a permission.
    Unauthorized = 6,
    /// An output could not be written.
    Output = 7,
    /// A gate held the export back; nothing was published.
    HeldBack = 8,
    /// Stopped by Ctrl-C (128 + SIGINT).
    Interrupted = 130,
    /// Stopped by SIGTERM (128 + SIGTERM), or by SIGHUP.
    Terminated = 143,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Complete | Verdict::Healed => Self::Complete,
            Verdict::Unverified => Self::Unverified,
        }
    }
}

/// Why a command failed.
#[derive(Debug)]
pub enum Error {
    /// A flag, a variable or a file that configures the run is wrong.
    Config(ConfigError),
    /// The HTTP client could not be built.
    BuildClient(Box<dyn StdError + Send + Sync>),
    /// The built-in simulator could not be started.
    StartSimulator(StartError),
    /// The asynchronous runtime could not be started.
    StartRuntime(std::io::Error),
    /// A request failed for good.
    Api(ApiError),
    /// The API serves the first rows of a list, but refuses those behind.
    RefusedFrom {
        /// The first row that it refuses, from 1.
        row: u64,
        /// What it said.
        error: Box<ApiError>,
    },
    /// The walk through a list asks for nothing more and is not finished.
    Unfinished,
    /// An output failed.
    Output(OutputError),
    /// A file to report on could not be read.
    Source(SourceError),
    /// The report could not be written to stdout.
    Print(std::io::Error),
    /// The journal of a run before cannot be read.
    Journal(std::io::Error),
    /// The export is not good enough to replace the last one.
    Gate {
        /// The condition that it does not meet.
        failure: GateFailure,
        /// Whether all contacts are in it.
        verdict: Verdict,
        /// What the verdict rests on.
        evidence: Vec<Evidence>,
    },
    /// `--max-duration` is over.
    TimeIsUp(std::time::Duration),
    /// The run failed, and what it had read is kept.
    Kept {
        /// Why it failed.
        error: Box<Error>,
        /// Where its answers are.
        journal: std::path::PathBuf,
    },
    /// The writer ended without a result.
    WriterDied,
    /// A signal stopped the run.
    Stopped(ExitCode),
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<OutputError> for Error {
    fn from(error: OutputError) -> Self {
        Self::Output(error)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Output(error.into())
    }
}

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(formatter),
            Self::BuildClient(error) => match unsupported_proxy(error.as_ref()) {
                Some(proxy) => proxy.fmt(formatter),
                None => formatter.write_str("could not set up HTTPS on this machine"),
            },
            Self::StartSimulator(_) => formatter.write_str("could not start the simulator"),
            Self::StartRuntime(_) => formatter.write_str("could not start the runtime"),
            Self::Api(error) => error.fmt(formatter),
            Self::RefusedFrom { row, .. } => write!(formatter, "the API refuses rows from {row} on"),
            Self::Unfinished => formatter.write_str("the list could not be read to its end (please report this)"),
            Self::Output(error) => error.fmt(formatter),
            Self::Source(error) => error.fmt(formatter),
            Self::Print(_) => formatter.write_str("cannot write to stdout"),
            Self::Journal(_) => formatter.write_str("cannot read the journal of the run before"),
            Self::Gate { failure, .. } => write!(formatter, "not published: {failure}"),
            Self::TimeIsUp(limit) => {
                let limit = humantime::format_duration(*limit);
                write!(formatter, "stopped before the end: --max-duration is over: {limit}")
            }
            Self::Kept { error, .. } => error.fmt(formatter),
            Self::WriterDied => formatter.write_str("the writer of the outputs ended unexpectedly"),
            Self::Stopped(_) => formatter.write_str("stopped before the end; the outputs are as they were before"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Config(error) => error.source(),
            Self::BuildClient(error) => unsupported_proxy(error.as_ref()).is_none().then_some(error.as_ref()),
            Self::StartSimulator(error) => Some(error),
            Self::StartRuntime(error) | Self::Journal(error) | Self::Print(error) => Some(error),
            Self::Source(error) => error.source(),
            Self::Api(error) => error.source(),
            Self::RefusedFrom { error, .. } => Some(error.as_ref()),
            Self::Output(error) => error.source(),
            Self::Kept { error, .. } => error.source(),
            Self::WriterDied | Self::Unfinished | Self::Stopped(_) | Self::Gate { .. } | Self::TimeIsUp(_) => None,
        }
    }
}

impl Error {
    /// The status to exit with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(
                ConfigError::MissingKey
                | ConfigError::UnusableKey { .. }
                | ConfigError::ReadKey { .. }
                | ConfigError::KeyForPath,
            ) => ExitCode::Unauthorized,
            Self::Config(ConfigError::Output(error)) | Self::Output(error) => output_exit_code(error),
            Self::Config(_) | Self::Source(_) | Self::BuildClient(_) => ExitCode::Usage,
            Self::Print(_) | Self::Journal(_) => ExitCode::Output,
            Self::StartSimulator(_) | Self::StartRuntime(_) | Self::Unfinished | Self::WriterDied => ExitCode::Failure,
            Self::Gate { .. } => ExitCode::HeldBack,
            Self::TimeIsUp(_) => ExitCode::Unavailable,
            Self::Kept { error, .. } => error.exit_code(),
            Self::Api(error) => request::exit_code(&error.problem),
            Self::RefusedFrom { error, .. } => request::exit_code(&error.problem),
            Self::Stopped(code) => *code,
        }
    }

    /// What a gate had to go by, one line each.
    pub fn evidence(&self) -> Vec<String> {
        match self {
            Self::Gate { verdict, evidence, .. } => {
                let verdict = format!("verdict: {}", verdict.name());
                std::iter::once(verdict).chain(evidence.iter().map(|line| format!("evidence: {}", line.text))).collect()
            }
            Self::Kept { error, .. } => error.evidence(),
            _ => Vec::new(),
        }
    }

    /// The next step, where one is known.
    pub fn hint(&self) -> Option<String> {
        if has_run_out_of_files(self) {
            return Some(OPEN_FILES_HINT.to_owned());
        }
        match self {
            Self::Config(error) => Some(error.hint().to_owned()),
            Self::Api(error) => request::hint(error),
            Self::Output(error) => Some(error.hint().to_owned()),
            Self::Source(error) => Some(error.hint().to_owned()),
            Self::Journal(_) => Some(
                "start over with --fresh; if that fails, too, remove what is in its place beside the output".to_owned(),
            ),
            Self::Gate { .. } => Some(GATE_HINT.to_owned()),
            Self::TimeIsUp(_) => Some("run the same command again, whenever there is time".to_owned()),
            Self::Kept { error, journal } => Some(kept_hint(error, journal)),
            Self::Stopped(_) => Some("run the same command again".to_owned()),
            Self::StartSimulator(StartError::Listen { port, .. }) if *port != 0 => {
                Some("choose a free port with --port, or 0 for any".to_owned())
            }
            Self::BuildClient(error) if unsupported_proxy(error.as_ref()).is_some() => Some(
                "name a proxy whose address begins with http:// or https://, or exempt the host with NO_PROXY"
                    .to_owned(),
            ),
            Self::BuildClient(_) => Some("install this machine's CA certificates (ca-certificates)".to_owned()),
            Self::Print(_) => Some("make room, or send stdout elsewhere".to_owned()),
            Self::RefusedFrom { .. } => Some(
                "publish the rows before it with --allow-missing-pages (exit code 3), or report this to support"
                    .to_owned(),
            ),
            Self::Unfinished | Self::WriterDied => Some("this is a bug; please report it with the command".to_owned()),
            Self::StartSimulator(_) | Self::StartRuntime(_) => None,
        }
    }
}

const OPEN_FILES_HINT: &str = "raise the limit of open files (ulimit -n), or lower --concurrency";

/// Whether the limit of open files is among the causes: connections, files and threads all count against it.
fn has_run_out_of_files(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(current) = cause {
        if current.downcast_ref::<std::io::Error>().is_some_and(is_out_of_files) {
            return true;
        }
        cause = current.source();
    }
    false
}

fn unsupported_proxy<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a UnsupportedProxy> {
    error.downcast_ref()
}

const GATE_HINT: &str = "the old files are as they were; loosen the gate, or read anew with --fresh";

fn kept_hint(error: &Error, journal: &std::path::Path) -> String {
    let next = error.hint().unwrap_or_else(|| "run the same command again".to_owned());
    // A journal belongs to its key, address and filters: whoever changes one of them should know the price.
    let and_then = match error.exit_code() {
        ExitCode::Unauthorized => ": with this key the same command goes on from there, another key reads anew",
        ExitCode::Rejected => ": the same command goes on from there, one that asks for something else reads anew",
        _ => " and not asked for again",
    };
    format!("{next}; what was read so far is kept in {}{and_then}", journal.display())
}

fn output_exit_code(error: &OutputError) -> ExitCode {
    match error {
        OutputError::Format(_) | OutputError::Store(StoreError::TrailingSlash { .. }) => ExitCode::Usage,
        _ => ExitCode::Output,
    }
}

#[cfg(test)]
mod tests {
    use super::request::tests::{rejected, unanswered};
    use super::*;
    use crate::api::ConnectFailure;

    #[test]
    fn what_is_kept_is_promised_to_the_command_that_it_belongs_to() {
        let kept = |error: Error| Error::Kept { error: Box::new(error), journal: "j".into() }.hint().unwrap();
        let base_url = "https://api.sent.dm";
        let hint = kept(rejected(401, Some("AUTH_002"), base_url));
        assert!(hint.ends_with("kept in j: with this key the same command goes on from there, another key reads anew"));
        let hint = kept(rejected(400, Some("VALIDATION_001"), base_url));
        assert!(
            hint.ends_with(
                "kept in j: the same command goes on from there, one that asks for something else reads anew"
            ),
            "{hint}"
        );
        assert!(kept(unanswered(ConnectFailure::Refused)).ends_with("kept in j and not asked for again"));
    }
}

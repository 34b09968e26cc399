//! Every way a run can end, with its exit code and the next step for the person who started it.

use std::error::Error as StdError;
use std::fmt;

use crate::api::{ApiError, Decision, Problem, decide};
use crate::config::ConfigError;
use crate::gate::GateFailure;
use crate::sink::SinkError;
use crate::source::SourceError;
use crate::verdict::Verdict;

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
    /// Stopped by Ctrl-C (128 + SIGINT).
    Interrupted = 130,
    /// Stopped by SIGTERM (128 + SIGTERM).
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
    StartSimulator(Box<dyn StdError + Send + Sync>),
    /// The asynchronous runtime could not be started.
    StartRuntime(std::io::Error),
    /// A request failed for good.
    Api(ApiError),
    /// An output failed.
    Output(SinkError),
    /// A file to report on could not be read.
    Source(SourceError),
    /// The report could not be written to stdout.
    Print(std::io::Error),
    /// The journal of a run before cannot be read.
    Journal(std::io::Error),
    /// The export is not good enough to replace the last one.
    Gate(GateFailure),
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

impl From<SinkError> for Error {
    fn from(error: SinkError) -> Self {
        Self::Output(error)
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
            Self::BuildClient(_) => formatter.write_str("could not set up HTTPS on this machine"),
            Self::StartSimulator(_) => formatter.write_str("could not start the simulator"),
            Self::StartRuntime(_) => formatter.write_str("could not start the runtime"),
            Self::Api(error) => error.fmt(formatter),
            Self::Output(error) => error.fmt(formatter),
            Self::Source(error) => error.fmt(formatter),
            Self::Print(_) => formatter.write_str("cannot write to stdout"),
            Self::Journal(_) => formatter.write_str("cannot read the journal of the run before"),
            Self::Gate(failure) => write!(formatter, "not published: {failure}"),
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
            Self::BuildClient(error) | Self::StartSimulator(error) => Some(error.as_ref()),
            Self::StartRuntime(error) | Self::Journal(error) | Self::Print(error) => Some(error),
            Self::Source(error) => error.source(),
            Self::Api(error) => error.source(),
            Self::Output(error) => error.source(),
            Self::Kept { error, .. } => error.source(),
            Self::WriterDied | Self::Stopped(_) | Self::Gate(_) | Self::TimeIsUp(_) => None,
        }
    }
}

impl Error {
    /// The status to exit with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(ConfigError::MissingKey | ConfigError::EmptyKey { .. }) => ExitCode::Unauthorized,
            Self::Config(ConfigError::Output(error)) | Self::Output(error) => output_exit_code(error),
            Self::Config(_) | Self::Source(_) => ExitCode::Usage,
            Self::Print(_) => ExitCode::Output,
            Self::BuildClient(_)
            | Self::StartSimulator(_)
            | Self::StartRuntime(_)
            | Self::Journal(_)
            | Self::WriterDied => ExitCode::Failure,
            Self::Gate(_) => ExitCode::Unverified,
            Self::TimeIsUp(_) => ExitCode::Unavailable,
            Self::Kept { error, .. } => error.exit_code(),
            Self::Api(error) => api_exit_code(&error.problem),
            Self::Stopped(code) => *code,
        }
    }

    /// The next step, where one is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::Api(error) => api_hint(&error.problem),
            Self::Output(error) => Some(output_hint(error).to_owned()),
            Self::Source(error) => Some(error.hint().to_owned()),
            Self::Journal(_) => Some("start over with --fresh".to_owned()),
            Self::Gate(_) => Some(GATE_HINT.to_owned()),
            Self::TimeIsUp(_) => Some("run the same command again, whenever there is time".to_owned()),
            Self::Kept { error, journal } => Some(kept_hint(error, journal)),
            Self::Stopped(_) => Some("run the same command again".to_owned()),
            Self::StartSimulator(_) => Some("choose a free port with --port, or 0 for any".to_owned()),
            Self::BuildClient(_) | Self::StartRuntime(_) | Self::Print(_) | Self::WriterDied => None,
        }
    }
}

const GATE_HINT: &str =
    "the old files are as they were; loosen the gate to publish what was read, or read anew with --fresh";

fn kept_hint(error: &Error, journal: &std::path::Path) -> String {
    let next = error.hint().unwrap_or_else(|| "run the same command again".to_owned());
    format!("{next}; what was read so far is kept in {} and not asked for again", journal.display())
}

fn output_exit_code(error: &SinkError) -> ExitCode {
    match error {
        SinkError::UnknownFormat { .. } | SinkError::UnknownExtension { .. } => ExitCode::Usage,
        _ => ExitCode::Output,
    }
}

pub(crate) fn output_hint(error: &SinkError) -> &'static str {
    match error {
        SinkError::UnknownFormat { .. } | SinkError::UnknownExtension { .. } => {
            "write .parquet, .csv, .csv.gz or .csv.zst, or name one of them with --format"
        }
        SinkError::MissingFolder { .. } => "create the folder first, or choose another place",
        SinkError::Busy { .. } => "wait until it is done, or choose another --output",
        SinkError::IsFolder { .. } => "name a file in that folder",
        SinkError::OpenStaged { .. } => "the folder of the output must be writable, since the file is made beside it",
        SinkError::Write { .. } | SinkError::Publish { .. } => {
            "make room or choose another place; the last good file is as it was"
        }
    }
}

fn api_exit_code(problem: &Problem) -> ExitCode {
    let Some(status) = problem.status() else {
        return if is_certificate_problem(problem) { ExitCode::Failure } else { ExitCode::Unavailable };
    };
    match decide(status, problem.code()) {
        Decision::Retry | Decision::Pause => ExitCode::Unavailable,
        Decision::GiveUp if is_about_the_key(status, problem.code()) => ExitCode::Unauthorized,
        Decision::GiveUp => ExitCode::Rejected,
    }
}

fn is_about_the_key(status: u16, code: Option<&str>) -> bool {
    code.map_or(matches!(status, 401 | 403), |code| code.starts_with("AUTH_"))
}

fn is_certificate_problem(problem: &Problem) -> bool {
    let Problem::Transport(error) = problem else { return false };
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error.as_ref());
    while let Some(current) = cause {
        if current.to_string().contains("certificate") {
            return true;
        }
        cause = current.source();
    }
    false
}

fn api_hint(problem: &Problem) -> Option<String> {
    if is_certificate_problem(problem) {
        return Some(
            "the server's certificate is not trusted here: check --base-url and the clock, or add the authority to the \
             system's certificates"
                .to_owned(),
        );
    }
    if let Problem::RateLimited { wait, .. } = problem {
        return Some(format!("run the same command again in {} s", wait.as_secs()));
    }
    let Some(status) = problem.status() else {
        return Some("check the network and --base-url, then run the same command again".to_owned());
    };
    let hint = match (problem.code(), status) {
        (Some("AUTH_001" | "AUTH_002"), _) | (None, 401) => {
            "put a valid key into SENT_DM_API_KEY or into the file of --api-key-file (the Sent dashboard shows it)"
        }
        (Some("AUTH_004"), _) => "the role of this key may not read contacts: ask an administrator of the account",
        (Some("AUTH_005"), _) => "the account is not activated yet: finish its setup in the Sent dashboard",
        (Some("AUTH_006"), _) => "the account's verification (KYC) is not finished: see the Sent dashboard",
        (Some("AUTH_007"), _) => "the account has no channel set up: add one in the Sent dashboard",
        (_, 403) => "this key has no permission for that; only a key of an organization may use --profile-id",
        (Some("RESOURCE_004"), _) => "--profile-id names no profile of this organization",
        (Some(code), _) if code.starts_with("VALIDATION_") => {
            "check --search, --channel, --phone, --page-size and --profile-id"
        }
        (_, 300..=399) => "redirects are not followed, to keep the key here: set --base-url to the final address",
        (None, 404) => "is this the address of the Sent API? check --base-url",
        _ if matches!(decide(status, problem.code()), Decision::Retry | Decision::Pause) => {
            "the API is in trouble: run the same command again in some minutes"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::AttemptsEnd;
    use crate::api::wire::ErrorBody;

    fn rejected(status: u16, code: Option<&str>) -> Error {
        let error = ErrorBody { code: code.map(str::to_owned), ..ErrorBody::default() };
        let problem = Problem::Rejected { status, error: Box::new(error), request_id: None };
        let end = AttemptsEnd::Final;
        Error::Api(ApiError { request: "contacts page 1".into(), problem, attempts: 1, elapsed: Duration::ZERO, end })
    }

    #[test]
    fn every_rejection_has_the_exit_code_of_its_family() {
        let table = [
            (401, Some("AUTH_001"), ExitCode::Unauthorized),
            (401, None, ExitCode::Unauthorized),
            (403, Some("AUTH_004"), ExitCode::Unauthorized),
            (403, None, ExitCode::Unauthorized),
            (400, Some("VALIDATION_005"), ExitCode::Rejected),
            (404, Some("RESOURCE_004"), ExitCode::Rejected),
            (302, None, ExitCode::Rejected),
            (500, Some("INTERNAL_001"), ExitCode::Unavailable),
            (502, None, ExitCode::Unavailable),
            (429, Some("BUSINESS_002"), ExitCode::Unavailable),
        ];
        for (status, code, wanted) in table {
            let error = rejected(status, code);
            assert_eq!(error.exit_code(), wanted, "{status} {code:?}");
            assert!(error.hint().is_some(), "{status} {code:?}");
        }
    }
}

//! Every way a run can fail, with its exit code and the next step.

mod request;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;

use crate::api::{ApiError, UnsupportedProxy};
use crate::base::plural::grouped;
use crate::base::printable::printable;
use crate::changes::ChangesError;
use crate::config::{ConfigError, JobsError};
use crate::input::{IdError, SourceError};
use crate::publish::{GateFailure, OutputError};
use crate::simulator::StartError;
use crate::sql::SqlError;
use crate::store::{ObjectErrorKind, StoreError, is_out_of_files};
use crate::telemetry::LineageError;
use crate::verdict::{Evidence, Verdict};

/// Exit codes; scripts branch on them, so a number never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// The output is complete.
    Complete,
    /// An unexpected failure.
    Failure,
    /// Wrong usage or configuration; the same number that clap uses.
    Usage,
    /// The output is written, but contacts may be missing.
    Unverified,
    /// The API rejected the request.
    Rejected,
    /// The API was unavailable or rate limited for longer than the run accepts.
    Unavailable,
    /// The key is missing, wrong, or lacks a permission.
    Unauthorized,
    /// An output could not be written.
    Output,
    /// A gate failed, so nothing was published.
    HeldBack,
    /// Stopped by Ctrl-C (128 + SIGINT).
    Interrupted,
    /// Stopped by SIGTERM (128 + SIGTERM), or by SIGHUP.
    Terminated,
    /// Nothing changed; the number is that of `--exit-code-unchanged`.
    Unchanged(u8),
}

impl ExitCode {
    /// Its number.
    pub fn number(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Unverified => 3,
            Self::Rejected => 4,
            Self::Unavailable => 5,
            Self::Unauthorized => 6,
            Self::Output => 7,
            Self::HeldBack => 8,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Unchanged(number) => number,
        }
    }
}

/// Codes of failures from the most severe to the least: those that need a person come before those that a retry may fix.
const SEVERITY: [ExitCode; 10] = [
    ExitCode::Terminated,
    ExitCode::Interrupted,
    ExitCode::Failure,
    ExitCode::Usage,
    ExitCode::Unauthorized,
    ExitCode::Rejected,
    ExitCode::Output,
    ExitCode::HeldBack,
    ExitCode::Unavailable,
    ExitCode::Unverified,
];

impl ExitCode {
    /// The code of several results: that of the worst failure, or `None` if none of them failed.
    pub fn worst(codes: impl IntoIterator<Item = Self>) -> Option<Self> {
        let rank = |code: Self| SEVERITY.iter().position(|severe| *severe == code);
        codes
            .into_iter()
            .filter_map(|code| Some((rank(code)?, code)))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, code)| code)
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
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
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A flag, a variable or a file that configures the run is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file of jobs cannot be used.
    #[error(transparent)]
    Jobs(#[from] JobsError),
    /// The HTTP client could not be built.
    #[error("cannot set up HTTPS on this machine")]
    BuildClient(#[source] Box<dyn StdError + Send + Sync>),
    /// The proxy in the environment cannot be used.
    #[error(transparent)]
    Proxy(UnsupportedProxy),
    /// The built-in simulator could not be started.
    #[error("cannot start the simulator")]
    StartSimulator(#[source] StartError),
    /// The asynchronous runtime could not be started.
    #[error("cannot start the runtime")]
    StartRuntime(#[source] std::io::Error),
    /// A request failed for good.
    #[error(transparent)]
    Api(ApiError),
    /// The API serves the first rows of a list, but refuses the rest.
    #[error("the API refuses rows from {} on", grouped(*.row))]
    RefusedFrom {
        /// The first row that it refuses, from 1.
        row: u64,
        /// Its error.
        #[source]
        error: Box<ApiError>,
    },
    /// The walk through a list requests nothing more and is not finished.
    #[error("cannot read the list to its end")]
    Unfinished,
    /// An output failed.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A file to report on could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Two exports could not be compared.
    #[error(transparent)]
    Changes(#[from] ChangesError),
    /// The only requested contact does not exist.
    #[error("no such contact: {what}")]
    ContactNotFound {
        /// Its id, or the position of the argument; never a number.
        what: String,
    },
    /// A list of ids could not be read.
    #[error(transparent)]
    Ids(#[from] IdError),
    /// The requested SQL cannot be generated.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// Stdout could not be written.
    #[error("cannot write to stdout")]
    Print(#[source] std::io::Error),
    /// The journal of the previous run cannot be read.
    #[error("cannot read the journal of the previous run")]
    Journal(#[source] std::io::Error),
    /// The export failed a gate.
    #[error("not published: {failure}")]
    Gate {
        /// The gate.
        failure: GateFailure,
        /// Whether all contacts are in it.
        verdict: Verdict,
        /// The reasons for the verdict.
        evidence: Vec<Evidence>,
    },
    /// The run took as long as `--max-duration` allows.
    #[error("time limit reached (--max-duration {})", humantime::format_duration(*.0))]
    TimeLimit(std::time::Duration),
    /// The run failed, and its responses are saved.
    #[error("{error}")]
    Kept {
        /// Why it failed.
        #[source]
        error: Box<Error>,
        /// The journal.
        journal: std::path::PathBuf,
    },
    /// The writer ended without a result.
    #[error("the thread that writes the outputs ended unexpectedly")]
    WriterDied,
    /// A signal stopped the run.
    #[error("stopped by a signal; the outputs are unchanged")]
    Stopped(ExitCode),
    /// The same when some of several exports were already published.
    #[error("stopped by a signal; what was published before stays")]
    StoppedBetween(ExitCode),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Output(error.into())
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
                | ConfigError::HiddenKeyFile
                | ConfigError::KeyForPath
                | ConfigError::BadKeyVariable
                | ConfigError::NoKeyVariable(_)
                | ConfigError::KeyCommand(_),
            ) => ExitCode::Unauthorized,
            Self::Config(ConfigError::Profiles(error)) if error.is_about_the_key() => ExitCode::Unauthorized,
            Self::Config(ConfigError::Output(error)) | Self::Output(error) => output_exit_code(error),
            Self::Print(_)
            | Self::Journal(_)
            | Self::Config(ConfigError::RunLog { .. } | ConfigError::Lineage(LineageError::File { .. }))
            | Self::Changes(ChangesError::Spill { .. }) => ExitCode::Output,
            Self::Config(_)
            | Self::Jobs(_)
            | Self::Source(_)
            | Self::Ids(_)
            | Self::Sql(_)
            | Self::BuildClient(_)
            | Self::Proxy(_) => ExitCode::Usage,
            Self::ContactNotFound { .. } => ExitCode::Rejected,
            Self::StartSimulator(_)
            | Self::StartRuntime(_)
            | Self::Unfinished
            | Self::WriterDied
            | Self::Changes(ChangesError::ForeignBatch(_)) => ExitCode::Failure,
            Self::Gate { .. } => ExitCode::HeldBack,
            Self::TimeLimit(_) => ExitCode::Unavailable,
            Self::Kept { error, .. } => error.exit_code(),
            Self::Api(error) => request::exit_code(&error.problem),
            Self::RefusedFrom { error, .. } => request::exit_code(&error.problem),
            Self::Stopped(code) | Self::StoppedBetween(code) => *code,
        }
    }

    /// The whole text for a person: the error, its causes and evidence on separate lines, and the next step.
    pub fn explanation(&self) -> String {
        // File names and texts from a server may contain control characters.
        let mut text = format!("error: {}\n", printable(&self.to_string()));
        for cause in self.causes() {
            text += &format!("  caused by: {}\n", printable(&cause.to_string()));
        }
        for line in self.evidence() {
            text += &format!("  {line}\n");
        }
        if let Some(hint) = self.hint() {
            text += &format!("hint: {}\n", printable(&hint));
        }
        text
    }

    /// The evidence behind a failed gate, or all problems in a file of jobs, one line each.
    pub fn evidence(&self) -> Vec<String> {
        match self {
            Self::Gate { verdict, evidence, .. } => {
                let verdict = format!("verdict: {}", verdict.name());
                std::iter::once(verdict).chain(evidence.iter().map(|line| format!("evidence: {}", line.text))).collect()
            }
            Self::Jobs(error) => error.problems().map(|problem| printable(&problem)).collect(),
            Self::Kept { error, .. } => error.evidence(),
            _ => Vec::new(),
        }
    }

    /// The error and its causes in one line, without the next step.
    pub fn in_one_line(&self) -> String {
        self.causes().fold(self.to_string(), |text, cause| format!("{text}: {cause}"))
    }

    /// The causes, nearest first. A [`Kept`](Self::Kept) error has the causes of the error in it.
    pub fn causes(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let nearest = match self {
            Self::Kept { error, .. } => error.source(),
            _ => self.source(),
        };
        std::iter::successors(nearest, |&cause| cause.source())
    }

    /// The id of the request that failed, for support.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.problem.request_id(),
            Self::RefusedFrom { error, .. } => error.problem.request_id(),
            Self::Kept { error, .. } => error.request_id(),
            _ => None,
        }
    }

    /// The next step, if one is known.
    pub fn hint(&self) -> Option<String> {
        if self.has_run_out_of_files() {
            return Some(OPEN_FILES_HINT.to_owned());
        }
        let hint = match self {
            Self::Api(error) => return request::hint(error),
            Self::Kept { error, journal } => return Some(kept_hint(error, journal)),
            Self::Config(error) => error.hint(),
            Self::Jobs(error) => error.hint(),
            Self::Output(error) => error.hint(),
            Self::Source(error) => error.hint(),
            Self::Ids(error) => error.hint(),
            Self::Sql(error) => error.hint(),
            Self::Changes(error) => error.hint(),
            Self::ContactNotFound { .. } => {
                "it may have been deleted, or belong to another account or profile (--profile-id)"
            }
            Self::Journal(_) => "start over with --fresh, or remove the journal beside the output",
            Self::Gate { .. } => GATE_HINT,
            Self::TimeLimit(_) | Self::Stopped(_) | Self::StoppedBetween(_) => "run the same command again",
            Self::StartSimulator(StartError::Listen { port, .. }) if *port != 0 => {
                "choose a free port with --port, or 0 for any"
            }
            Self::BuildClient(_) => "install this machine's CA certificates (ca-certificates)",
            Self::Proxy(_) => {
                "name a proxy whose address begins with http:// or https://, or exempt the host with NO_PROXY"
            }
            Self::Print(_) => "free some space, or redirect stdout elsewhere",
            Self::RefusedFrom { .. } => {
                "if the list became shorter during the run, start over with --fresh; otherwise publish the rows before it \
                 with --allow-missing-pages (exit code 3), or report this to Sent's support"
            }
            Self::Unfinished | Self::WriterDied => "this is a bug; please report it with the command",
            Self::StartSimulator(_) | Self::StartRuntime(_) => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether the limit of open files is among the causes: connections, files and threads all count toward it.
    fn has_run_out_of_files(&self) -> bool {
        self.causes().any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(is_out_of_files))
    }
}

/// For an error while building the HTTP client: either the environment's proxy or the machine's certificates are the cause.
impl From<Box<dyn StdError + Send + Sync>> for Error {
    fn from(error: Box<dyn StdError + Send + Sync>) -> Self {
        match error.downcast::<UnsupportedProxy>() {
            Ok(proxy) => Self::Proxy(*proxy),
            Err(error) => Self::BuildClient(error),
        }
    }
}

const OPEN_FILES_HINT: &str = "raise the limit of open files (ulimit -n), or lower --concurrency";

const GATE_HINT: &str = "the old files are unchanged; loosen the gate, or read everything again with --fresh";

fn kept_hint(error: &Error, journal: &std::path::Path) -> String {
    let next = error.hint().unwrap_or_else(|| "run the same command again".to_owned());
    // A journal belongs to its key, address and filters, so the hint warns before they are changed.
    let condition = match error.exit_code() {
        ExitCode::Unauthorized => ": the same command resumes with this key, and starts over with another",
        ExitCode::Rejected => ": the same command resumes, a different one starts over",
        _ => "",
    };
    format!("{next}; progress is saved in {}{condition}", journal.display())
}

fn output_exit_code(error: &OutputError) -> ExitCode {
    match error {
        OutputError::Format(_)
        | OutputError::TooManyPartitions { .. }
        | OutputError::LongPartition { .. }
        | OutputError::Store(StoreError::TrailingSlash { .. } | StoreError::Address(_)) => ExitCode::Usage,
        OutputError::Store(StoreError::Object { source, .. }) if source.kind() == ObjectErrorKind::Option => {
            ExitCode::Usage
        }
        _ => ExitCode::Output,
    }
}

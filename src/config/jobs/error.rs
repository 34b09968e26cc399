//! What is wrong with a file of jobs, and the next step.

use crate::base::plural::count_of;
use crate::cli::SettingProblem;

/// What is wrong with a file of jobs.
#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    /// The file cannot be read.
    #[error("cannot read the jobs from {path}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds what makes no job. All problems are known, so that they can be fixed at once.
    #[error("{} in {path}", count_of(problems.len() as u64, "problem", "problems"))]
    Unusable {
        /// The file.
        path: String,
        /// What is wrong, in the order of the file.
        problems: Vec<JobProblem>,
    },
    /// No job has the name that was asked for.
    #[error("there is no job {name} in {path}{}", nearest.as_ref().map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default())]
    UnknownJob {
        /// The name.
        name: String,
        /// The file.
        path: String,
        /// The most similar one.
        nearest: Option<String>,
    },
}

/// One problem, and where.
#[derive(Debug, thiserror::Error)]
#[error("line {line}{}: {kind}", job.as_ref().map(|job| format!(", job {job}")).unwrap_or_default())]
pub struct JobProblem {
    /// From 1.
    pub line: usize,
    /// The job, if it is in one.
    pub job: Option<String>,
    /// What is wrong.
    pub kind: JobProblemKind,
}

/// The problems of a file of jobs.
#[derive(Debug, thiserror::Error)]
pub enum JobProblemKind {
    /// The file is no TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// There is no such table or value.
    #[error("the file has no place for {name}: it holds [defaults] and [jobs.NAME]{}", if *is_table { "" } else { "; write flags below one of them" })]
    Stray {
        /// Its name.
        name: String,
        /// Whether it is a table.
        is_table: bool,
    },
    /// A table is expected.
    #[error("{0} must be a table")]
    NoTable(String),
    /// No job at all.
    #[error("no jobs: write a table [jobs.NAME] for each")]
    NoJobs,
    /// A name that would be mistaken in a log or a path.
    #[error("a job's name consists of letters, digits, '-', '_' and '.', and begins with a letter or digit")]
    BadName,
    /// A job without a command.
    #[error("no command: write one like command = \"contacts\", here or in [defaults]")]
    NoCommand,
    /// A value of a kind that no flag takes.
    #[error("{name} cannot be {found}: write a text, a number, true, false or a list of texts")]
    BadValue {
        /// The flag.
        name: String,
        /// What was written.
        found: &'static str,
    },
    /// The key itself stands in the file.
    #[error(
        "{0} would put a key into the file: write api-key-env = \"NAME_OF_A_VARIABLE\", api-key-file = \"PATH\" or \
         api-key-command = \"PROGRAM ...\""
    )]
    SecretInFile(String),
    /// The flags of a job cannot be used.
    #[error(transparent)]
    Setting(#[from] SettingProblem),
    /// The job was refused when its command checked it.
    #[error("{0}")]
    Refused(String),
    /// Another job writes to the same place.
    #[error("writes {place}, and so does the job {other}")]
    SameOutput {
        /// The place.
        place: String,
        /// The job before it.
        other: String,
    },
    /// Stderr is one stream, which all jobs share.
    #[error("log-format is the same for all jobs: give it to sent-export run, or set SENT_EXPORT_LOG_FORMAT")]
    SharedLog,
    /// Stdin can be read by one command, and a file of jobs is for runs that nobody attends.
    #[error("reads stdin ({0}), which jobs cannot")]
    Stdin(&'static str),
}

impl JobsError {
    /// The problems, one line each.
    pub fn problems(&self) -> impl Iterator<Item = String> {
        let problems = match self {
            Self::Unusable { problems, .. } => problems.as_slice(),
            _ => &[],
        };
        problems.iter().map(ToString::to_string)
    }

    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Read { .. } => "name a readable file of jobs",
            Self::Unusable { .. } => {
                "no job was started; correct the file, and try it with: sent-export run FILE --check"
            }
            Self::UnknownJob { .. } => "list the jobs with: sent-export run FILE --list",
        }
    }
}

//! Errors in a file of jobs, with the next step.

use crate::base::plural::count_of;
use crate::cli::SettingProblem;

/// An error in a file of jobs.
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
    /// The file is invalid. All problems are reported, so that they can be fixed at once.
    #[error("{} in {path}", count_of(problems.len() as u64, "problem", "problems"))]
    Unusable {
        /// The file.
        path: String,
        /// The problems, in the order of the file.
        problems: Vec<JobProblem>,
    },
    /// A flag of the command line is for no job.
    #[error(transparent)]
    Overrides(SettingProblem),
    /// No job has the requested name.
    #[error("there is no job {name} in {path}{}", nearest.as_ref().map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default())]
    UnknownJob {
        /// The name.
        name: String,
        /// The file.
        path: String,
        /// The most similar name.
        nearest: Option<String>,
    },
}

/// One problem and its position.
#[derive(Debug, thiserror::Error)]
#[error("line {line}{}: {kind}", job.as_ref().map(|job| format!(", job {job}")).unwrap_or_default())]
pub struct JobProblem {
    /// The line, from 1.
    pub line: usize,
    /// The job, if the line belongs to one.
    pub job: Option<String>,
    /// What is wrong.
    pub kind: JobProblemKind,
}

/// The kinds of problems in a file of jobs.
#[derive(Debug, thiserror::Error)]
pub enum JobProblemKind {
    /// The file is not TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// A table or value that has no meaning here.
    #[error("the file has no place for {name}: it holds [defaults] and [jobs.NAME]{}", if *is_table { "" } else { "; write flags below one of them" })]
    Stray {
        /// Its name.
        name: String,
        /// Whether it is a table.
        is_table: bool,
    },
    /// A value where a table is expected.
    #[error("{0} must be a table")]
    NoTable(String),
    /// The file has no jobs.
    #[error("no jobs: write a table [jobs.NAME] for each")]
    NoJobs,
    /// The name of a job is unsuitable for logs and paths.
    #[error("a job's name consists of letters, digits, '-', '_' and '.', and begins with a letter or digit")]
    BadName,
    /// A job has no command.
    #[error("no command: write one like command = \"contacts\", here or in [defaults]")]
    NoCommand,
    /// The value's type suits no flag.
    #[error("{name} cannot be {found}: write a text, a number, true, false or a list of texts")]
    BadValue {
        /// The flag.
        name: String,
        /// The type of the value.
        found: &'static str,
    },
    /// The file contains the key itself.
    #[error(
        "{0} would put a key into the file: write api-key-env = \"NAME_OF_A_VARIABLE\", api-key-file = \"PATH\" or \
         api-key-command = \"PROGRAM ...\""
    )]
    SecretInFile(String),
    /// The flags of a job are invalid.
    #[error(transparent)]
    Setting(#[from] SettingProblem),
    /// The command refused the job when it checked it.
    #[error("{0}")]
    Refused(String),
    /// Another job writes to the same place.
    #[error("writes {place}, and so does the job {other}")]
    SameOutput {
        /// The path.
        place: String,
        /// The earlier job.
        other: String,
    },
    /// All jobs share stderr.
    #[error("log-format is the same for all jobs: give it to sent-export run, or set SENT_EXPORT_LOG_FORMAT")]
    SharedLog,
    /// Jobs run unattended, and only one command can read stdin.
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
            Self::Overrides(_) => "write flags of the jobs' commands behind --; those of run come before it",
            Self::UnknownJob { .. } => "list the jobs with: sent-export run FILE --list",
        }
    }
}

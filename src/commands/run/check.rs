//! Checks all jobs before the first one starts, each by its own command.

use std::collections::HashMap;

use crate::base::printable::printable;
use crate::config::{JobProblem, JobProblemKind, JobsError};
use crate::error::{Error, ExitCode};
use crate::publish::whole_of_part;

use super::PlannedJob;
use super::results::{JobEnd, exit_code};
use crate::commands::job::{JobAccount, JobContext, JobPurpose, Noted, WrittenPlace};
use crate::commands::stop::Signals;
use crate::commands::{RunMonitor, dispatch};

/// Facts about jobs that are known before they run.
pub(super) struct CheckedJobs {
    /// The account whose quota each job uses.
    pub(super) accounts: Vec<JobAccount>,
    /// Errors that will end jobs before their first request.
    errors: Vec<Option<Error>>,
}

/// Checks jobs. Programs that print keys are only run if the jobs are not run afterwards: one that is slow must not delay
/// the jobs that do not need it.
///
/// # Errors
/// When a job is invalid, or two jobs would write the same path. Other errors are left to the jobs.
pub(super) fn check(
    path: &str,
    jobs: &[PlannedJob],
    signals: &Signals,
    reads_all_keys: bool,
) -> Result<CheckedJobs, JobsError> {
    let purpose = JobPurpose::Check { defers_key_programs: !reads_all_keys };
    let mut checked = CheckedJobs { accounts: Vec::new(), errors: Vec::new() };
    let (mut problems, mut writers) = (Vec::new(), Writers::default());
    for job in jobs {
        let (result, noted) = check_job(job, JobContext::new(&job.name, purpose, signals.for_job()));
        let problem = |kind| JobProblem { line: job.line, job: Some(job.name.clone()), kind };
        let error = result.err();
        if let Some(error) = error.as_ref().filter(|error| error.exit_code() == ExitCode::Usage) {
            problems.push(problem(JobProblemKind::Refused(in_one_line(error))));
        }
        for place in noted.checked.places {
            if let Some(other) = writers.add(&place, &job.name) {
                problems.push(problem(JobProblemKind::SameOutput { place: place.shown, other }));
            }
        }
        checked.accounts.push(noted.checked.account);
        checked.errors.push(error);
    }
    if problems.is_empty() { Ok(checked) } else { Err(JobsError::Unusable { path: path.to_owned(), problems }) }
}

/// Which job writes which path.
#[derive(Default)]
struct Writers {
    places: HashMap<String, String>,
    /// The same for outputs that are split into numbered files.
    split: HashMap<String, String>,
    /// The jobs that write a file with such a number themselves, by the output that it would belong to.
    wholes: HashMap<String, String>,
}

impl Writers {
    /// Adds a path; returns an earlier job that writes it, too.
    fn add(&mut self, place: &WrittenPlace, job: &str) -> Option<String> {
        let whole = whole_of_part(&place.identity);
        let others = [
            self.places.get(&place.identity),
            whole.as_ref().and_then(|whole| self.split.get(whole)),
            self.wholes.get(&place.identity).filter(|_| place.is_split),
        ];
        let other = others.into_iter().flatten().find(|other| *other != job).cloned();
        let known = [(&mut self.places, Some(&place.identity)), (&mut self.wholes, whole.as_ref())];
        let split = (&mut self.split, Some(&place.identity).filter(|_| place.is_split));
        for (jobs, key) in known.into_iter().chain([split]) {
            if let Some(key) = key {
                jobs.entry(key.clone()).or_insert_with(|| job.to_owned());
            }
        }
        other
    }
}

/// Calls the command of a job to check it.
fn check_job(job: &PlannedJob, context: JobContext) -> (Result<ExitCode, Error>, Noted) {
    context.enter(|| {
        let command = &job.parsed.cli.command;
        dispatch(command, &RunMonitor::new(command))
    })
}

/// The account of a job, after running the program that prints its key. If that fails, the job will report it.
pub(super) fn read_account(job: &PlannedJob, signals: Signals) -> JobAccount {
    let purpose = JobPurpose::Check { defers_key_programs: false };
    let (_, noted) = check_job(job, JobContext::new(&job.name, purpose, signals));
    noted.checked.account
}

impl CheckedJobs {
    /// One line per job.
    pub(super) fn listed(&self, jobs: &[PlannedJob]) -> String {
        let state = |error: &Option<Error>| error.as_ref().map_or_else(|| "ok".to_owned(), in_one_line);
        let lines = jobs.iter().zip(&self.errors).map(|(job, error)| format!("{}: {}\n", job.name, state(error)));
        lines.collect()
    }

    /// The exit code that running the jobs would have.
    pub(super) fn exit_code(&self) -> ExitCode {
        let code = |error: &Option<Error>| error.as_ref().map_or(ExitCode::Complete, Error::exit_code);
        exit_code(self.errors.iter().map(code).map(JobEnd::Code))
    }
}

/// An error with its causes and the next step on one line.
fn in_one_line(error: &Error) -> String {
    let hint = error.hint().map(|hint| format!("; hint: {hint}")).unwrap_or_default();
    printable(&(error.in_one_line() + &hint))
}

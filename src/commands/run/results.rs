//! The outcomes of jobs, and the exit code of the whole run.

use std::time::Duration;

use crate::base::plural::count_of;
use crate::error::ExitCode;
use crate::telemetry::{CONSOLE_TARGET, LogFormat};

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobEnd {
    /// It ended with this exit code.
    Code(ExitCode),
    /// It was not started, because an earlier job failed.
    Skipped,
}

impl JobEnd {
    /// Whether it ran and did not fail.
    pub(super) fn is_success(self) -> bool {
        matches!(self, Self::Code(ExitCode::Complete | ExitCode::Unchanged(_)))
    }
}

/// A finished job.
#[derive(Debug)]
pub(super) struct JobResult {
    pub(super) name: String,
    pub(super) end: JobEnd,
    /// The outcome on one line.
    pub(super) outcome: String,
    pub(super) elapsed: Duration,
}

/// The exit code of the whole run: that of the most severe failure, or that of `--exit-code-unchanged` if nothing changed
/// in any job.
pub(super) fn exit_code(ends: impl Iterator<Item = JobEnd> + Clone) -> ExitCode {
    let codes = ends.filter_map(|end| match end {
        JobEnd::Code(code) => Some(code),
        JobEnd::Skipped => None,
    });
    if let Some(worst) = ExitCode::worst(codes.clone()) {
        return worst;
    }
    let mut codes = codes;
    let first = codes.next().unwrap_or(ExitCode::Complete);
    if codes.all(|code| code == first) { first } else { ExitCode::Complete }
}

/// Numbers of jobs by outcome.
struct JobCounts {
    succeeded: u64,
    failed: u64,
    skipped: u64,
}

impl JobCounts {
    fn of(results: &[JobResult]) -> Self {
        let count =
            |is_wanted: fn(JobEnd) -> bool| results.iter().filter(|result| is_wanted(result.end)).count() as u64;
        let succeeded = count(JobEnd::is_success);
        let skipped = count(|end| end == JobEnd::Skipped);
        Self { succeeded, failed: results.len() as u64 - succeeded - skipped, skipped }
    }
}

/// Logs the summary at the end as JSON. Each job has already logged its own outcome.
pub(super) fn log(results: &[JobResult]) {
    if !LogFormat::is_json() {
        return;
    }
    for JobResult { name, end, outcome, .. } in results {
        if *end == JobEnd::Skipped {
            tracing::warn!(target: CONSOLE_TARGET, event = "job_skipped", job = name.as_str(), "{outcome}");
        }
    }
    let JobCounts { succeeded, failed, skipped } = JobCounts::of(results);
    let jobs = results.len() as u64;
    tracing::info!(target: CONSOLE_TARGET, event = "jobs_finished", jobs, succeeded, failed, skipped, "jobs finished");
}

/// The summary at the end as a table.
pub(super) fn table(results: &[JobResult]) -> String {
    let JobCounts { succeeded, failed, skipped } = JobCounts::of(results);
    let mut text = format!("\n{} succeeded", count_of(succeeded, "job", "jobs"));
    for (jobs, what) in [(failed, "failed"), (skipped, "not started")] {
        if jobs > 0 {
            text += &format!(", {} {what}", count_of(jobs, "job", "jobs"));
        }
    }
    text += "\n";
    let width = results.iter().map(|result| result.name.len()).max().unwrap_or(0);
    for JobResult { name, end, outcome, elapsed } in results {
        let code = match end {
            JobEnd::Code(code) => code.number().to_string(),
            JobEnd::Skipped => "-".to_owned(),
        };
        let elapsed = humantime::format_duration(Duration::from_secs(elapsed.as_secs()));
        text += &format!("  {name:width$}  {code:>3}  {outcome}, {elapsed}\n");
    }
    text
}

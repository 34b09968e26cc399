//! Runs jobs on threads, up to a maximum at a time, in the order of the file.
//!
//! Two jobs of one account never run at the same time, because each would use up the quota of both. One after another, they
//! take just as long, because the quota limits the rate. Each job starts with the quota that the previous job left.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use url::Url;

use crate::api::{ApiKey, QuotaLeft};
use crate::base::printable::printable;
use crate::error::{Error, ExitCode};

use super::PlannedJob;
use super::results::{JobEnd, JobResult};
use crate::commands::job::{JobContext, JobPurpose, Noted};
use crate::commands::perform;
use crate::commands::stop::Signals;

/// How many jobs to start, and when to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScheduleLimits {
    /// Maximum number of jobs at a time.
    pub(super) parallel: NonZeroUsize,
    /// Whether no further jobs are started after a failure.
    pub(super) stops_on_failure: bool,
}

/// A job that is waiting.
struct WaitingJob {
    place: usize,
    job: PlannedJob,
    account: Option<(Url, ApiKey)>,
}

/// A running job.
struct Running {
    place: usize,
    name: String,
    account: Option<(Url, ApiKey)>,
    signals: Signals,
    started: Instant,
}

/// A finished job and its outcome.
struct EndedJob {
    place: usize,
    end: JobEnd,
    outcome: String,
    quota: Option<QuotaLeft>,
}

/// Runs all jobs and returns their outcomes in order. `accounts` has the account whose quota each of them uses.
///
/// # Errors
/// When waiting for the threads fails.
pub(super) fn run_all(
    jobs: Vec<PlannedJob>,
    accounts: Vec<Option<(Url, ApiKey)>>,
    limits: ScheduleLimits,
    signals: Signals,
) -> Result<Vec<JobResult>, Error> {
    raise_open_files(limits.parallel);
    let waiting = jobs.into_iter().zip(accounts).enumerate();
    let waiting = waiting.map(|(place, (job, account))| WaitingJob { place, job, account }).collect();
    let (sender, ended) = mpsc::unbounded_channel();
    let schedule = Schedule { waiting, running: Vec::new(), results: Vec::new(), quotas: Vec::new(), limits, sender };
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(Error::StartRuntime)?;
    Ok(runtime.block_on(schedule.run(ended, signals)))
}

/// Raises the limit of open files as far as the system allows: 100 jobs need more than usual limits.
#[cfg(unix)]
fn raise_open_files(jobs: NonZeroUsize) {
    /// Open files of a job with two outputs at the default concurrency, including connections and event queues.
    const FILES_OF_A_JOB: u64 = 32;
    let needed = FILES_OF_A_JOB * (jobs.get() as u64 + 1);
    let raised = rlimit::Resource::NOFILE.get().map_err(drop).and_then(|(soft, _)| {
        if soft < needed { rlimit::increase_nofile_limit(needed).map_err(drop) } else { Ok(soft) }
    });
    if let Ok(limit) = raised
        && limit < needed
    {
        tracing::warn!("only {limit} files may be open, and {jobs} concurrent jobs may need {needed} (ulimit -n)");
    }
}

#[cfg(not(unix))]
fn raise_open_files(_: NonZeroUsize) {}

struct Schedule {
    waiting: Vec<WaitingJob>,
    running: Vec<Running>,
    results: Vec<(usize, JobResult)>,
    /// The remaining quota of each account that a job has read.
    quotas: Vec<((Url, ApiKey), QuotaLeft)>,
    limits: ScheduleLimits,
    sender: mpsc::UnboundedSender<EndedJob>,
}

impl Schedule {
    async fn run(mut self, mut ended: mpsc::UnboundedReceiver<EndedJob>, mut signals: Signals) -> Vec<JobResult> {
        signals.begin();
        let mut stopped = None;
        loop {
            if stopped.is_none() {
                self.start_jobs(&signals);
            }
            // After a signal, a job with nothing to save is not waited for, just like a job that runs alone.
            let is_over = match stopped {
                None => self.running.is_empty(),
                Some(_) => !self.running.iter().any(|job| job.signals.has_begun()),
            };
            if is_over {
                break;
            }
            tokio::select! {
                Some(job) = ended.recv() => self.note(job),
                code = signals.first(), if stopped.is_none() => stopped = Some(code),
            }
        }
        let end = stopped.map_or(JobEnd::Skipped, JobEnd::Code);
        let left = self.running.drain(..).map(|job| (job.place, job.name, job.started.elapsed()));
        let left = left.chain(self.waiting.drain(..).map(|job| (job.place, job.job.name, Duration::ZERO)));
        for (place, name, elapsed) in left {
            let outcome = if elapsed.is_zero() { "not started" } else { "stopped by a signal" }.to_owned();
            self.results.push((place, JobResult { name, end, outcome, elapsed }));
        }
        self.results.sort_by_key(|(place, _)| *place);
        self.results.into_iter().map(|(_, result)| result).collect()
    }

    /// Starts as many jobs as possible, but none whose account a running job reads.
    fn start_jobs(&mut self, signals: &Signals) {
        while self.running.len() < self.limits.parallel.get() {
            let is_free = |waiting: &WaitingJob| {
                waiting.account.is_none() || self.running.iter().all(|running| running.account != waiting.account)
            };
            let Some(next) = self.waiting.iter().position(is_free) else { return };
            let WaitingJob { place, job, account } = self.waiting.remove(next);
            let (name, started, signals) = (job.name.clone(), Instant::now(), signals.for_job());
            let has_company = self.limits.parallel.get() > 1;
            let left = self.quotas.iter().find(|(of, _)| Some(of) == account.as_ref()).map(|(_, left)| *left);
            let context =
                JobContext::new(&name, JobPurpose::Run { has_company }, signals.for_command()).with_quota(left);
            let sender = self.sender.clone();
            let work = move || {
                let (end, outcome, quota) = run_job(&job, context);
                // After a signal, there may be no receiver.
                sender.send(EndedJob { place, end, outcome, quota }).ok();
            };
            self.running.push(Running { place, name: name.clone(), account, signals, started });
            if let Err(error) = std::thread::Builder::new().name(name).spawn(work) {
                let error = Error::StartRuntime(error);
                let (end, outcome) = (JobEnd::Code(error.exit_code()), in_short(&error));
                self.note(EndedJob { place, end, outcome, quota: None });
            }
        }
    }

    fn note(&mut self, ended: EndedJob) {
        let EndedJob { place, end, outcome, quota } = ended;
        let Some(at) = self.running.iter().position(|running| running.place == place) else { return };
        let Running { name, started, account, .. } = self.running.remove(at);
        if let Some((account, left)) = account.zip(quota) {
            self.quotas.retain(|(of, _)| *of != account);
            self.quotas.push((account, left));
        }
        if self.limits.stops_on_failure && !matches!(end, JobEnd::Code(ExitCode::Complete | ExitCode::Unchanged(_))) {
            // Running jobs continue; the others are not started.
            let rest = self.waiting.drain(..).map(|waiting| {
                let outcome = format!("not started, because {name} failed");
                (
                    waiting.place,
                    JobResult { name: waiting.job.name, end: JobEnd::Skipped, outcome, elapsed: Duration::ZERO },
                )
            });
            self.results.extend(rest);
        }
        self.results.push((place, JobResult { name, end, outcome, elapsed: started.elapsed() }));
    }
}

/// Runs a job on this thread and prints its error, if any.
fn run_job(job: &PlannedJob, context: JobContext) -> (JobEnd, String, Option<QuotaLeft>) {
    let work = || {
        // A panic is a bug and is reported as one, but ends only this job.
        let result = catch_unwind(AssertUnwindSafe(|| perform(&job.parsed.cli.command)));
        match result {
            Ok((code, error)) => (code, error.as_ref().map(in_short)),
            Err(_) => (ExitCode::Failure, Some("error: it ended unexpectedly".to_owned())),
        }
    };
    let ((code, error), Noted { outcome, quota, .. }) = context.enter(work);
    let outcome = error
        .or(outcome)
        .unwrap_or_else(|| if matches!(code, ExitCode::Unchanged(_)) { "unchanged" } else { "done" }.to_owned());
    (JobEnd::Code(code), outcome, quota)
}

fn in_short(error: &Error) -> String {
    printable(&format!("error: {error}"))
}

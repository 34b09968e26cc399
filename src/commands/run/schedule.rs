//! Runs jobs on threads, up to a maximum at a time, in the order of the file.
//!
//! Two jobs of one account never run at the same time, because each would use up the quota of both. One after another, they
//! take just as long, because the quota limits the rate. Each job starts with the quota that the previous job left.
//!
//! A job whose key is printed by a program first runs the program, as one of those that run at a time. Then its account is
//! known, and it waits again until no other job reads it.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::api::QuotaLeft;
use crate::base::printable::printable;
use crate::error::{Error, ExitCode};

use super::PlannedJob;
use super::check::read_account;
use super::results::{JobEnd, JobResult};
use crate::commands::job::{JobAccount, JobContext, JobPurpose, Noted};
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
    job: Arc<PlannedJob>,
    account: JobAccount,
}

/// A running job.
struct Running {
    place: usize,
    job: Arc<PlannedJob>,
    account: JobAccount,
    signals: Signals,
    started: Instant,
}

/// What a thread reports at its end.
enum JobReport {
    /// A job has run.
    Ended(EndedJob),
    /// The program for the key of a job has run.
    KeyRead { place: usize, account: JobAccount },
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
    accounts: Vec<JobAccount>,
    limits: ScheduleLimits,
    signals: Signals,
) -> Result<Vec<JobResult>, Error> {
    raise_open_files(limits.parallel);
    let waiting = jobs.into_iter().zip(accounts).enumerate();
    let waiting = waiting.map(|(place, (job, account))| WaitingJob { place, job: Arc::new(job), account }).collect();
    let (sender, ended) = mpsc::unbounded_channel();
    let schedule = Schedule {
        waiting,
        running: Vec::new(),
        results: Vec::new(),
        quotas: Vec::new(),
        limits,
        first_failed: None,
        sender,
    };
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
    quotas: Vec<(JobAccount, QuotaLeft)>,
    limits: ScheduleLimits,
    /// The failed job because of which no further jobs are started.
    first_failed: Option<String>,
    sender: mpsc::UnboundedSender<JobReport>,
}

impl Schedule {
    async fn run(mut self, mut ended: mpsc::UnboundedReceiver<JobReport>, mut signals: Signals) -> Vec<JobResult> {
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
        let left = self.running.drain(..).map(|job| (job.place, job.job.name.clone(), job.started.elapsed()));
        let left = left.chain(self.waiting.drain(..).map(|job| (job.place, job.job.name.clone(), Duration::ZERO)));
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
                waiting.account == JobAccount::None
                    || self.running.iter().all(|running| running.account != waiting.account)
            };
            let Some(next) = self.waiting.iter().position(is_free) else { return };
            let next = self.waiting.remove(next);
            self.start(next, signals);
        }
    }

    /// Starts a thread for a job, or for the program that prints its key.
    fn start(&mut self, WaitingJob { place, job, account }: WaitingJob, signals: &Signals) {
        let (started, signals) = (Instant::now(), signals.for_job());
        let (of_thread, sender, for_command) = (Arc::clone(&job), self.sender.clone(), signals.for_command());
        let spawned = std::thread::Builder::new().name(job.name.clone());
        // Nobody waits for the reports after a signal.
        let spawned = if matches!(account, JobAccount::Unread(_)) {
            spawned.spawn(move || {
                // A panic will happen again when the job runs, which reports it.
                let account = catch_unwind(AssertUnwindSafe(|| read_account(&of_thread, for_command)));
                sender.send(JobReport::KeyRead { place, account: account.unwrap_or_default() }).ok();
            })
        } else {
            let has_company = self.limits.parallel.get() > 1;
            let left = self.quotas.iter().find(|(of, _)| *of == account).map(|(_, left)| *left);
            let context = JobContext::new(&job.name, JobPurpose::Run { has_company }, for_command).with_quota(left);
            spawned.spawn(move || {
                let (end, outcome, quota) = run_job(&of_thread, context);
                sender.send(JobReport::Ended(EndedJob { place, end, outcome, quota })).ok();
            })
        };
        self.running.push(Running { place, job, account, signals, started });
        if let Err(error) = spawned {
            let error = Error::StartRuntime(error);
            let (end, outcome) = (JobEnd::Code(error.exit_code()), in_short(&error));
            self.note(JobReport::Ended(EndedJob { place, end, outcome, quota: None }));
        }
    }

    fn note(&mut self, report: JobReport) {
        match report {
            JobReport::Ended(ended) => self.note_end(ended),
            JobReport::KeyRead { place, account } => {
                let Some(Running { job, .. }) = self.take_running(place) else { return };
                // Where it was before, so that jobs start in the order of the file.
                let at = self.waiting.partition_point(|waiting| waiting.place < place);
                self.waiting.insert(at, WaitingJob { place, job, account });
            }
        }
        self.skip_rest();
    }

    fn take_running(&mut self, place: usize) -> Option<Running> {
        let at = self.running.iter().position(|running| running.place == place)?;
        Some(self.running.remove(at))
    }

    fn note_end(&mut self, EndedJob { place, end, outcome, quota }: EndedJob) {
        let Some(Running { job, started, account, .. }) = self.take_running(place) else { return };
        if let Some(left) = quota.filter(|_| account != JobAccount::None) {
            self.quotas.retain(|(of, _)| *of != account);
            self.quotas.push((account, left));
        }
        let name = job.name.clone();
        if self.limits.stops_on_failure && !end.is_success() {
            self.first_failed.get_or_insert_with(|| name.clone());
        }
        self.results.push((place, JobResult { name, end, outcome, elapsed: started.elapsed() }));
    }

    /// Skips what is waiting if a job has failed. Running jobs continue.
    fn skip_rest(&mut self) {
        let Some(failed) = &self.first_failed else { return };
        let rest = self.waiting.drain(..).map(|waiting| {
            let (name, outcome) = (waiting.job.name.clone(), format!("not started, because {failed} failed"));
            (waiting.place, JobResult { name, end: JobEnd::Skipped, outcome, elapsed: Duration::ZERO })
        });
        self.results.extend(rest);
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

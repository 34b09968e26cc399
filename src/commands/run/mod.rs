//! `sent-export run`: the jobs of a file, one after another or concurrently.
//!
//! Every job is checked by its own command before the first one starts: invalid flags of one job, or two jobs that write
//! the same file, prevent all of them from starting. A problem outside the file, such as a missing key, affects only its own
//! job.

mod check;
mod results;
mod schedule;

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;

use crate::cli::{JobFlags, JobsArgs, ParsedJob, overrides_for, parse_job};
use crate::config::{Job, JobProblem, JobProblemKind, JobsError, JobsFile};
use crate::error::{Error, ExitCode};
use crate::telemetry::LogFormat;

use super::monitor::RunMonitor;
use super::printer::{note, show};
use super::stop::Signals;
use super::{print, start_log};

/// A job that will run.
struct PlannedJob {
    name: String,
    /// The line of its table.
    line: usize,
    command: String,
    parsed: ParsedJob,
}

/// Runs jobs, or lists them.
///
/// # Errors
/// When the file or a job in it cannot be used, or no job can be started.
pub(super) fn run(args: &JobsArgs, monitor: &RunMonitor<'_>) -> Result<ExitCode, Error> {
    let file = JobsFile::read(&args.file)?;
    let selected = file.select(&args.jobs, args.shard.or(args.shard_index))?;
    // The same flags are valid on every machine, whichever jobs its shard has.
    let overrides = overrides(&file.select(&args.jobs, None)?, args)?;
    let jobs = plan(&file.path, &selected, (args, &overrides))?;
    if args.list {
        return print(&list(&jobs)).map(|()| ExitCode::Complete);
    }
    start_log(log_level(&jobs));
    monitor.begin(None)?;
    let signals = Signals::listen().map_err(Error::StartRuntime)?;
    let checked = check::check(&file.path, &jobs, &signals, args.check)?;
    if args.check {
        return print(&checked.listed(&jobs)).map(|()| checked.exit_code());
    }
    if jobs.is_empty() {
        note("no_jobs", "no jobs to run here");
        return Ok(ExitCode::Complete);
    }
    let limits = schedule::ScheduleLimits { parallel: args.parallel, stops_on_failure: args.stop_on_failure };
    let results = schedule::run_all(jobs, checked.accounts, limits, signals)?;
    let code = results::exit_code(results.iter().map(|result| result.end));
    if !args.quiet || results.iter().any(|result| !result.end.is_success()) {
        show(&results::table(&results));
        results::log(&results);
    }
    Ok(code)
}

/// The flags of the command line for each command, of which it has only those that it knows.
fn overrides<'a>(jobs: &[&'a Job], args: &JobsArgs) -> Result<HashMap<&'a str, Vec<OsString>>, JobsError> {
    let commands: BTreeSet<&str> = jobs.iter().map(|job| job.command.as_str()).collect();
    let commands: Vec<&str> = commands.into_iter().collect();
    let of_command = |command: &&'a str| {
        let flags = overrides_for(command, &commands, &args.overrides).map_err(JobsError::Overrides)?;
        Ok((*command, flags))
    };
    commands.iter().map(of_command).collect()
}

/// Parses the flags of all jobs.
fn plan(
    path: &str,
    jobs: &[&Job],
    (args, overrides): (&JobsArgs, &HashMap<&str, Vec<OsString>>),
) -> Result<Vec<PlannedJob>, JobsError> {
    let (mut planned, mut problems) = (Vec::new(), Vec::new());
    for job in jobs {
        let flags = JobFlags {
            command: &job.command,
            line: job.line,
            job: &job.settings,
            defaults: &job.defaults,
            arguments: &job.arguments,
            overrides: overrides.get(job.command.as_str()).map_or(&[], Vec::as_slice),
            is_quiet: args.quiet,
        };
        let parsed = parse_job(flags).map_err(|(line, problem)| (line, JobProblemKind::from(problem)));
        let parsed = parsed.and_then(|parsed| match parsed.stdin_flag {
            Some(flag) => Err((job.line, JobProblemKind::Stdin(flag))),
            None if parsed.log_format.is_some_and(|format| format != LogFormat::current()) => {
                Err((job.line, JobProblemKind::SharedLog))
            }
            None => Ok(parsed),
        });
        match parsed {
            Ok(parsed) => planned.push(PlannedJob {
                name: job.name.clone(),
                line: job.line,
                command: job.command.clone(),
                parsed,
            }),
            Err((line, kind)) => problems.push(JobProblem { line, job: Some(job.name.clone()), kind }),
        }
    }
    if problems.is_empty() { Ok(planned) } else { Err(JobsError::Unusable { path: path.to_owned(), problems }) }
}

/// The level of the most verbose job, because all jobs share the log.
fn log_level(jobs: &[PlannedJob]) -> u8 {
    let level = |job: &PlannedJob| if job.parsed.is_quiet { 0 } else { 1_u8.saturating_add(job.parsed.verbose) };
    jobs.iter().map(level).max().unwrap_or(1)
}

/// One line per job: name, command, outputs.
fn list(jobs: &[PlannedJob]) -> String {
    let width = |text: fn(&PlannedJob) -> &str| jobs.iter().map(|job| text(job).len()).max().unwrap_or(0);
    let (names, commands) = (width(|job| &job.name), width(|job| &job.command));
    let line = |job: &PlannedJob| {
        let outputs = job.parsed.outputs.join(", ");
        format!("{:names$}  {:commands$}  {outputs}", job.name, job.command).trim_end().to_owned() + "\n"
    };
    jobs.iter().map(line).collect()
}

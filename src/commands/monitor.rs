//! Monitors a run from its command line to its exit code, and reports it to other programs.
//!
//! [`perform`] runs every command, alone or as a job. A [`RunMonitor`] is passed down to exports, which record facts as
//! they become known. At the end, the record goes to `--metrics`, `--runs`, `--notify` and `--lineage`, whatever the outcome.
//! If it cannot be written or sent, that is only a warning: monitoring never makes a run fail.
//!
//! *Easy to get wrong:* the error is printed, and the notification sent, before the last line of the log, so that their
//! messages come before the end.

mod end;
mod lineage;

use std::cell::{OnceCell, RefCell};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::api::RequestStats;
use crate::base::printable::printable;
use crate::cli::{Command, TableArg, VerbosityArgs, WatchArgs};
use crate::config::{ExportConfig, WatchConfig};
use crate::error::{Error, ExitCode};
use crate::export::ReadReport;
use crate::telemetry::{CONSOLE_TARGET, ErrorRecord, LogFormat, MetricsLabels, RUN_RECORD_SCHEMA_VERSION, RunRecord};
use crate::time::Timestamp;
use crate::verdict::Verdict;

use self::end::{log_end, send_record};
use self::lineage::RunLineage;
use super::datasets::{inputs_of, planned};
use super::printer::{note, say_error};
use super::publish::PublishedExport;
use super::{PLAIN_LOG, dispatch, job, start_log, start_log_of};

/// A command that runs.
pub(super) struct RunMonitor<'a> {
    command: &'a Command,
    flags: WatchedFlags<'a>,
    config: OnceCell<WatchConfig>,
    started: Instant,
    record: RefCell<RunRecord>,
    lineage: RefCell<RunLineage>,
}

/// The command line's flags about monitoring.
#[derive(Clone, Copy)]
struct WatchedFlags<'a> {
    command: &'static str,
    /// Whether start and end are logged.
    is_logged: bool,
    is_quiet: bool,
    watch: Option<&'a WatchArgs>,
    /// The first output as given.
    output: Option<&'a Path>,
}

/// Runs a command to its end, and prints its error, if any.
pub(super) fn perform(command: &Command) -> (ExitCode, Option<Error>) {
    let monitor = RunMonitor::new(command);
    if !job::is_one() {
        start_log_of(command);
    }
    // An export starts after its settings are checked, and jobs after their file is read, which determines the log level.
    let begins = monitor.flags.watch.is_none() && !matches!(command, Command::Run(_));
    let begun = if begins { monitor.begin(None) } else { Ok(()) };
    let result = begun.and_then(|()| dispatch(command, &monitor));
    let (code, error) = match result {
        Ok(code) => (code, None),
        Err(error) => (error.exit_code(), Some(error)),
    };
    if let Some(error) = &error {
        if LogFormat::is_json() {
            // Needed if the command failed before a log was set up.
            start_log(PLAIN_LOG);
        }
        say_error(error);
    }
    monitor.finish(code, error.as_ref());
    (code, error)
}

impl<'a> RunMonitor<'a> {
    /// The monitor of a command that has not started.
    pub(super) fn new(command: &'a Command) -> Self {
        let record = RunRecord {
            schema_version: RUN_RECORD_SCHEMA_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            job: job::name(),
            started_at: Timestamp::now().to_millis(),
            ..RunRecord::default()
        };
        let flags = WatchedFlags::of(command);
        let record = RefCell::new(RunRecord { command: flags.command.to_owned(), ..record });
        let (config, started, lineage) = (OnceCell::new(), Instant::now(), RefCell::default());
        Self { command, flags, config, started, record, lineage }
    }

    /// Checks the monitoring flags before anything else is done.
    ///
    /// # Errors
    /// When a flag is invalid, or its file cannot be written.
    pub(super) fn prepare(&self) -> Result<(), Error> {
        let Some(watch) = self.flags.watch else { return Ok(()) };
        let config = WatchConfig::new(watch, lineage::variables())?;
        if job::is_check() {
            job::note_places(config.own_file().iter());
            return Ok(());
        }
        let checked = config.check_files();
        // Set despite the error, so that the other file or the webhook reports it.
        self.config.set(config).ok();
        Ok(checked?)
    }

    /// Whether the table of an export is printed.
    pub(super) fn shows_table(&self) -> bool {
        self.is_table_wanted(std::io::stderr().is_terminal() && !job::is_one())
    }

    /// Whether the tables of several exports are printed: only if requested, because they are long.
    pub(super) fn shows_tables(&self) -> bool {
        self.is_table_wanted(false)
    }

    fn is_table_wanted(&self, otherwise: bool) -> bool {
        let is_wanted = match self.flags.watch.map_or(TableArg::Auto, |watch| watch.show_table) {
            TableArg::Always => true,
            TableArg::Never => false,
            TableArg::Auto => otherwise,
        };
        is_wanted && !self.flags.is_quiet && !LogFormat::is_json()
    }

    /// Logs the start of a command; an export passes its checked settings.
    ///
    /// # Errors
    /// When the metrics or the run log would replace a file of the export.
    pub(super) fn begin(&self, config: Option<&ExportConfig>) -> Result<(), Error> {
        if let Some((config, watch)) = config.zip(self.config.get()) {
            watch.check_distinct(&config.outputs)?;
        }
        let outputs: Vec<String> = config.map(shown_outputs).unwrap_or_default();
        let mut record = self.record.borrow_mut();
        record.outputs.clone_from(&outputs);
        record.run_id = config.map(|config| config.outputs.run_id.clone());
        if let Some(lineage) = self.config.get().and_then(|watch| watch.lineage.as_ref()) {
            let outputs = config.map(|config| planned(&config.outputs, self.flags.command)).unwrap_or_default();
            self.lineage.borrow_mut().start(lineage, &record, (inputs_of(self.command), outputs));
        }
        if self.flags.is_quiet || !self.flags.is_logged {
            return Ok(());
        }
        let (command, version) = (self.flags.command, record.tool_version.as_str());
        if LogFormat::is_json() {
            let (run_id, api) = (record.run_id.as_deref(), config.map(|config| config.account.name()));
            let outputs = config.map(|_| outputs.len() as u64);
            tracing::info!(target: CONSOLE_TARGET, event = "run_started", command, version, run_id, api, outputs, "{command}");
        } else if let Some(config) = config.filter(|_| !self.shows_table() && !std::io::stderr().is_terminal()) {
            let (api, run_id) = (config.account.name(), &config.outputs.run_id);
            let outputs = printable(&record.outputs.join(", "));
            let rows = if command == "contact" { "contacts" } else { command };
            let text = format!("exporting {rows} from {api} to {outputs} (sent-export {version}, run {run_id})");
            note("run_started", &text);
        }
        Ok(())
    }

    /// Records the requests so far.
    pub(super) fn note_requests(&self, stats: RequestStats) {
        let mut record = self.record.borrow_mut();
        (record.requests, record.retries, record.rate_limited) =
            (stats.requests_sent, stats.retries, stats.rate_limited);
        record.waited_seconds = rounded(stats.waited.as_secs_f64());
    }

    /// Adds the results of reading a list to those of earlier lists.
    pub(super) fn note_read(&self, read: &ReadReport) {
        let mut record = self.record.borrow_mut();
        let facts = &read.consistency;
        record.verdict = Some(record.verdict.map_or(read.verdict, |before| before.weaker(read.verdict)));
        add(&mut record.pages, read.pages);
        add(&mut record.items_rejected, read.rejected);
        add(&mut record.pages_resumed, facts.pages_resumed);
        add(&mut record.boundaries_verified, facts.boundaries_verified);
        add(&mut record.changes_seen, facts.changes_seen);
    }

    /// Records that the outputs of a list are published, in addition to those of earlier lists; `outcome` is for people.
    pub(super) fn note_published<D>(&self, published: &PublishedExport<D>, outcome: &str) {
        let mut record = self.record.borrow_mut();
        record.is_published = true;
        add(&mut record.rows, published.rows);
        add(&mut record.bytes, published.bytes);
        if let Some(changes) = &published.changes {
            let sum = record.changes.get_or_insert_default();
            sum.added += changes.added;
            sum.changed += changes.changed;
            sum.removed += changes.removed;
        }
        outcome.clone_into(&mut record.summary);
        self.lineage.borrow_mut().note_written(&published.datasets);
    }

    /// Records the combined outcome of several exports.
    pub(super) fn note_all(&self, verdict: Verdict, outcome: &str) {
        let mut record = self.record.borrow_mut();
        record.verdict = Some(verdict);
        outcome.clone_into(&mut record.summary);
    }

    /// Records the outcome of a command that is no export.
    pub(super) fn note_outcome(&self, outcome: &str) {
        printable(outcome).clone_into(&mut self.record.borrow_mut().summary);
    }

    /// Records that a list was not read to its end, so that there is no verdict on all lists.
    pub(super) fn note_unread(&self) {
        self.record.borrow_mut().verdict = None;
    }

    /// Completes the record, then writes and sends it.
    fn finish(self, code: ExitCode, error: Option<&Error>) {
        let mut record = self.record.into_inner();
        record.finished_at = Timestamp::now().to_millis();
        record.seconds = rounded(self.started.elapsed().as_secs_f64());
        record.exit_code = code.number();
        record.error = error.map(|error| ErrorRecord {
            message: printable(&error.in_one_line()),
            hint: error.hint().map(|hint| printable(&hint)),
            request_id: error.request_id().map(str::to_owned),
        });
        if let Some(error) = &record.error {
            record.summary = format!("error: {}", error.message);
        } else if record.summary.is_empty() {
            record.summary = match code {
                ExitCode::Complete => "done".to_owned(),
                code => format!("ended with exit code {}", code.number()),
            };
        }
        if let Some(config) = self.config.into_inner() {
            let output = self.flags.output.map(|path| path.display().to_string());
            let labels = MetricsLabels { command: record.command.clone(), job: record.job.clone(), output };
            send_record(&config, &record, &labels);
            if let Some(lineage) = &config.lineage {
                let inputs = || inputs_of(self.command);
                self.lineage.into_inner().finish(lineage, &record, inputs, error);
            }
        }
        if LogFormat::is_json() && !self.flags.is_quiet && self.flags.is_logged {
            log_end(&record, self.flags.watch.is_some());
        }
    }
}

impl<'a> WatchedFlags<'a> {
    fn of(command: &'a Command) -> Self {
        let export = |command, watch, verbosity: &VerbosityArgs, outputs: &'a [PathBuf]| Self {
            watch: Some(watch),
            output: outputs.first().map(PathBuf::as_path),
            ..Self::plain(command, verbosity.quiet)
        };
        match command {
            Command::Contacts(args) => export("contacts", &args.watch, &args.run.verbosity, &args.output.files.output),
            Command::Messages(args) => export("messages", &args.watch, &args.run.verbosity, &args.output.files.output),
            Command::Activities(args) => {
                export("activities", &args.watch, &args.run.verbosity, &args.output.files.output)
            }
            Command::Contact(args) => export("contact", &args.watch, &args.run.verbosity, &args.output.files.output),
            Command::Plan(args) => Self::plain("plan", args.verbosity().quiet),
            Command::Doctor(args) => Self::plain("doctor", args.run.verbosity.quiet),
            Command::Diff(args) => Self::plain("diff", args.quiet),
            Command::Report(args) => Self::plain("report", args.quiet),
            Command::Verify(args) => Self::plain("verify", args.quiet),
            Command::Run(args) => Self::plain("run", args.quiet),
            Command::Sql(_) => Self::unlogged("sql"),
            Command::Simulator(_) => Self::unlogged("simulator"),
            Command::Completions { .. } => Self::unlogged("completions"),
            Command::Man { .. } => Self::unlogged("man"),
        }
    }

    fn plain(command: &'static str, is_quiet: bool) -> Self {
        Self { command, is_logged: true, is_quiet, watch: None, output: None }
    }

    fn unlogged(command: &'static str) -> Self {
        Self { is_logged: false, ..Self::plain(command, false) }
    }
}

/// Adds to a sum that is unknown until something is added.
fn add(sum: &mut Option<u64>, more: u64) {
    *sum = Some(sum.unwrap_or_default() + more);
}

/// The outputs of an export for people; a dataset is named by its folder.
fn shown_outputs(config: &ExportConfig) -> Vec<String> {
    let activities = config.outputs.activities.iter().map(|activities| activities.output.target.to_string());
    config.outputs.outputs.iter().map(|request| config.outputs.shown(&request.target)).chain(activities).collect()
}

/// Rounds to milliseconds.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

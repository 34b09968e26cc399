//! Follows a run from its command line to its exit code, and leaves what programs that watch it want to know.
//!
//! Every command is performed by [`perform`], alone or as a job. A [`RunMonitor`] is passed down to exports, which note what
//! becomes known; at the end its record goes to `--metrics`, `--runs`, `--notify` and `--lineage`, whatever the outcome. What
//! cannot be written or sent is a warning: a run never fails because nobody can be told.
//!
//! *Easy to get wrong:* the error is printed before the last line of the log, and the notification is sent before it, too, so
//! that its warning is not lost behind the end.

mod leave;
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
use crate::report::RunChanges;
use crate::telemetry::{
    CONSOLE_TARGET, ChangeTotals, ErrorRecord, LogFormat, MetricsLabels, RUN_RECORD_SCHEMA_VERSION, RunRecord,
};
use crate::time::Timestamp;
use crate::verdict::Verdict;

use self::leave::{leave, log_end};
use self::lineage::RunLineage;
use super::datasets::{inputs_of, planned};
use super::printer::{note, say_error};
use super::publish::Published;
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

/// What the command line says of watching.
#[derive(Clone, Copy)]
struct WatchedFlags<'a> {
    command: &'static str,
    /// Whether the log has a line at its beginning and its end.
    is_logged: bool,
    is_quiet: bool,
    watch: Option<&'a WatchArgs>,
    /// The first output, as it was typed.
    output: Option<&'a Path>,
}

/// Runs a command to its end, and prints its error, if any.
pub(super) fn perform(command: &Command) -> (ExitCode, Option<Error>) {
    let monitor = RunMonitor::new(command);
    if !job::is_one() {
        start_log_of(command);
    }
    // An export begins once its settings are checked, and jobs once their file is read, which decides what is logged.
    let begins = monitor.flags.watch.is_none() && !matches!(command, Command::Run(_));
    let begun = if begins { monitor.begin(None) } else { Ok(()) };
    let result = begun.and_then(|()| dispatch(command, &monitor));
    let (code, error) = match result {
        Ok(code) => (code, None),
        Err(error) => (error.exit_code(), Some(error)),
    };
    if let Some(error) = &error {
        if LogFormat::is_json() {
            // If it failed before it had a log.
            start_log(PLAIN_LOG);
        }
        say_error(error);
    }
    monitor.finish(code, error.as_ref());
    (code, error)
}

impl<'a> RunMonitor<'a> {
    /// Of a command that has not begun.
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

    /// Checks the flags of watching before anything else is done.
    ///
    /// # Errors
    /// When one makes no sense, or its file cannot be written.
    pub(super) fn prepare(&self) -> Result<(), Error> {
        let Some(watch) = self.flags.watch else { return Ok(()) };
        let config = WatchConfig::new(watch, lineage::variables())?;
        if job::is_check() {
            job::note_places(config.own_file().iter());
            return Ok(());
        }
        let checked = config.check_files();
        // Where the other file or the webhook can be reached, it is told of this.
        self.config.set(config).ok();
        Ok(checked?)
    }

    /// Whether the table of an export is printed.
    pub(super) fn shows_table(&self) -> bool {
        self.is_table_wanted(std::io::stderr().is_terminal() && !job::is_one())
    }

    /// Whether the tables of several exports are printed: they are long, so only if they are asked for.
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

    /// Says that the command begins: an export with its checked settings, another command without.
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

    /// Notes what was requested so far.
    pub(super) fn note_requests(&self, stats: RequestStats) {
        let mut record = self.record.borrow_mut();
        (record.requests, record.retries, record.rate_limited) =
            (stats.requests_sent, stats.retries, stats.rate_limited);
        record.waited_seconds = rounded(stats.waited.as_secs_f64());
    }

    /// Notes what the read of a list met, beside what those before it met.
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

    /// Notes that the outputs of a list have their names; `outcome` is the same for people.
    pub(super) fn note_published<D>(&self, published: &Published<D>, outcome: &str) {
        let mut record = self.record.borrow_mut();
        record.is_published = true;
        add(&mut record.rows, published.rows);
        add(&mut record.bytes, published.bytes);
        let totals = |changes: &RunChanges| ChangeTotals {
            added: changes.added,
            changed: changes.changed,
            removed: changes.removed,
        };
        record.changes = published.changes.as_ref().map(totals);
        outcome.clone_into(&mut record.summary);
        self.lineage.borrow_mut().note_written(&published.datasets);
    }

    /// Notes how several exports ended together.
    pub(super) fn note_all(&self, verdict: Verdict, outcome: &str) {
        let mut record = self.record.borrow_mut();
        record.verdict = Some(verdict);
        outcome.clone_into(&mut record.summary);
    }

    /// Completes the record and passes it on.
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
            "done".clone_into(&mut record.summary);
        }
        if let Some(config) = self.config.into_inner() {
            let output = self.flags.output.map(|path| path.display().to_string());
            let labels = MetricsLabels { command: record.command.clone(), job: record.job.clone(), output };
            leave(&config, &record, &labels);
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

/// Where the rows of an export go; a dataset is called by its folder.
fn shown_outputs(config: &ExportConfig) -> Vec<String> {
    let activities = config.outputs.activities.iter().map(|activities| activities.output.target.to_string());
    config.outputs.outputs.iter().map(|request| config.outputs.shown(&request.target)).chain(activities).collect()
}

/// Seconds to three places: more would be noise.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

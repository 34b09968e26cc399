//! What every export of a list has in common: from settings to published files and a report.
//!
//! [`run_export`] is called by the command of each resource. The order is what keeps promises: settings are checked and
//! every output is proven writable before the first request; files get their names only after everything was read, written
//! and synced.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use crate::api::{Account, RequestStats};
use crate::base::plural::count_of;
use crate::cli::VerbosityArgs;
use crate::config::{API_KEY_VARIABLE, ConfigError, ExportConfig, ExportFlags, RowFormat};
use crate::error::{Error, ExitCode};
use crate::export::{Exported, Outcome, ReadReport, Reading, export};
use crate::journal::{Journal, JournalSlot, JournalWriter, remove_journal};
use crate::progress::ProgressDisplay;
use crate::publish::{OutputLock, Outputs, PartitionBy, lock_target};
use crate::report::{Filters, RowCounts, RunDocument, RunFacts, TableStyle};
use crate::simulator::Simulator;
use crate::store::{Sidecar, check_writable};
use crate::time::Timestamp;
use crate::verdict::{Evidence, Verdict};

use super::publish::{Published, publish, published_before, warn_of_losses};
use super::resume::open_journal;
use super::{is_color_off, print, say, stop, table_width};

/// How often progress is drawn.
const TICK: Duration = Duration::from_millis(200);

/// What one command exports, and how it reads it.
#[derive(Debug)]
pub(super) struct ExportCommand<'a, R> {
    /// What is exported, and how it is read.
    pub(super) reading: R,
    /// Whether there is one file for each day.
    pub(super) partition: Option<PartitionBy>,
    /// What is written to stderr.
    pub(super) verbosity: &'a VerbosityArgs,
}

/// Exports all rows of a resource.
///
/// # Errors
/// When the configuration is wrong, a page cannot be fetched, or an output cannot be written.
pub(super) fn run_export<R: Reading, C: RowCounts>(
    command: &ExportCommand<'_, R>,
    flags: ExportFlags<'_>,
    filters: Filters,
) -> Result<ExitCode, Error> {
    let signals = stop::Signals::listen().map_err(Error::StartRuntime)?;
    // What is not UTF-8 is refused as a key, not taken for none.
    let variable = std::env::var_os(API_KEY_VARIABLE).map(|key| key.to_string_lossy().into_owned());
    let schema = command.reading.schema();
    let rows = RowFormat {
        schema,
        schema_version: R::SCHEMA_VERSION,
        hidden_columns: command.reading.hidden_columns(),
        unique_columns: R::UNIQUE_COLUMNS,
        partition: command.partition,
    };
    let mut config = ExportConfig::new(flags, filters, &rows, variable.as_deref())?;
    let outputs = Outputs::open(&config.outputs.outputs, &config.outputs.settings)?;
    config.published_before = published_before(&config)?;
    config.outputs.manifest.as_deref().map_or(Ok(()), check_writable)?;
    // Held until the end, as those of the outputs are.
    let mut locks = Vec::new();
    for target in config.outputs.side_files().cloned().chain(config.outputs.manifest_elsewhere()) {
        target.path().map_or(Ok(()), check_writable)?;
        locks.extend(lock_target(&target)?);
    }
    config.outputs.small_files.is_locked = outputs.are_locked() && locks.iter().all(OutputLock::is_held);
    // Kept until the end: dropping it stops the simulator.
    let simulator = config.account.simulate.clone().map(Simulator::start).transpose().map_err(Error::StartSimulator)?;
    if let Some(simulator) = &simulator {
        config.account.use_simulator(&simulator.base_url())?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::StartRuntime)?;
    let ended = runtime.block_on(read_and_publish::<R, C>(command, &config, outputs, signals));
    // A run that was stopped does not wait for an output that hangs.
    runtime.shutdown_background();
    ended
}

async fn read_and_publish<R: Reading, C: RowCounts>(
    command: &ExportCommand<'_, R>,
    config: &ExportConfig,
    outputs: Outputs,
    signals: stop::Signals,
) -> Result<ExitCode, Error> {
    let key = config.account.api_key.clone().ok_or(ConfigError::MissingKey)?;
    let (started, now) = (Instant::now(), Timestamp::now());
    let journal_key = config.journal_key(command.reading.journal_key(), &key);
    let mut journal = open_journal(config, &journal_key, now, command.verbosity.quiet)?;
    // The rows are as old as the oldest answer that is used.
    let began_at = journal.past.as_ref().map_or(now.micros(), Journal::started_at);
    let started_at = Timestamp::from_micros(began_at);
    let settings = config.pace.account_settings(config.account.base_url.clone(), key);
    let account = Account::new(settings).map_err(Error::from)?;
    let stop = stop::requested(config.max_duration, signals);
    let published = match read_all::<R, C>(command, config, &account, &mut journal, outputs, started_at, stop).await {
        Ok(None) => Ok(None),
        Ok(Some(mut exported)) => {
            exported.gathered.findings.hide_unknown_fields(|name| account.is_secret(name));
            let times = (started, started_at);
            let mut run = run_facts(&exported.read, account.stats(), times);
            // Those of a journal are as the server sent them.
            for id in [&mut run.consistency.first_request_id, &mut run.consistency.last_request_id] {
                *id = id.as_deref().and_then(|id| account.shown_request_id(id));
            }
            publish::<R, _>(config, *exported, run).map(Some)
        }
        Err(error) => Err(error),
    };
    match published {
        Ok(published) => {
            // Before anything is told: what is published must not be taken for unfinished because stdout is full.
            journal.writer.into_iter().for_each(JournalWriter::remove);
            remove_other_journals(config);
            published.map_or(Ok(ExitCode::Complete), |published| tell::<R, _>(command.verbosity, &published))
        }
        Err(error) => Err(match journal.writer.and_then(JournalWriter::keep) {
            Some(journal) => Error::Kept { error: Box::new(error), journal },
            None => error,
        }),
    }
}

/// What runs with the outputs in another order have left beside them is older than what is there now.
fn remove_other_journals(config: &ExportConfig) {
    for path in config.outputs.outputs.iter().filter_map(|request| request.target.staged_path()) {
        // Nobody needs it, whether or not it can be removed.
        remove_journal(&Sidecar::Journal.path(&path)).ok();
    }
}

/// Reads and stages everything, with progress; `None` when the reader of the only output, a pipe, has seen enough.
async fn read_all<R: Reading, C: RowCounts>(
    command: &ExportCommand<'_, R>,
    config: &ExportConfig,
    account: &Account,
    journal: &mut JournalSlot,
    outputs: Outputs,
    started_at: Timestamp,
    stop: impl Future<Output = Error>,
) -> Result<Option<Box<Exported<C>>>, Error> {
    let rate = config.pace.rate();
    // Rows on a terminal leave no room for a bar.
    let shows_rows = outputs.are_a_stream() && io::stdout().is_terminal();
    let is_silent = command.verbosity.quiet || command.verbosity.no_progress || shows_rows;
    let display = std::cell::RefCell::new(ProgressDisplay::new(is_silent, rate, R::NOUN));
    let ticking = async {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            display.borrow_mut().tick(account.stats(), account.pause_left());
        }
    };
    let observe = |progress| display.borrow_mut().observe(progress);
    let now = started_at.micros();
    let connection = (account, config.account.scope);
    let exporting = Box::pin(export(&command.reading, connection, journal, outputs, now, observe, stop));
    let outcome = tokio::select! {
        outcome = exporting => outcome,
        never = ticking => never,
    };
    display.borrow().finish();
    Ok(match outcome? {
        Outcome::Finished(exported) => Some(exported),
        Outcome::ReaderLeft => None,
    })
}

fn run_facts(read: &ReadReport, stats: RequestStats, (started, started_at): (Instant, Timestamp)) -> RunFacts {
    RunFacts {
        started_at: started_at.to_millis(),
        finished_at: Timestamp::now().to_millis(),
        elapsed_seconds: seconds(started.elapsed()),
        requests: stats.requests_sent,
        retries: stats.retries,
        rate_limited: stats.rate_limited,
        waited_seconds: seconds(stats.waited),
        pages: read.pages,
        total_count_first: read.total_first,
        total_count_last: read.total_last,
        duplicates_removed: read.duplicates,
        verdict: read.verdict,
        evidence: read.evidence.clone(),
        consistency: read.consistency.clone(),
    }
}

/// What a verdict rests on, in one line.
fn sentences(evidence: &[Evidence]) -> String {
    evidence.iter().map(|evidence| evidence.text.as_str()).collect::<Vec<_>>().join("; ")
}

/// Seconds to three places: more would be noise.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Tells what came of the run.
fn tell<R: Reading, D: RunDocument>(verbosity: &VerbosityArgs, published: &Published<D>) -> Result<ExitCode, Error> {
    print(&published.to_stdout)?;
    if verbosity.quiet {
        // Else the table begins with it.
        warn_of_losses(&published.document, &published.rejected);
    }
    for suspicion in published.document.suspicions() {
        say(&format!("warning: {suspicion}\n"));
    }
    if !verbosity.quiet {
        tell_people::<R, D>(published);
    } else if published.verdict == Verdict::Unverified {
        // Whoever asked for silence still wants to know why the exit code is 3.
        say(&format!("warning: completeness is not verified: {}\n", sentences(&published.evidence)));
    }
    Ok(published.verdict.into())
}

fn tell_people<R: Reading, D: RunDocument>(published: &Published<D>) {
    say("\n");
    say(&published.document.table(table_style()));
    for remark in published.document.remarks() {
        say(&format!("\n{remark}\n"));
    }
    let (one, many) = (R::NOUN.one, R::NOUN.many);
    let left_out = match published.items_rejected {
        0 => String::new(),
        items => {
            let is_none = (format!("item that is no {one}"), format!("items that are no {many}"));
            format!("; left out: {}", count_of(items, &is_none.0, &is_none.1))
        }
    };
    say(&format!("\n{}: {}{left_out}\n", published.verdict.name(), count_of(published.rows, one, many)));
}

fn table_style() -> TableStyle {
    let has_colors = io::stderr().is_terminal() && !is_color_off();
    TableStyle { width: table_width(&console::Term::stderr()), has_colors }
}

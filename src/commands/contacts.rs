//! `sent-export contacts`: from settings to published files and a summary.
//!
//! The order is what keeps promises: settings are checked and every output is proven writable before the first request;
//! files get their names only after everything was read, written and synced.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::api::{ApiKey, Client, RequestStats};
use crate::base::plural::count_of;
use crate::base::printable::printable;
use crate::cli::ContactsArgs;
use crate::companion::Companion;
use crate::config::{API_KEY_VARIABLE, ConfigError, ContactsConfig};
use crate::error::{Error, ExitCode};
use crate::export::{Exported, Outcome, export};
use crate::listing::journal::{Journal, JournalWriter, remove_journal};
use crate::listing::{Consistency, JournalSlot, RowNoun, Walk, WalkReport};
use crate::progress::ProgressDisplay;
use crate::report::{ConsistencyFacts, RunFacts, Summary, TableStyle, render_table};
use crate::resources::contacts::{ContactSource, column, column_name};
use crate::simulator::{self, Simulator};
use crate::sink::{OutputLock, OutputReport, Outputs, check_writable, lock_target};
use crate::verdict::{Evidence, Verdict};

use super::publish::{Published, publish, published_before, warn_of_losses};
use super::resume::open_journal;
use super::{is_color_off, print, say, stop, table_width};

/// What the rows of this export are called.
const CONTACT: RowNoun = RowNoun { one: "contact", many: "contacts" };
/// How often progress is drawn.
const TICK: Duration = Duration::from_millis(200);

/// Exports all contacts.
///
/// # Errors
/// When the configuration is wrong, a page cannot be fetched, or an output cannot be written.
pub(super) fn run(args: &ContactsArgs) -> Result<ExitCode, Error> {
    let signals = stop::Signals::listen().map_err(Error::StartRuntime)?;
    // What is not UTF-8 is refused as a key, not taken for none.
    let variable = std::env::var_os(API_KEY_VARIABLE).map(|key| key.to_string_lossy().into_owned());
    let mut config = ContactsConfig::new(args, variable.as_deref())?;
    let outputs = Outputs::open(&config.outputs, &config.output_settings)?;
    config.published_before = published_before(&config)?;
    config.manifest.as_deref().map_or(Ok(()), check_writable)?;
    // Held until the end, as those of the outputs are.
    let mut locks = Vec::new();
    for target in config.reports.iter().map(|(target, _)| target.clone()).chain(config.manifest_elsewhere()) {
        target.path().map_or(Ok(()), check_writable)?;
        locks.extend(lock_target(&target)?);
    }
    config.small_files.is_locked = outputs.are_locked() && locks.iter().all(OutputLock::is_held);
    // Kept until the end: dropping it stops the simulator.
    let simulator = config.simulate.map(start_simulator).transpose()?;
    if let Some(simulator) = &simulator {
        let address = simulator.base_url();
        config.base_url = address.parse().map_err(|_| ConfigError::BadBaseUrl(address))?;
        config.api_key = ApiKey::new(simulator::DEFAULT_API_KEY);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::StartRuntime)?;
    let ended = runtime.block_on(run_export(args, &config, outputs, signals));
    // A run that was stopped does not wait for an output that hangs.
    runtime.shutdown_background();
    ended
}

fn start_simulator(contacts: u32) -> Result<Simulator, Error> {
    let settings = simulator::Settings { contacts, ..simulator::Settings::default() };
    Simulator::start(settings).map_err(Error::StartSimulator)
}

async fn run_export(
    args: &ContactsArgs,
    config: &ContactsConfig,
    outputs: Outputs,
    signals: stop::Signals,
) -> Result<ExitCode, Error> {
    let key = config.api_key.clone().ok_or(ConfigError::MissingKey)?;
    let (started, now) = (Instant::now(), Utc::now());
    let mut journal = open_journal(config, &key, now, args.quiet)?;
    // The contacts are as old as the oldest answer that is used.
    let began_at = journal.past.as_ref().map_or(now.timestamp_micros(), Journal::started_at);
    let started_at = DateTime::from_timestamp_micros(began_at).unwrap_or(now);
    let client = Client::new(config.pace.client_settings(config.base_url.clone(), key)).map_err(Error::from)?;
    let stop = stop::requested(config.max_duration, signals);
    let published = match read_all(args, config, &client, &mut journal, outputs, started_at, stop).await {
        Ok(None) => Ok(None),
        Ok(Some(mut exported)) => {
            exported.gathered.findings.hide_unknown_fields(|name| client.is_secret(name));
            let mut run = run_facts(config, &exported.walk, client.stats(), (started, started_at));
            // Those of a journal are as the server sent them.
            for id in [&mut run.consistency.first_request_id, &mut run.consistency.last_request_id] {
                *id = id.as_deref().and_then(|id| client.shown_request_id(id));
            }
            publish(config, exported, run).map(Some)
        }
        Err(error) => Err(error),
    };
    match published {
        Ok(published) => {
            // Before anything is told: what is published must not be taken for unfinished because stdout is full.
            journal.writer.into_iter().for_each(JournalWriter::remove);
            remove_other_journals(config);
            published.map_or(Ok(ExitCode::Complete), |published| tell(args, &published))
        }
        Err(error) => Err(match journal.writer.and_then(JournalWriter::keep) {
            Some(journal) => Error::Kept { error: Box::new(error), journal },
            None => error,
        }),
    }
}

/// What runs with the outputs in another order have left beside them is older than what is there now.
fn remove_other_journals(config: &ContactsConfig) {
    for path in config.outputs.iter().filter_map(|request| request.target.staged_path()) {
        // Nobody needs it, whether or not it can be removed.
        remove_journal(&Companion::Journal.path(&path)).ok();
    }
}

/// Reads and stages everything, with progress; `None` when the reader of the only output, a pipe, has seen enough.
async fn read_all(
    args: &ContactsArgs,
    config: &ContactsConfig,
    client: &Client,
    journal: &mut JournalSlot,
    outputs: Outputs,
    started_at: DateTime<Utc>,
    stop: impl Future<Output = Error>,
) -> Result<Option<Box<Exported>>, Error> {
    let rate = config.pace.rate();
    // Rows on a terminal leave no room for a bar.
    let shows_rows = outputs.are_a_stream() && io::stdout().is_terminal();
    let is_silent = args.quiet || args.no_progress || shows_rows;
    let display = std::cell::RefCell::new(ProgressDisplay::new(is_silent, rate));
    let ticking = async {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            display.borrow_mut().tick(client.stats(), client.pause_left());
        }
    };
    let observe = |progress| display.borrow_mut().observe(progress);
    let now = started_at.timestamp_micros();
    let source = ContactSource { client, query: &config.query };
    let exporting = Box::pin(export(&source, &config.read, journal, outputs, now, observe, stop));
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

fn run_facts(
    config: &ContactsConfig,
    walk: &Walk,
    stats: RequestStats,
    (started, started_at): (Instant, DateTime<Utc>),
) -> RunFacts {
    let (verdict, evidence) = walk.verdict(CONTACT);
    let report = walk.report();
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
    RunFacts {
        started_at: time(started_at),
        finished_at: time(Utc::now()),
        elapsed_seconds: seconds(started.elapsed()),
        requests: stats.requests_sent,
        retries: stats.retries,
        rate_limited: stats.rate_limited,
        waited_seconds: seconds(stats.waited),
        pages: report.pages,
        total_count_first: report.total_first,
        total_count_last: report.total_last,
        duplicates_removed: report.duplicates,
        verdict,
        evidence,
        consistency: consistency_facts(config.read.consistency, report),
    }
}

fn consistency_facts(mode: Consistency, report: &WalkReport) -> ConsistencyFacts {
    let [first_request_id, last_request_id] = report.request_ids.clone();
    ConsistencyFacts {
        mode: mode.name(),
        total_count_min: report.total_min,
        total_count_max: report.total_max,
        changes_seen: report.changes,
        created_during_run: report.created,
        updated_during_run: report.updated,
        deleted_during_run_at_least: report.deleted_at_least(),
        boundaries_verified: report.boundaries,
        boundaries_searched: report.searches,
        rescans: report.rescans,
        missing_rows: report.missing.iter().map(|range| [*range.start(), *range.end()]).collect(),
        pages_resumed: report.pages_resumed,
        last_request_id: last_request_id.or_else(|| first_request_id.clone()),
        first_request_id,
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
fn tell(args: &ContactsArgs, published: &Published) -> Result<ExitCode, Error> {
    print(&published.to_stdout)?;
    if args.quiet {
        // Else the table begins with it.
        warn_of_losses(&published.summary);
    }
    if let Some(names) = fields_instead_of_numbers(&published.summary) {
        say(&format!("warning: no contact has a phone_number, and these fields are not documented: {names}\n"));
    }
    if !args.quiet {
        tell_people(&published.summary, published.items_rejected);
    } else if let Some(run) = published.summary.run.as_ref().filter(|run| run.verdict == Verdict::Unverified) {
        // Whoever asked for silence still wants to know why the exit code is 3.
        say(&format!("warning: completeness is not verified: {}\n", sentences(&run.evidence)));
    }
    Ok(published.verdict.into())
}

/// Undocumented fields, when there are contacts and none has a number: the API may have given its fields other names.
fn fields_instead_of_numbers(summary: &Summary) -> Option<String> {
    const MAX_NAMES: usize = 20;
    let missing = summary.quality.missing.get(column_name(column::PHONE_NUMBER)).copied().unwrap_or_default();
    let names: Vec<String> = summary.unknown_fields.keys().take(MAX_NAMES).map(|name| printable(name)).collect();
    (missing == summary.contacts && missing > 0 && !names.is_empty()).then(|| names.join(", "))
}

fn tell_people(summary: &Summary, items_rejected: u64) {
    say("\n");
    say(&render_table(summary, table_style()));
    if summary.filters.phone && summary.contacts == 0 {
        say("\nNo contact has the number of --phone: the outputs have no rows.\n");
    }
    let contacts = summary.outputs.first().map_or(0, |OutputReport { rows, .. }| *rows);
    let left_out = match items_rejected {
        0 => String::new(),
        items => format!("; left out: {}", count_of(items, "item that is no contact", "items that are no contacts")),
    };
    if let Some(run) = &summary.run {
        say(&format!("\n{}: {}{left_out}\n", run.verdict.name(), count_of(contacts, "contact", "contacts")));
    }
}

fn table_style() -> TableStyle {
    let has_colors = io::stderr().is_terminal() && !is_color_off();
    TableStyle { width: table_width(&console::Term::stderr()), has_colors }
}

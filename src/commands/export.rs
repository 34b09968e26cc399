//! Runs an export, from the settings to published files and a report.
//!
//! The command of each resource calls [`run_export`]. The order matters: settings are checked and every output is verified
//! to be writable before the first request, and files are renamed only after everything was read, written and synced.

use std::io::{self, IsTerminal};
use std::pin::{Pin, pin};
use std::slice::from_ref;
use std::time::{Duration, Instant};

use crate::api::{Account, RequestStats};
use crate::base::noun::RowNoun;
use crate::base::plural::{count_of, grouped};
use crate::cli::VerbosityArgs;
use crate::config::{ActivitiesConfig, ConfigError, ExportConfig, ExportFlags, RowFormat};
use crate::error::{Error, ExitCode};
use crate::export::{Estimating, Exported, NewRows, ReadReport, Reading};
use crate::journal::{Engage, Journal, JournalSlot, JournalWriter, remove_journal};
use crate::publish::{OutputLock, Outputs, lock_target, remove_leftovers};
use crate::report::{DeliverySummary, Filters, RowCounts, RunChanges, RunDocument, RunFacts, TableStyle};
use crate::store::{SeenObject, Sidecar, check_writable};
use crate::time::Timestamp;
use crate::verdict::{Evidence, EvidenceCode, Verdict};

use super::account::key_environment;
use super::estimate::plan_export;
use super::export_command::{ExportCommand, Intent, is_only_checked, with_account};
use super::interrupted::{look_for_record, remove_record, warn_of_lost_changes};
use super::kept_changes::KeptChanges;
use super::monitor::RunMonitor;
use super::printer::{note, show, warn_event, warn_text};
use super::publish::{
    PublishedExport, may_be_published, publish, published_before, remove_older_exports, warn_of_losses,
};
use super::read::read_all;
use super::replaced::{check_dataset, check_stale};
use super::resume::open_journal;
use super::with_activities::{ActivitiesPhase, read_activities};
use super::with_changes::{Compared, Comparing, Confirming, compare, prepare};
use super::{is_color_off, job, print, stop, table_width};

/// Exports all rows of a resource, or estimates the cost.
///
/// # Errors
/// When the configuration is wrong, a page cannot be fetched, or an output cannot be written.
pub(super) fn run_export<R: Estimating, C: RowCounts>(
    command: &ExportCommand<R>,
    intent: Intent<'_>,
    flags: ExportFlags<'_>,
    filters: Filters,
) -> Result<ExitCode, Error> {
    let signals = job::signals().map_err(Error::StartRuntime)?;
    let verbosity = &flags.run.verbosity;
    let schema = command.reading.schema();
    let rows = RowFormat {
        name: R::NOUN.many,
        schema,
        schema_version: R::SCHEMA_VERSION,
        hidden_columns: command.reading.hidden_columns(),
        unique_columns: R::UNIQUE_COLUMNS,
        partition: command.partition.clone(),
    };
    let mut config = ExportConfig::new(flags, filters, &rows, &key_environment())?;
    if is_only_checked(&config, intent) {
        return Ok(ExitCode::Complete);
    }
    let monitor = match intent {
        Intent::Plan => return plan_export(command, &mut config),
        Intent::Run(monitor) => monitor,
    };
    monitor.begin(Some(&config))?;
    let opened = open::<R>(&mut config, verbosity)?;
    let watch = (verbosity, monitor);
    let published = with_account(&mut config, |config, account, runtime| {
        runtime.block_on(async {
            let mut stop = pin!(stop::requested(config.max_duration, signals));
            let run = read_and_publish::<R, C>(command, watch, (config, account), opened, stop.as_mut());
            Box::pin(run).await
        })
    })?;
    published.map_or(Ok(ExitCode::Complete), |published| report_result::<R, _>(&config, watch, published))
}

/// Everything that is opened before the first request.
pub(super) struct Opened {
    outputs: Outputs,
    activities: Option<Outputs>,
    comparing: Option<(Comparing, NewRows)>,
    /// The requests that the account had sent for other exports.
    pub(super) stats_before: RequestStats,
    /// Locks that are held until the end, like those of the outputs.
    _locks: Vec<OutputLock>,
}

/// Opens and locks everything that is written, and examines the previous export.
///
/// # Errors
/// When something cannot be written, or the previous export cannot be continued.
pub(super) fn open<R: Reading>(config: &mut ExportConfig, verbosity: &VerbosityArgs) -> Result<Opened, Error> {
    let outputs = Outputs::open(&config.outputs.outputs, &config.outputs.settings)?;
    config.outputs.locks_of_others.iter().for_each(remove_leftovers);
    let activities = config.outputs.activities.as_ref();
    let open = |activities: &ActivitiesConfig| Outputs::open(from_ref(&activities.output), &activities.settings);
    let activities = activities.map(open).transpose()?;
    look_for_record(config, R::NAME)?;
    config.published_before = published_before(config, R::NAME)?;
    check_dataset(config)?;
    check_stale(config)?;
    let files = config.outputs.small_files;
    if let Some(manifest) = &config.outputs.manifest {
        check_writable(manifest, files)?;
        config.seen_manifest = SeenObject::look(manifest)?;
    }
    let mut locks = Vec::new();
    for target in config.outputs.side_files().cloned().chain(config.outputs.manifest_elsewhere()) {
        check_writable(&target, files)?;
        locks.extend(lock_target(&target, files)?);
    }
    let comparing = prepare(config, R::NAME, verbosity)?;
    config.outputs.small_files.is_locked = outputs.are_locked() && locks.iter().all(OutputLock::is_held);
    let stats_before = RequestStats::default();
    Ok(Opened { outputs, activities, comparing, stats_before, _locks: locks })
}

/// Reads everything and publishes it; `None` if the reader of the only output, a pipe, closed it.
///
/// # Errors
/// When a page cannot be fetched, an output cannot be written, or `stop` completes.
pub(super) async fn read_and_publish<R: Reading, C: RowCounts>(
    command: &ExportCommand<R>,
    (verbosity, monitor): (&VerbosityArgs, &RunMonitor<'_>),
    (config, account): (&ExportConfig, &Account),
    opened: Opened,
    mut stop: Pin<&mut impl Future<Output = Error>>,
) -> Result<Option<PublishedExport<C::Document>>, Error> {
    let key = config.account.api_key.clone().ok_or(ConfigError::MissingKey)?;
    let (started, now) = (Instant::now(), Timestamp::now());
    let Opened { outputs, activities, comparing, stats_before, _locks } = opened;
    let journal_key = config.journal_key(command.reading.journal_key(), &key);
    // After a failed gate, the next run resumes from the journal, however short this run was. The same holds after an
    // interruption while reading activities: the saved activities belong to the messages of this list. After one while
    // publishing, changes can be kept only by a run with the same responses.
    let is_kept = config.gate.is_set() || activities.is_some() || config.outputs.changes.is_some();
    let engage = if is_kept { Engage::AtOnce } else { Engage::WhenItLasts };
    let own_journals = command.reading.began_at();
    let mut journal = match own_journals {
        Some(_) => JournalSlot::default(),
        None => open_journal(&config.resume, &journal_key, (now, engage), verbosity.quiet)?,
    };
    // The rows are as old as the oldest response that is used.
    let began_at = journal.past.as_ref().map(Journal::started_at).or(own_journals).unwrap_or(now.micros());
    let started_at = Timestamp::from_micros(began_at);
    let reading = (&command.reading, verbosity);
    let (comparing, new_rows) = comparing.unzip();
    let outputs = (outputs, new_rows);
    let mut read = read_all::<R, C>(reading, config, account, &mut journal, outputs, started_at, stop.as_mut()).await;
    let mut of_activities = JournalSlot::default();
    let mut staged_activities = None;
    if let (Ok(Some(exported)), Some(outputs), Some(settings)) = (&mut read, activities, command.activities) {
        let phase = ActivitiesPhase { config, account, key: &key, verbosity, settings, now };
        match read_activities(&phase, exported, outputs, &mut of_activities, stop.as_mut()).await {
            Ok(activities) => staged_activities = Some(activities),
            Err(error) => read = Err(error),
        }
    }
    let mut of_removed = JournalSlot::default();
    let mut changes = None;
    if let (Ok(Some(exported)), Some(comparing)) = (&mut read, comparing)
        // No request is sent for an export that will not be published because of a gate.
        && may_be_published::<R, _>(config, exported)
    {
        let confirming = Confirming { account, key: &key, verbosity, journal: &mut of_removed, now };
        match keep_or_compare::<R, _>(comparing, exported, config, confirming, stop.as_mut(), began_at).await {
            Ok(found) => changes = Some(found),
            Err(error) => read = Err(error),
        }
        if let Some(writer) = &mut journal.writer {
            writer.save();
        }
    }
    monitor.note_requests(account.stats());
    let published = match read {
        Ok(None) => Ok(None),
        Ok(Some(mut exported)) => {
            monitor.note_read(&exported.read);
            exported.gathered.findings.hide_unknown_fields(|name| account.is_secret(name));
            let times = (started, started_at);
            let mut run = run_facts(&exported.read, account.stats().since(&stats_before), times);
            run.rows_left_out = exported.gathered.rows_left_out;
            if let Some(tally) = &exported.gathered.profiles {
                tally.add_to(&mut run.profiles);
            }
            // Request ids from a journal are as the server sent them, so they are redacted here.
            for id in [&mut run.consistency.first_request_id, &mut run.consistency.last_request_id] {
                *id = id.as_deref().and_then(|id| account.shown_request_id(id));
            }
            publish::<R, _>(config, *exported, (staged_activities, changes), run).map(Some)
        }
        Err(error) => Err(error),
    };
    match published {
        Ok(published) => {
            // Removed before anything is printed: if stdout is full, a published export must not look unfinished.
            let writers = [journal.writer, of_activities.writer, of_removed.writer];
            writers.into_iter().flatten().for_each(JournalWriter::remove);
            remove_other_journals(config);
            // A run with a journal for each profile removes the record after those.
            if published.is_some() && own_journals.is_none() {
                remove_record(config);
                remove_older_exports(config, R::NAME);
            }
            Ok(published)
        }
        Err(error) => {
            let slots = [journal, of_activities, of_removed];
            let [list, activities, removed] = slots.map(|slot| slot.writer.and_then(JournalWriter::keep));
            Err(match list.or(activities).or(removed) {
                Some(journal) => Error::Kept { error: Box::new(error), journal },
                None => error,
            })
        }
    }
}

/// Compares the rows with the export that they replace, unless a run that this one resumes has published the changes.
async fn keep_or_compare<R: Reading, C>(
    comparing: Comparing,
    exported: &mut Exported<C>,
    config: &ExportConfig,
    confirming: Confirming<'_>,
    stop: Pin<&mut impl Future<Output = Error>>,
    began_at: i64,
) -> Result<Compared, Error> {
    let confirms = config.outputs.changes.as_ref().is_some_and(|changes| changes.confirms_removed);
    if let Some(kept) = KeptChanges::find(config, began_at, exported.gathered.staged.reports())? {
        if confirms {
            (exported.read.verdict, exported.read.evidence) = kept.judged.clone();
        }
        return Ok(comparing.keep(kept));
    }
    warn_of_lost_changes(config, R::NAME)?;
    compare(comparing, exported, config, confirms.then_some(confirming), stop, began_at).await
}

/// Removes journals of runs with the outputs in another order, and that of removals if they were not looked up again. They
/// are older than the published export.
fn remove_other_journals(config: &ExportConfig) {
    let activities = config.outputs.activities.iter().map(|activities| &activities.output);
    let outputs = config.outputs.outputs.iter().chain(activities).filter_map(|request| request.target.state_path());
    let journals = outputs.map(|path| Sidecar::Journal.path(&path));
    for path in journals.chain(config.resume_removed.journal.clone()) {
        // A failure does not matter, because the journal is not used anymore.
        remove_journal(&path).ok();
    }
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
        rows_left_out: None,
        changes: None,
        verdict: read.verdict,
        evidence: read.evidence.clone(),
        consistency: read.consistency.clone(),
        profiles: read.profiles.clone(),
    }
}

/// The evidence for a verdict on one line.
pub(super) fn sentences(evidence: &[Evidence]) -> String {
    evidence.iter().map(|evidence| evidence.text.as_str()).collect::<Vec<_>>().join("; ")
}

/// Rounds to milliseconds.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Reports the result of the run.
///
/// # Errors
/// When stdout cannot be written, or files of an earlier export could not be removed.
pub(super) fn report_result<R: Reading, D: RunDocument>(
    config: &ExportConfig,
    (verbosity, monitor): (&VerbosityArgs, &RunMonitor<'_>),
    mut published: PublishedExport<D>,
) -> Result<ExitCode, Error> {
    let left_behind = published.left_behind.take();
    let published = &published;
    let outcome = outcome::<R, D>(published);
    let in_one_line = outcome.replace('\n', "; ");
    monitor.note_published(published, &in_one_line);
    print(&published.to_stdout)?;
    job::note_outcome(&in_one_line);
    let shows_table = monitor.shows_table();
    if !shows_table {
        // A table that is shown starts with these warnings.
        warn_of_losses(&published.document, &published.rejected);
    }
    for suspicion in published.document.suspicions() {
        warn_text(&suspicion);
    }
    if shows_table {
        show("\n");
        show(&published.document.table(table_style()));
    } else if published.verdict == Verdict::Unverified {
        // The reason for exit code 3 is printed even with --quiet.
        let evidence = sentences(&published.evidence);
        warn_event("unverified", &format!("completeness is not verified: {evidence}"));
    }
    if !verbosity.quiet {
        let blank = if shows_table { "\n" } else { "" };
        let mut remarks = published.document.remarks();
        remarks.extend(published.activities.iter().flat_map(DeliverySummary::activities_in_short));
        for remark in remarks {
            note("remark", &format!("{blank}{remark}"));
        }
        show(&format!("{blank}{outcome}\n"));
    }
    if let Some(error) = left_behind {
        return Err(error.into());
    }
    let unchanged = config.outputs.changes.as_ref().and_then(|changes| changes.exit_code_unchanged);
    Ok(exit_code(published, unchanged))
}

/// The exit code of an export that is published; `unchanged` is the one for "nothing has changed".
pub(super) fn exit_code<D>(published: &PublishedExport<D>, unchanged: Option<u8>) -> ExitCode {
    let is_unchanged = published.changes.as_ref().is_some_and(RunChanges::are_none);
    match ExitCode::from(published.verdict) {
        ExitCode::Complete if is_unchanged => unchanged.map_or(ExitCode::Complete, ExitCode::Unchanged),
        code => code,
    }
}

/// The verdict and the number of rows on one line, and the changes on another.
pub(super) fn outcome<R: Reading, D>(published: &PublishedExport<D>) -> String {
    let (one, many) = (R::NOUN.one, R::NOUN.many);
    let left_out = match published.items_rejected {
        0 => String::new(),
        items => {
            let what = [format!("item that is not {}", R::NOUN.with_article()), format!("items that are not {many}")];
            format!("; left out: {}", count_of(items, &what[0], &what[1]))
        }
    };
    let changes = published.changes.as_ref().map(|changes| format!("\n{}", changes_line(changes, R::NOUN)));
    let rows = count_of(published.rows, one, many);
    let not_found = published.evidence.iter().find(|evidence| evidence.code == EvidenceCode::IdsNotFound);
    let not_found = not_found.and_then(|evidence| evidence.count);
    let not_found = not_found.map(|count| format!("; not found: {}", count_of(count, "id", "ids"))).unwrap_or_default();
    format!("{}: {rows}{left_out}{not_found}{}", published.verdict.name(), changes.unwrap_or_default())
}

/// The changes on one line.
fn changes_line(changes: &RunChanges, noun: RowNoun) -> String {
    if changes.is_first {
        return format!("first export: every {} is new", noun.one);
    }
    let since = changes.since.as_ref().map_or_else(|| "the last export".to_owned(), Clone::clone);
    let mut counts = vec![(changes.added, "added"), (changes.changed, "changed"), (changes.removed, "removed")];
    let others = [(changes.missing, "missing"), (changes.opted_out, "opted out"), (changes.opted_in, "opted in")];
    counts.extend(others.into_iter().filter(|(count, _)| *count > 0));
    let counts: Vec<String> = counts.iter().map(|&(count, what)| format!("{} {what}", grouped(count))).collect();
    format!("changes since {since}: {}", counts.join(", "))
}

/// How tables are printed to stderr.
pub(super) fn table_style() -> TableStyle {
    let has_colors = io::stderr().is_terminal() && !is_color_off();
    TableStyle { width: table_width(&console::Term::stderr()), has_colors }
}

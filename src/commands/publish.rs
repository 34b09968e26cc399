//! The end of an export: gates, then all files at once, the manifest last.
//!
//! ```text
//!  record ─► old manifests are removed ─► history ─► changes ─► activities ─► outputs ─► reports ─► manifest
//! ```
//!
//! All files are complete on disk before the first one is renamed, and everything that could prevent a rename was checked
//! before the first request. A run can still be stopped in between. The record tells the next run what was there and what
//! was to come, until the journal is removed, too. If any output is replaced, the changes since the last export are in place.
//!
//! *Easy to get wrong:* a manifest must never be beside files that it does not describe. So the manifests of the previous
//! run are removed first, wherever they are, even if this run writes none.

use std::path::Path;

use serde::de::IgnoredAny;

use crate::api::endpoints;
use crate::base::noun::RowNoun;
use crate::base::plural::count_of;
use crate::config::{ConfigError, ExportConfig, OutputsConfig};
use crate::error::Error;
use crate::export::{Exported, Gathered, Reading};
use crate::publish::{
    Candidate, GateFailure, MANIFEST_SCHEMA_VERSION, Manifest, OutputError, OutputReport, StagedOutputs, newest_rows,
    placeholder, read_manifest, remove_older,
};
use crate::report::{
    ActivityCounts, ConsistencyFacts, DeliverySummary, ExportFacts, Filters, Notice, NoticeCode, ProfileFacts,
    RowCounts, RunChanges, RunDocument, RunFacts, Table,
};
use crate::store::{OutputTarget, SmallFile, StoreError, remove_small_file, stage_small_file};
use crate::telemetry::LineageDataset;
use crate::verdict::{Evidence, Verdict};

use super::datasets::written;
use super::interrupted::{record, rows_before};
use super::printer::{warn, warn_text};
use super::replaced::{carried_over, files_of_dataset, old_manifests, remove_stale_files, seen_from, stale_files};
use super::with_changes::Compared;

/// A published export.
pub(super) struct PublishedExport<D> {
    /// Its report.
    pub(super) document: D,
    /// The report of the activities, if they were read in the same run.
    pub(super) activities: Option<DeliverySummary>,
    /// The report's text for stdout.
    pub(super) to_stdout: String,
    /// What changed since the replaced export, if they were compared.
    pub(super) changes: Option<RunChanges>,
    /// Rows in every output.
    pub(super) rows: u64,
    /// Facts about each profile, if several were read.
    pub(super) profiles: Vec<ProfileFacts>,
    /// Size of all files with rows.
    pub(super) bytes: u64,
    /// The outputs that were written, for lineage.
    pub(super) datasets: Vec<LineageDataset>,
    pub(super) items_rejected: u64,
    /// Rejected items by reason, as far as they were described.
    pub(super) rejected: Table,
    pub(super) verdict: Verdict,
    pub(super) evidence: Vec<Evidence>,
    /// Files of earlier exports that could not be removed.
    pub(super) left_behind: Option<OutputError>,
}

/// The number of rows in the published export, if a gate needs it.
///
/// # Errors
/// When its manifest exists but cannot be read.
pub(super) fn published_before(config: &ExportConfig, resource: &str) -> Result<Option<u64>, ConfigError> {
    let Some(wanted) = config.outputs.manifest.as_ref().filter(|_| config.gate.max_shrink.is_some()) else {
        return Ok(None);
    };
    for target in config.outputs.manifest.iter().chain(&config.outputs.manifests_beside) {
        match read_manifest::<IgnoredAny>(target) {
            Ok(Some(manifest)) => return Ok(Some(manifest.rows)),
            Ok(None) => {}
            Err(source) => return Err(ConfigError::ReadManifest { path: target.to_string(), source }),
        }
    }
    if let Some(rows) = rows_before(config) {
        return Ok(Some(rows));
    }
    if let Some(siblings) = &config.outputs.siblings {
        let rows = newest_rows(siblings, resource);
        let rows = rows.map_err(|source| ConfigError::ReadManifest { path: wanted.to_string(), source })?;
        if rows.is_some() {
            return Ok(rows);
        }
    }
    if config.outputs.outputs.iter().any(|request| request.target.path().is_some_and(Path::exists)) {
        // Printed even with --quiet: the gate that was asked for is not applied.
        warn_text(&format!("--max-shrink has nothing to compare with: {wanted} does not exist"));
    }
    Ok(None)
}

/// Publishes the files if the gates pass; the manifest comes last. All files are complete on disk before the first one is
/// renamed.
///
/// # Errors
/// When a gate fails, or a file cannot be written.
pub(super) fn publish<R: Reading, C: RowCounts>(
    config: &ExportConfig,
    exported: Exported<C>,
    (activities, mut compared): (Option<Exported<ActivityCounts>>, Option<Compared>),
    mut run: RunFacts,
) -> Result<PublishedExport<C::Document>, Error> {
    let carried = carried_over(config, exported.gathered.staged.reports());
    let gate = check_gate::<R, C>(config, &exported, &carried);
    let Gathered { counts, findings, staged, .. } = exported.gathered;
    let rows = staged.rows() + carried.iter().map(|report| report.rows).sum::<u64>();
    let items_rejected = exported.read.rejected;
    let staged_changes = compared.as_mut().and_then(|compared| compared.staged.take());
    let history = compared.as_mut().and_then(|compared| compared.history.take());
    let kept = compared.as_ref().map(|compared| &compared.kept).into_iter().flatten();
    let kept_history = compared.as_ref().and_then(|compared| compared.kept_history.as_ref());
    let changes = compared.as_ref().map(|compared| compared.changes.clone());
    run.changes.clone_from(&changes);
    let (activities, staged_activities) = activities.map(|read| summarize(config, read, &run)).unzip();
    let with_rows = [Some(&staged), staged_activities.as_ref(), staged_changes.as_ref()];
    let reports = with_rows.into_iter().flatten().flat_map(StagedOutputs::reports);
    let outputs = reports.chain(kept).cloned().collect();
    let (title, api) = (config.outputs.title.clone(), config.account.name().to_owned());
    let facts = ExportFacts { title, api, filters: config.filters.clone(), outputs, run, findings };
    let document = counts.into_document(facts.clone());
    let ExportFacts { outputs, run, findings, .. } = facts;
    if let Err(failure) = gate {
        warn_of_losses(&document, &findings.rejected);
        return Err(Error::Gate { failure, verdict: run.verdict, evidence: run.evidence });
    }
    let bytes = outputs.iter().map(|output| output.bytes).sum();
    let in_history = history.iter().flat_map(|(staged, _)| staged.reports()).chain(kept_history);
    let in_history: Vec<OutputReport> = in_history.cloned().collect();
    let datasets = written(&config.outputs, R::NAME, &[&*outputs, &*in_history].concat());
    let files = &config.outputs;
    let mut texts: Vec<(&OutputTarget, String)> = Vec::new();
    // A command without a report has no flag for one.
    if let Some(report) = document.report() {
        texts.extend(files.reports.iter().map(|(target, form)| (target, report.render(*form))));
    }
    if let Some(target) = &files.missing {
        texts.push((target, exported.read.not_found.iter().fold(String::new(), |text, id| text + id + "\n")));
    }
    let mut small_files = Vec::new();
    let mut to_stdout = String::new();
    for (target, text) in texts {
        match target {
            OutputTarget::Stdout => to_stdout += &text,
            target => small_files.push(stage_small_file(target, text.as_bytes(), files.small_files)?),
        }
    }
    let stale = stale_files(config, &outputs);
    let listed = files.manifest.as_ref().map(|target| Listed::by(target, files, (&outputs, carried), &in_history));
    let manifest = listed.as_ref().map(|listed| manifest::<R>(config, &run, (rows, items_rejected), listed));
    let mut next = None;
    if let (Some(target), Some(manifest)) = (&files.manifest, &manifest) {
        small_files.push(manifest.stage(target, files.small_files)?);
        next = Some((target, manifest.to_value()));
    }
    let in_dataset = files_of_dataset(config, &outputs, &stale);
    record(config, next, R::NAME)?;
    withdraw_old_manifests(config, &run, small_files.last_mut().filter(|_| files.manifest.is_some()), in_dataset)?;
    // Locked until the manifest is written. If the history's file is published and the manifest is not, the next run
    // detects it.
    let (of_history, _history_lock) = history.unzip();
    let _history = of_history.map(StagedOutputs::publish).transpose()?;
    // Before the rows: if the run is stopped when they are replaced, nothing is left to compare with.
    let _changes = staged_changes.map(StagedOutputs::publish).transpose()?;
    let _activities = staged_activities.map(StagedOutputs::publish).transpose()?;
    let _published = staged.publish()?;
    let left = remove_stale_files(&stale, files.settings.partition.is_some());
    if let (Some(target), Some(manifest), Some(file)) = (&files.manifest, manifest, small_files.last_mut())
        && !left.is_empty()
    {
        let stale: Vec<String> = left.iter().map(|(stale, _)| stale.seen_from(target)).collect();
        file.rewrite(Manifest { stale: &stale, ..manifest }.to_json())?;
    }
    for file in small_files {
        file.publish()?;
    }
    let left_behind = left_behind(left);
    let RunFacts { verdict, evidence, profiles, .. } = run;
    let rejected = findings.rejected;
    Ok(PublishedExport {
        document,
        activities,
        to_stdout,
        changes,
        rows,
        profiles,
        bytes,
        datasets,
        items_rejected,
        rejected,
        verdict,
        evidence,
        left_behind,
    })
}

/// The error about files of earlier exports that could not be removed.
fn left_behind(left: Vec<(&OutputTarget, StoreError)>) -> Option<OutputError> {
    let more = left.len().saturating_sub(1) as u64;
    let (first, source) = left.into_iter().next()?;
    Some(OutputError::LeftBehind { path: first.to_string(), more, source })
}

/// Removes older exports according to `--keep`. A failure here does not affect the published export. A run that is stopped
/// here must not be repeated, because the export with which it compared its rows may be gone: so this comes last.
pub(super) fn remove_older_exports(config: &ExportConfig, resource: &str) {
    let (Some(siblings), Some(keep)) = (&config.outputs.siblings, config.outputs.keep) else { return };
    match remove_older(siblings, resource, keep) {
        Ok(0) => {}
        Ok(removed) => {
            tracing::info!("removed {} (--keep {keep})", count_of(removed as u64, "older export", "older exports"));
        }
        Err(error) => tracing::warn!("cannot list older exports to remove (--keep {keep}): {error}"),
    }
}

/// Writes the report of the activities, and their file.
fn summarize(
    config: &ExportConfig,
    read: Exported<ActivityCounts>,
    run: &RunFacts,
) -> (DeliverySummary, StagedOutputs) {
    let Gathered { counts, findings, staged, .. } = read.gathered;
    let (filters, outputs) = (config.filters.clone(), staged.reports().to_vec());
    let (title, api) = (config.outputs.title.clone(), config.account.name().to_owned());
    (counts.into_document(ExportFacts { title, api, filters, outputs, run: run.clone(), findings }), staged)
}

/// Whether an export may be published, as far as this is known before the comparison.
pub(super) fn may_be_published<R: Reading, C>(config: &ExportConfig, exported: &Exported<C>) -> bool {
    let carried = carried_over(config, exported.gathered.staged.reports());
    check_gate::<R, C>(config, exported, &carried).is_ok()
}

/// Checks the gates, including files that the export would carry over.
///
/// # Errors
/// With the first gate that fails.
fn check_gate<R: Reading, C>(
    config: &ExportConfig,
    exported: &Exported<C>,
    carried: &[OutputReport],
) -> Result<(), GateFailure> {
    let Exported { read, gathered } = exported;
    let worst = gathered.findings.malformed_fields.iter().max_by_key(|&(_, &values)| values);
    config.gate.check(&Candidate {
        noun: R::NOUN,
        rows: gathered.staged.rows() + carried.iter().map(|report| report.rows).sum::<u64>(),
        verdict: read.verdict,
        before: config.published_before,
        rows_left_out: gathered.rows_left_out.unwrap_or(0),
        items_rejected: read.rejected,
        most_malformed: worst.map(|(column, &values)| (column.as_str(), values)),
    })
}

/// Removes the old manifests, which would not describe the new files.
fn withdraw_old_manifests(
    config: &ExportConfig,
    run: &RunFacts,
    new: Option<&mut SmallFile>,
    in_dataset: Vec<String>,
) -> Result<(), Error> {
    // First, because nothing is replaced yet if one of them cannot be removed.
    for target in old_manifests(config) {
        remove_small_file(&target).map_err(OutputError::from)?;
    }
    if let Some(new) = new {
        let is_dataset = !in_dataset.is_empty();
        let placeholder = placeholder(&run.started_at, in_dataset);
        new.withdraw_old((&placeholder, is_dataset), config.seen_manifest.as_ref())?;
    }
    Ok(())
}

/// The files in a manifest, with paths relative to it.
struct Listed {
    outputs: Vec<OutputReport>,
    history: Option<OutputReport>,
}

impl Listed {
    fn by(
        manifest: &OutputTarget,
        files: &OutputsConfig,
        (written, carried): (&[OutputReport], Vec<OutputReport>),
        in_history: &[OutputReport],
    ) -> Self {
        let mut outputs = seen_from(manifest, files, written);
        outputs.extend(carried);
        if files.settings.partition.is_some() {
            let place = |report: &OutputReport| (report.resource.is_some(), report.path.clone());
            outputs.sort_by_key(place);
        }
        Self { outputs, history: seen_from(manifest, files, in_history).into_iter().next() }
    }
}

fn manifest<'a, R: Reading>(
    config: &'a ExportConfig,
    run: &'a RunFacts,
    (rows, items_rejected): (u64, u64),
    listed: &'a Listed,
) -> Manifest<'a, Filters, ConsistencyFacts, RunChanges, ProfileFacts> {
    Manifest {
        schema_version: MANIFEST_SCHEMA_VERSION,
        tool_version: env!("CARGO_PKG_VERSION"),
        resource: R::NAME,
        run_id: &config.outputs.run_id,
        started_at: &run.started_at,
        finished_at: &run.finished_at,
        api: config.account.name(),
        filters: &config.filters,
        privacy: &config.outputs.privacy,
        rows,
        contacts: (R::NAME == endpoints::CONTACTS.name).then_some(rows),
        rows_left_out: run.rows_left_out,
        items_rejected,
        verdict: run.verdict.name(),
        evidence: &run.evidence,
        consistency: &run.consistency,
        profiles: &run.profiles,
        changes: run.changes.as_ref(),
        history: listed.history.as_ref(),
        stale: &[],
        outputs: &listed.outputs,
    }
}

/// Warns about items of the list that are not in the outputs, values that were written as null, and rows that were not
/// requested, when no table shows them. `rejected` has the rejected items by reason.
pub(super) fn warn_of_losses(document: &impl RunDocument, rejected: &Table) {
    for mut notice in document.notices() {
        match notice.code {
            NoticeCode::ItemsLeftOut => notice.text = with_reasons(&notice.text, rejected),
            NoticeCode::UnreadableColumns | NoticeCode::IgnoredFilter => {}
            _ => continue,
        }
        warn(&notice);
    }
}

/// Warns that items of answers could not be rows.
pub(super) fn warn_of_rejected(rejected: &Table, noun: RowNoun) {
    if let Some(mut notice) = Notice::items_left_out(rejected.values().sum(), noun) {
        notice.text = with_reasons(&notice.text, rejected);
        warn(&notice);
    }
}

fn with_reasons(text: &str, rejected: &Table) -> String {
    let reasons: Vec<String> = rejected.iter().map(|(reason, count)| format!("{reason}: {count}")).collect();
    format!("{} ({}).", text.trim_end_matches('.'), reasons.join(", "))
}

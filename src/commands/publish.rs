//! The end of an export: the gate, then all files at once, the manifest last.
//!
//! Everything is whole on the disk before the first file gets its name, and what could keep a file from getting it was
//! looked for before the first request.
//!
//! *Easy to get wrong:* a manifest must never lie beside files that it does not describe. So those of the run before are
//! removed first, wherever they lie, also when this run writes none.

use std::path::Path;

use serde::de::IgnoredAny;

use crate::config::{ConfigError, ContactsConfig};
use crate::error::Error;
use crate::export::{Exported, Gathered};
use crate::gate::{Candidate, GateFailure};
use crate::report::{ConsistencyFacts, Filters, NoticeCode, RunFacts, Summary};
use crate::sink::{
    MANIFEST_SCHEMA_VERSION, Manifest, OutputReport, OutputTarget, StagedFile, is_written_directly, read_manifest,
    relative_to, stage_small_file,
};
use crate::verdict::Verdict;

use super::warn;

/// An export whose files have their names.
pub(super) struct Published {
    pub(super) summary: Summary,
    /// The form of the summary that goes to stdout.
    pub(super) to_stdout: String,
    pub(super) items_rejected: u64,
    pub(super) verdict: Verdict,
}

/// How many contacts the export holds that is there, when that matters.
///
/// # Errors
/// When its manifest is there but cannot be read.
pub(super) fn published_before(config: &ContactsConfig) -> Result<Option<u64>, ConfigError> {
    let Some(wanted) = config.manifest.as_deref().filter(|_| config.gate.max_shrink.is_some()) else { return Ok(None) };
    for path in config.manifest.iter().chain(&config.manifests_beside) {
        match read_manifest::<IgnoredAny>(path) {
            Ok(Some(manifest)) => return Ok(Some(manifest.contacts)),
            Ok(None) => {}
            Err(source) => return Err(ConfigError::ReadManifest { path: path.display().to_string(), source }),
        }
    }
    if config.outputs.iter().any(|request| request.target.path().is_some_and(Path::exists)) {
        tracing::warn!("--max-shrink has nothing to compare with: {} is not there", wanted.display());
    }
    Ok(None)
}

/// Gives the files their names if the gate lets them; the manifest comes last. All of them are whole on the disk before
/// the first gets its name.
///
/// # Errors
/// When the gate holds the export back, or a file cannot be written.
pub(super) fn publish(config: &ContactsConfig, exported: Box<Exported>, run: RunFacts) -> Result<Published, Error> {
    let Gathered { counts, findings, staged } = exported.gathered;
    let contacts = staged.reports().first().map_or(0, |report| report.rows);
    let verdict = run.verdict;
    let items_rejected = exported.walk.report().rejected;
    let summary = Summary {
        as_of: run.started_at.clone(),
        filters: config.filters.clone(),
        outputs: staged.reports().to_vec(),
        run: Some(run),
        ..counts.summary().with_findings(findings)
    };
    if let Err(failure) = check_gate(config, &summary, contacts, items_rejected) {
        warn_of_losses(&summary);
        let evidence = summary.run.map(|run| run.evidence).unwrap_or_default();
        return Err(Error::Gate { failure, verdict, evidence });
    }
    let mut small_files = Vec::new();
    let mut to_stdout = String::new();
    for (target, form) in &config.reports {
        let text = form.render(&summary);
        match target {
            OutputTarget::File(path) => small_files.push(stage_small_file(path, text.as_bytes(), config.small_files)?),
            OutputTarget::Stdout => to_stdout = text,
        }
    }
    if let (Some(path), Some(run)) = (&config.manifest, &summary.run) {
        let outputs = seen_from(path, &summary.outputs);
        let manifest = manifest(config, &summary, run, contacts, items_rejected, &outputs);
        small_files.push(manifest.stage(path, config.small_files)?);
    }
    withdraw_old_manifests(config, small_files.last_mut().filter(|_| config.manifest.is_some()))?;
    // Locked until the manifest is there.
    let _published = staged.publish()?;
    for file in small_files {
        file.publish()?;
    }
    Ok(Published { summary, to_stdout, items_rejected, verdict })
}

fn check_gate(
    config: &ContactsConfig,
    summary: &Summary,
    contacts: u64,
    items_rejected: u64,
) -> Result<(), GateFailure> {
    let worst = summary.malformed_fields.iter().max_by_key(|&(_, &values)| values);
    config.gate.check(&Candidate {
        contacts,
        verdict: summary.run.as_ref().map_or(Verdict::Unverified, |run| run.verdict),
        before: config.published_before,
        items_rejected,
        most_malformed: worst.map(|(column, &values)| (column.as_str(), values)),
    })
}

/// Nobody may find the old one beside new files.
fn withdraw_old_manifests(config: &ContactsConfig, new: Option<&mut StagedFile>) -> Result<(), Error> {
    new.map_or(Ok(()), StagedFile::withdraw_old)?;
    for path in config.manifests_beside.iter().filter(|path| config.manifest.as_ref() != Some(path)) {
        // Another tool's file of that name is left alone.
        if matches!(read_manifest::<IgnoredAny>(path), Ok(Some(manifest)) if !manifest.outputs.is_empty())
            && let Err(error) = std::fs::remove_file(path)
        {
            tracing::warn!("cannot remove the manifest of the export before, {}: {error}", path.display());
        }
    }
    Ok(())
}

/// The outputs with their paths as seen from the manifest, so that folder and manifest can be moved together.
fn seen_from(manifest: &Path, outputs: &[OutputReport]) -> Vec<OutputReport> {
    let seen = |output: &OutputReport| match OutputTarget::new(Path::new(&output.path)) {
        OutputTarget::File(path) if !is_written_directly(&path) => {
            OutputReport { path: relative_to(manifest, &path).display().to_string(), ..output.clone() }
        }
        _ => output.clone(),
    };
    outputs.iter().map(seen).collect()
}

fn manifest<'a>(
    config: &'a ContactsConfig,
    summary: &'a Summary,
    run: &'a RunFacts,
    contacts: u64,
    items_rejected: u64,
    outputs: &'a [OutputReport],
) -> Manifest<'a, Filters, ConsistencyFacts> {
    Manifest {
        schema_version: MANIFEST_SCHEMA_VERSION,
        tool_version: env!("CARGO_PKG_VERSION"),
        started_at: &run.started_at,
        finished_at: &run.finished_at,
        api: if config.simulate.is_some() { "simulator" } else { config.base_url.as_str() },
        filters: &summary.filters,
        contacts,
        items_rejected,
        verdict: run.verdict.name(),
        evidence: &run.evidence,
        consistency: &run.consistency,
        outputs,
    }
}

/// Reports on stderr what of the list is not in the outputs, or only as nulls. For when no table tells it.
pub(super) fn warn_of_losses(summary: &Summary) {
    for mut notice in summary.all_notices() {
        match notice.code {
            NoticeCode::ItemsLeftOut => notice.text = with_reasons(&notice.text, summary),
            NoticeCode::UnreadableColumns => {}
            _ => continue,
        }
        warn(&notice);
    }
}

fn with_reasons(text: &str, summary: &Summary) -> String {
    let reasons: Vec<String> = summary.rejected.iter().map(|(reason, count)| format!("{reason}: {count}")).collect();
    format!("{} ({}).", text.trim_end_matches('.'), reasons.join(", "))
}

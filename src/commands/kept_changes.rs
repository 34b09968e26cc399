//! Keeps the changes that an interrupted run has already published when another run resumes it.
//!
//! A run that is stopped while it publishes may have replaced the export with which it compared its rows. The run that
//! resumes it has the same rows, from the journal. Compared with the files in place they would be unchanged, and the changes
//! since the last export would be lost. Changes are published before the rows, so the resuming run publishes the same rows
//! again and keeps the changes, with their counts. So does a run with an output for each profile, which keeps all journals
//! until its end.
//!
//! *Easy to get wrong:* neither a manifest nor a record of the publication is trusted: its start must be that of this run's
//! journal, every output must have the same SHA-256 as now, and the files with the changes must be in place with theirs.

use serde::Deserialize;

use crate::config::{ChangesConfig, ExportConfig};
use crate::format::FileFormat;
use crate::input::{Mirror, SourceError, is_as_listed};
use crate::publish::{OutputReport, PublishedFile, PublishedManifest, read_manifest};
use crate::report::RunChanges;
use crate::store::OutputTarget;
use crate::time::Timestamp;
use crate::verdict::{Evidence, Verdict};

use super::datasets::{CHANGES, HISTORY};
use super::replaced::seen_from;

/// The facts in a manifest on which keeping its changes depends.
#[derive(Debug, Deserialize)]
struct PublishedChanges {
    #[serde(default)]
    started_at: String,
    changes: Option<RunChanges>,
    history: Option<PublishedFile>,
    verdict: Verdict,
    evidence: Vec<Evidence>,
}

/// Changes that are kept.
#[derive(Debug)]
pub(super) struct KeptChanges {
    /// The counts, for the report and the exit code.
    pub(super) changes: RunChanges,
    /// The files, with paths as given to the run.
    pub(super) outputs: Vec<OutputReport>,
    /// The file of the history.
    pub(super) history: Option<OutputReport>,
    /// The verdict and its evidence, on which looking up removed rows may have had an effect.
    pub(super) judged: (Verdict, Vec<Evidence>),
}

impl KeptChanges {
    /// The changes of an interrupted run, if it had the same responses and rows as this run, which began to read at
    /// `began_at` (microseconds UTC) and has staged these outputs; `None` if it had not, or if changes that the flags
    /// request are not in place.
    ///
    /// # Errors
    /// When a file exists but cannot be read.
    pub(super) fn find(
        config: &ExportConfig,
        began_at: i64,
        staged: &[OutputReport],
    ) -> Result<Option<Self>, SourceError> {
        let (Some(wanted), Some(manifest)) = (&config.outputs.changes, &config.outputs.manifest) else {
            return Ok(None);
        };
        let Some((manifest, before)) = interrupted(config, manifest) else { return Ok(None) };
        let PublishedChanges { started_at, changes, history, verdict, evidence } = before.details;
        let Some(changes) = changes.filter(|_| started_at == Timestamp::from_micros(began_at).to_millis()) else {
            return Ok(None);
        };
        let rows = seen_from(&manifest, &config.outputs, staged);
        let is_listed = |report: &OutputReport| {
            let same = before.outputs.iter().find(|file| file.path == report.path);
            same.is_some_and(|file| file.sha256.as_ref() == Some(&report.sha256))
        };
        if !rows.iter().all(is_listed) || (wanted.history.is_some() && history.is_none()) {
            return Ok(None);
        }
        let mut mirror = Mirror::new(&config.outputs.stores);
        let mut outputs = Vec::new();
        for request in &wanted.outputs {
            let path = request.target.seen_from(&manifest);
            let is_its = |file: &&PublishedFile| file.path == path && file.resource.as_deref() == Some(CHANGES);
            match before.outputs.iter().find(is_its) {
                Some(file) if is_as_listed(file, &request.target, &mut mirror)? => {
                    outputs.push(kept(file.clone(), &request.target, CHANGES, request.format));
                }
                _ => return Ok(None),
            }
        }
        let history = history.and_then(|file| Some((manifest.resolve(&file.path)?, file)));
        if let Some((target, file)) = &history
            && !is_as_listed(file, target, &mut mirror)?
        {
            return Ok(None);
        }
        let history = history.map(|(target, file)| kept(file, &target, HISTORY, ChangesConfig::HISTORY_FORMAT));
        Ok(Some(Self { changes, outputs, history, judged: (verdict, evidence) }))
    }
}

/// The manifest of the last run and its target: the one that is published, or the one in the record of a run that was
/// interrupted before.
fn interrupted(
    config: &ExportConfig,
    manifest: &OutputTarget,
) -> Option<(OutputTarget, PublishedManifest<PublishedChanges>)> {
    // An unreadable manifest is an error only where it is needed.
    if let Some(published) = read_manifest(manifest).ok().flatten() {
        return Some((manifest.clone(), published));
    }
    let next = &config.interrupted.as_ref()?.next;
    Some((next.target.clone(), next.read().ok()?))
}

/// The entry of a file that is kept.
fn kept(file: PublishedFile, target: &OutputTarget, resource: &'static str, format: FileFormat) -> OutputReport {
    let PublishedFile { csv, rows, bytes, sha256, .. } = file;
    let path = target.to_string();
    OutputReport { path, resource: Some(resource), format, csv, rows, bytes, sha256: sha256.unwrap_or_default() }
}

//! Recovers from a run that was interrupted while it published.
//!
//! Before the first file is replaced, a run writes the old and the new manifest to a [`PublicationRecord`]. After an
//! interruption, the next run learns from it how many rows the last export had, what to compare with, and which changes may
//! be published already.
//!
//! If the paths of outputs differ from run to run, a run replaces nothing: the export before it is in place as long as it is
//! kept, even if the interrupted run has published its own as a whole.
//!
//! *Easy to get wrong:* a record must not outlive a run that finished. So a run that writes no record removes an older one.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::config::{ExportConfig, OutputsConfig};
use crate::error::Error;
use crate::input::{ExportPlace, Mirror, SourceError};
use crate::publish::{OutputError, PublicationRecord, RecordedManifest, newest_manifest, read_manifest};
use crate::report::RunChanges;
use crate::store::{FileSettings, OutputTarget};

use super::printer::warn_text;

/// The changes in a manifest.
#[derive(Debug, Deserialize)]
struct RecordedChanges {
    #[serde(default)]
    started_at: String,
    changes: Option<RunChanges>,
}

/// Where a run looks for the export that it replaces; `None` if it writes to streams only.
pub(super) fn export_place<'a>(config: &'a ExportConfig, resource: &'static str) -> Option<ExportPlace<'a>> {
    let outputs = &config.outputs;
    Some(ExportPlace {
        output: outputs.outputs.iter().find(|request| !request.target.is_stream())?,
        manifests: outputs.manifest.iter().chain(&outputs.manifests_beside).collect(),
        recorded: config.in_place.as_ref(),
        // The only export among them may be that of the interrupted run, which is repeated.
        siblings: outputs.siblings.as_ref().filter(|_| !config.interrupted.as_ref().is_some_and(is_of_first)),
        is_folder: outputs.settings.partition.is_some(),
        resource,
    })
}

/// Whether a record is of the first export.
fn is_of_first(record: &PublicationRecord) -> bool {
    record.previous.is_none()
}

/// Looks for the record of a run that was interrupted while it published to the same outputs.
///
/// # Errors
/// When a file that it lists cannot be read.
pub(super) fn look_for_record(config: &mut ExportConfig, resource: &'static str) -> Result<(), Error> {
    config.interrupted = unfinished(&config.outputs, resource);
    let Some(record) = config.interrupted.as_ref().filter(|_| config.outputs.changes.is_some()) else { return Ok(()) };
    let Some(place) = export_place(config, resource) else { return Ok(()) };
    let mut mirror = Mirror::new(&config.outputs.stores);
    let mut in_place = None;
    let next = Some(&record.next).filter(|next| is_replaced(&config.outputs, next));
    for recorded in record.previous.iter().chain(next) {
        if in_place.is_none() && place.has_files_of(recorded, &mut mirror)? {
            in_place = Some(recorded.clone());
        }
    }
    config.in_place = in_place;
    Ok(())
}

/// Whether the run has the paths of a recorded export, whose files it replaces.
fn is_replaced(outputs: &OutputsConfig, recorded: &RecordedManifest) -> bool {
    let place = recorded.target.identity();
    outputs.manifest.iter().chain(&outputs.manifests_beside).any(|manifest| manifest.identity() == place)
}

/// The record, unless the run that wrote it has finished.
fn unfinished(outputs: &OutputsConfig, resource: &str) -> Option<PublicationRecord> {
    let file = outputs.record.as_ref()?;
    let record = PublicationRecord::read(file, &outputs.stores).unwrap_or_else(|error| {
        warn_text(&format!("cannot read what an interrupted run was publishing: {file}: {error}"));
        None
    })?;
    // With a manifest, everything that the record says is known from there.
    let is_absent = |manifest| matches!(read_manifest::<IgnoredAny>(manifest), Ok(None));
    let is_last = outputs.manifest.iter().chain(&outputs.manifests_beside).all(is_absent)
        && !is_older_than(&record, newest_sibling(outputs, resource).as_ref());
    is_last.then_some(record)
}

/// The newest export of runs whose paths differ only in dates, times and ids.
fn newest_sibling(outputs: &OutputsConfig, resource: &str) -> Option<RecordedManifest> {
    // What cannot be read is an error where it is needed.
    let newest = newest_manifest(outputs.siblings.as_ref()?, resource).ok().flatten()?;
    RecordedManifest::at(&newest)
}

/// Whether another run has published after the one that wrote the record, as one with another --state-dir.
fn is_older_than(record: &PublicationRecord, newest: Option<&RecordedManifest>) -> bool {
    let started_at = |recorded: &RecordedManifest| Some(recorded.read::<RecordedChanges>().ok()?.details.started_at);
    let newest = newest.and_then(started_at);
    // RFC 3339 times in UTC sort as text.
    newest.is_some_and(|newest| started_at(&record.next).is_none_or(|started| started < newest))
}

/// The rows of the last export, according to the record of an interrupted run.
pub(super) fn rows_before(config: &ExportConfig) -> Option<u64> {
    let previous = config.interrupted.as_ref()?.previous.as_ref()?;
    Some(previous.read::<IgnoredAny>().ok()?.rows)
}

/// Records what the run is about to replace. `next` is its manifest, if it writes one.
///
/// # Errors
/// When the record cannot be written beside the outputs.
pub(super) fn record(config: &ExportConfig, next: Option<(&OutputTarget, Value)>, resource: &str) -> Result<(), Error> {
    let Some(file) = &config.outputs.record else { return Ok(()) };
    let Some((target, manifest)) = next else {
        remove(file);
        return Ok(());
    };
    let outputs = &config.outputs;
    let mut before = outputs.manifest.iter().chain(&outputs.manifests_beside).filter_map(RecordedManifest::at);
    let previous = match &config.interrupted {
        Some(record) => config.in_place.clone().or_else(|| record.previous.clone()),
        None => before.next().or_else(|| newest_sibling(outputs, resource)),
    };
    if previous.is_none() && outputs.changes.is_none() {
        // The next run learns nothing from it.
        remove(file);
        return Ok(());
    }
    let record = PublicationRecord { previous, next: RecordedManifest::new(target.clone(), manifest) };
    let settings = FileSettings { makes_folders: true, ..outputs.small_files };
    let is_beside = outputs.outputs.iter().find(|request| !request.target.is_stream());
    let is_beside = is_beside.is_some_and(|request| {
        request.target.path().is_some() && PublicationRecord::file_of(&request.target).as_ref() == Some(file)
    });
    match record.write(file, settings) {
        Err(error) if is_beside => Err(OutputError::from(error).into()),
        // Objects can be published without a local folder for state.
        Err(error) => {
            warn_text(&format!("if this run is stopped now, its changes will be lost: {error}"));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Removes the record of a run whose manifest is published and whose journals are removed, unless they are kept for other
/// outputs.
pub(super) fn remove_record(config: &ExportConfig) {
    if let Some(file) = &config.outputs.record {
        remove(file);
    }
}

fn remove(file: &OutputTarget) {
    if let Err(error) = PublicationRecord::remove(file) {
        warn_text(&format!("cannot remove the record of a publication: {error}"));
    }
}

/// Warns if changes of an interrupted run are replaced by others that do not contain them, because the run has replaced
/// files of the export with which it compared.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn warn_of_lost_changes(config: &ExportConfig, resource: &'static str) -> Result<(), SourceError> {
    let Some(record) = &config.interrupted else { return Ok(()) };
    let is_whole =
        config.in_place == record.previous && (!is_of_first(record) || !is_replaced(&config.outputs, &record.next));
    let Ok(next) = record.next.read::<RecordedChanges>() else { return Ok(()) };
    let RecordedChanges { started_at, changes } = next.details;
    if is_whole || changes.is_none_or(|changes| changes.are_none()) {
        return Ok(());
    }
    let mut mirror = Mirror::new(&config.outputs.stores);
    let is_replaced = match export_place(config, resource) {
        Some(place) => place.has_a_file_of(&record.next, &mut mirror)?,
        None => false,
    };
    if is_replaced {
        warn_text(&format!(
            "the run started {started_at} was interrupted while it published: its changes are replaced, and cannot be \
             compared again"
        ));
    }
    Ok(())
}

//! Which files of the previous export a run replaces, removes or keeps.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::config::{ConfigError, ExportConfig, OutputsConfig};
use crate::error::Error;
use crate::format::FileFormat;
use crate::input::{Mirror, datasets_in, is_in_place};
use crate::publish::{
    OutputError, OutputReport, PartitionBy, PublishedFile, is_in_dataset, is_part_of, left_by_interrupted_run,
    read_manifest,
};
use crate::store::{
    Neighbors, OutputTarget, StoreError, check_removable, remove_empty_folder, remove_partial, remove_small_file,
    size_of,
};
use crate::transform::Privacy;

/// The privacy settings in a manifest; empty in earlier versions.
#[derive(Debug, Deserialize)]
struct PublishedPrivacy {
    #[serde(default)]
    privacy: Privacy,
}

/// Checks that readers can read the folder of a dataset as one table: the folder contains no other dataset, and if this run
/// replaces only some of its files, phone numbers in the others are protected in the same way.
///
/// # Errors
/// When a manifest shows otherwise, or the folder cannot be listed.
pub(super) fn check_dataset(config: &ExportConfig) -> Result<(), Error> {
    let Some(by) = &config.outputs.settings.partition else { return Ok(()) };
    for folder in config.outputs.outputs.iter().filter_map(|request| request.target.parent()) {
        if let Some(column) = datasets_in(&folder)?.into_iter().find(|column| *column != by.name) {
            return Err(ConfigError::OtherDataset { folder: folder.to_string(), column }.into());
        }
    }
    let Some(manifest) = config.outputs.manifest.as_ref().filter(|_| by.keeps_others()) else { return Ok(()) };
    let published = match read_manifest::<PublishedPrivacy>(manifest) {
        Ok(None) => config.interrupted.as_ref().map_or(Ok(None), |record| record.withdrawn_from(manifest)),
        published => published,
    };
    match published {
        Ok(Some(before)) if !before.details.privacy.matches(&config.outputs.privacy) => {
            Err(ConfigError::OtherPrivacy { path: manifest.to_string() }.into())
        }
        // A manifest that cannot be read describes no file that is kept.
        _ => Ok(()),
    }
}

/// Files of the previous export that this run does not replace but must remove: parts, if there are now fewer or none; the
/// whole file, if there are now parts; and files of values that no longer occur.
pub(super) fn stale_files(config: &ExportConfig, new: &[OutputReport]) -> Vec<OutputTarget> {
    let files = &config.outputs;
    let beside = files.manifests_beside.iter().filter(|target| files.manifest.as_ref() != Some(target));
    let before = files.manifest.iter().chain(beside);
    let mut stale = Vec::new();
    for manifest in before {
        let before = match read_manifest::<IgnoredAny>(manifest) {
            Ok(Some(before)) => before.into_paths().collect::<Vec<_>>(),
            Ok(None) => {
                let mut paths = left_by_interrupted_run(manifest);
                paths.extend(config.interrupted.iter().flat_map(|record| record.paths_of(manifest)));
                paths.sort();
                paths.dedup();
                paths
            }
            Err(_) => continue,
        };
        let new: Vec<String> = seen_from(manifest, files, new).into_iter().map(|report| report.path).collect();
        let bases: Vec<String> = files.outputs.iter().map(|request| request.target.seen_from(manifest)).collect();
        let replaced = files.settings.partition.as_ref().filter(|by| !by.keeps_others());
        let is_ours = |path: &str| match replaced {
            Some(by) => is_in_dataset(path, &by.name),
            None => bases.iter().any(|base| path == base || is_part_of(path, base)),
        };
        let old = before.iter().filter(|path| is_ours(path) && !new.contains(path));
        stale.extend(old.filter_map(|path| manifest.resolve(path)));
    }
    stale
}

/// The manifests that the run replaces, but does not write itself.
pub(super) fn old_manifests(config: &ExportConfig) -> Vec<OutputTarget> {
    let files = &config.outputs;
    let beside_activities = files.activities.iter().flat_map(|activities| activities.manifests_beside.clone());
    let of_changes = files.changes.iter().flat_map(|changes| &changes.outputs);
    let beside_changes = of_changes.flat_map(|request| request.target.manifests());
    let mut beside: Vec<_> =
        files.manifests_beside.iter().cloned().chain(beside_activities).chain(beside_changes).collect();
    // A file of another tool with that name is kept.
    let is_old =
        |target: &OutputTarget| matches!(read_manifest::<IgnoredAny>(target), Ok(Some(old)) if !old.outputs.is_empty());
    beside.retain(|target| files.manifest.as_ref() != Some(target) && is_old(target));
    beside
}

/// Checks that the run can remove what belongs to the previous export alone, as far as this shows before the first request:
/// readers would take what stays for a part of the new export.
///
/// # Errors
/// When a file cannot be removed.
pub(super) fn check_stale(config: &ExportConfig) -> Result<(), Error> {
    let files = &config.outputs;
    let is_split = files.settings.max_rows.is_some() || files.settings.partition.is_some();
    // Replaced in any case, and maybe in another way.
    let is_replaced = |target: &OutputTarget| {
        !is_split && files.outputs.iter().any(|request| request.target.identity() == target.identity())
    };
    let mut old = stale_files(config, &[]);
    old.retain(|target| !is_replaced(target));
    old.extend(old_manifests(config));
    check_removable(&old).map_err(|error| OutputError::KeptByFolder(error).into())
}

/// Removes the files that [`stale_files`] lists, and the folders of a dataset that are empty then. Returns those that cannot
/// be removed, with the reasons.
pub(super) fn remove_stale_files(stale: &[OutputTarget], is_dataset: bool) -> Vec<(&OutputTarget, StoreError)> {
    let mut left = Vec::new();
    for target in stale {
        match remove_small_file(target) {
            // The file may not exist, because an interrupted run may not have renamed it.
            Err(error) if !matches!(size_of(target), Ok(None)) => left.push((target, error)),
            _ if is_dataset => {
                remove_partial(target);
                remove_empty_folder(target);
            }
            _ => {}
        }
    }
    left
}

/// The files of other days, according to the previous manifest, with paths relative to it.
pub(super) fn carried_over(config: &ExportConfig, staged: &[OutputReport]) -> Vec<OutputReport> {
    let keeps_others = config.outputs.settings.partition.as_ref().is_some_and(PartitionBy::keeps_others);
    let Some(manifest) = config.outputs.manifest.as_ref().filter(|_| keeps_others) else { return Vec::new() };
    let before = listed_before(config, manifest);
    let replaced = seen_from(manifest, &config.outputs, staged);
    let neighbors = Neighbors::of(manifest);
    let carried = before.into_iter().filter(|file| {
        let is_replaced = replaced.iter().any(|report| report.path == file.path);
        // Activities belong to the messages of their run.
        !is_replaced && file.resource.is_none() && neighbors.contains(&file.path)
    });
    let format = FileFormat::PARQUET;
    carried
        .map(|PublishedFile { path, rows, bytes, sha256, .. }| OutputReport {
            path,
            resource: None,
            format,
            csv: None,
            rows,
            bytes,
            sha256: sha256.unwrap_or_default(),
        })
        .collect()
}

/// The files that the previous manifest lists; after an interrupted run, those in place that it or the next one lists.
fn listed_before(config: &ExportConfig, manifest: &OutputTarget) -> Vec<PublishedFile> {
    match read_manifest::<IgnoredAny>(manifest) {
        Ok(Some(before)) => return before.outputs,
        Ok(None) => {}
        Err(_) => return Vec::new(),
    }
    let recorded = config.interrupted.iter().flat_map(|record| record.files_of(manifest));
    let (mut mirror, mut listed) = (Mirror::new(&config.outputs.stores), Vec::<PublishedFile>::new());
    for file in recorded {
        let is_new = listed.iter().all(|other| other.path != file.path);
        if is_new && is_in_place(&file, manifest, &mut mirror).unwrap_or(false) {
            listed.push(file);
        }
    }
    listed
}

/// The old and new files of a dataset that a run replaces as a whole, with paths relative to the manifest. If the run is
/// stopped while it publishes, the next run removes the files that are not its own.
pub(super) fn files_of_dataset(config: &ExportConfig, new: &[OutputReport], stale: &[OutputTarget]) -> Vec<String> {
    let replaces = config.outputs.settings.partition.as_ref().is_some_and(|by| !by.keeps_others());
    let Some(manifest) = config.outputs.manifest.as_ref().filter(|_| replaces) else { return Vec::new() };
    let new = seen_from(manifest, &config.outputs, new).into_iter().map(|report| report.path);
    new.chain(stale.iter().map(|target| target.seen_from(manifest))).collect()
}

/// The outputs with paths relative to the manifest, so that folder and manifest can be moved together.
pub(super) fn seen_from(manifest: &OutputTarget, files: &OutputsConfig, outputs: &[OutputReport]) -> Vec<OutputReport> {
    let seen = |output: &OutputReport| {
        let target = OutputTarget::new(Path::new(&output.path), &files.stores);
        let path = target.map_or_else(|_| output.path.clone(), |target| target.seen_from(manifest));
        OutputReport { path, ..output.clone() }
    };
    outputs.iter().map(seen).collect()
}

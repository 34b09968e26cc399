//! Removes the exports of older runs of the same command, as listed in their manifests.
//!
//! *Easy to get wrong:* a newer run may have written a path of an old manifest again (`latest.csv` beside dated files), or
//! another program may have replaced the file. So files that a kept manifest lists, or whose size differs from the manifest,
//! are never removed.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use serde::Deserialize;

use super::manifest::{PublishedManifest, read_manifest};
use crate::store::{OutputTarget, PlacePattern, remove_empty_folder, remove_small_file, size_of};

/// What the manifest of an older run states.
#[derive(Debug, Deserialize)]
struct OlderDetails {
    resource: Option<String>,
    started_at: String,
}

/// An export that an earlier run has published.
struct OlderExport {
    manifest: OutputTarget,
    found: PublishedManifest<OlderDetails>,
}

/// Finds the exports of a resource, newest first.
fn find(manifests: &PlacePattern, resource: &str) -> std::io::Result<Vec<OlderExport>> {
    let mut exports = Vec::new();
    for manifest in manifests.find()? {
        match read_manifest::<OlderDetails>(&manifest) {
            Ok(Some(found)) if found.details.resource.as_deref() == Some(resource) => {
                exports.push(OlderExport { manifest, found });
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("skipping a manifest that cannot be read: {manifest}: {error}"),
        }
    }
    // RFC 3339 times in UTC sort as text.
    exports.sort_by(|one, other| other.found.details.started_at.cmp(&one.found.details.started_at));
    Ok(exports)
}

/// The manifest of the newest export; `None` if there is none.
///
/// # Errors
/// When the paths cannot be listed.
pub fn newest_manifest(manifests: &PlacePattern, resource: &str) -> std::io::Result<Option<OutputTarget>> {
    Ok(find(manifests, resource)?.into_iter().next().map(|newest| newest.manifest))
}

/// Rows of the newest export; `None` if there is none.
///
/// # Errors
/// When the paths cannot be listed.
pub fn newest_rows(manifests: &PlacePattern, resource: &str) -> std::io::Result<Option<u64>> {
    Ok(find(manifests, resource)?.first().map(|newest| newest.found.rows))
}

/// Keeps the newest exports of a resource, removes the files of the others, and returns how many exports were removed. What
/// cannot be removed stays, with a warning.
///
/// # Errors
/// When the paths cannot be listed.
pub fn remove_older(manifests: &PlacePattern, resource: &str, keep: NonZeroUsize) -> std::io::Result<usize> {
    let exports = find(manifests, resource)?;
    let (kept, removed) = exports.split_at(exports.len().min(keep.get()));
    let files = |older: &OlderExport| -> Vec<(OutputTarget, u64)> {
        let file = |path: &str| older.manifest.resolve(path);
        older.found.outputs.iter().filter_map(|output| Some((file(&output.path)?, output.bytes))).collect()
    };
    let needed: HashSet<String> = kept.iter().flat_map(files).map(|(target, _)| target.identity()).collect();
    for older in removed {
        // Removed first, so that no manifest lists missing files.
        remove(&older.manifest);
        for (target, bytes) in files(older).iter().filter(|(target, _)| !needed.contains(&target.identity())) {
            match size_of(target) {
                Ok(Some(size)) if size == *bytes => remove(target),
                Ok(Some(_)) => tracing::warn!("keeping {target}, which changed after an older run wrote it"),
                Ok(None) => {}
                Err(error) => tracing::warn!("keeping {target}, which cannot be read: {error}"),
            }
        }
        remove_empty_folder(&older.manifest);
    }
    Ok(removed.len())
}

fn remove(target: &OutputTarget) {
    if let Err(error) = remove_small_file(target) {
        tracing::warn!("cannot remove {target} of an older run: {error}");
    }
}

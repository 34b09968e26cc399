//! Finds the published export that a run will replace.
//!
//! Its manifest lists the files: an output that is split, or a dataset, has many. Without a manifest, it is the file at the
//! output's path. If every run writes to another path, it is the newest export of the other runs. While a run publishes,
//! there is no manifest; if it was interrupted, its record has the manifests of both exports.
//!
//! *Easy to get wrong:* a manifest may list other outputs of the same run, including changes, and files that were removed
//! since. An export without any files left does not count, unless it is a dataset without rows; one that lacks a part is
//! damaged.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::SourceError;
use super::mirror::Mirror;
use super::published::{PublishedDetails, of_manifest};
use super::read::sha256;
use super::source_file::SourceFile;
use crate::format::FileFormat;
use crate::publish::{
    OutputRequest, PublishedFile, PublishedManifest, RecordedManifest, is_part_of, newest_manifest, read_manifest,
    whole_of_part,
};
use crate::store::{OutputTarget, PlacePattern, StoreError, size_of};

/// Where to look for an export.
#[derive(Debug)]
pub struct ExportPlace<'a> {
    /// The output; for a dataset, the one that gives its sidecars their names.
    pub output: &'a OutputRequest,
    /// Possible paths of its manifest, the most likely first.
    pub manifests: Vec<&'a OutputTarget>,
    /// The manifest of the files in place that an interrupted run has recorded.
    pub recorded: Option<&'a RecordedManifest>,
    /// The manifests of runs whose paths differ only in dates and times.
    pub siblings: Option<&'a PlacePattern>,
    /// Whether it is a dataset, with a folder for each value of a column.
    pub is_folder: bool,
    /// The resource of the rows.
    pub resource: &'static str,
}

/// The files of the published export; `None` if there is none, and empty for a dataset without rows.
///
/// # Errors
/// When the export cannot be read, or one of its files is missing.
pub fn published_at(place: &ExportPlace<'_>, mirror: &mut Mirror) -> Result<Option<Vec<SourceFile>>, SourceError> {
    let mut unread = None;
    for manifest in &place.manifests {
        match read_manifest::<PublishedDetails>(manifest) {
            Ok(Some(found)) => {
                let listed = place.listed(&found, manifest);
                if let Some(files) = open_all(place, &listed, (manifest, &found), mirror)? {
                    return Ok(Some(files));
                }
                if place.is_folder && listed.is_empty() && found.rows == 0 {
                    return Ok(Some(Vec::new()));
                }
            }
            Ok(None) => {}
            Err(_) => unread = unread.or_else(|| Some(PathBuf::from(manifest.to_string()))),
        }
    }
    if let Some(recorded) = place.recorded
        && let Ok(found) = recorded.read::<PublishedDetails>()
    {
        let listed = place.listed(&found, &recorded.target);
        return match open_all(place, &listed, (&recorded.target, &found), mirror)? {
            None if place.is_folder => Ok(Some(Vec::new())),
            files => Ok(files),
        };
    }
    let target = &place.output.target;
    if !place.is_folder && exists(target)? {
        let file = mirror.source_file(target, place.output.format)?;
        return Ok(Some(vec![SourceFile { unread_manifest: unread, ..file }]));
    }
    let Some(siblings) = place.siblings else { return Ok(None) };
    let newest = newest_manifest(siblings, place.resource);
    let newest = newest.map_err(|source| SourceError::Open { path: target.to_string().into(), source })?;
    let Some(manifest) = newest else { return Ok(None) };
    let found = read_manifest::<PublishedDetails>(&manifest);
    let found = found.map_err(|source| SourceError::Open { path: manifest.to_string().into(), source })?;
    let Some(found) = found else { return Ok(None) };
    let listed = place.listed(&found, &manifest);
    open_all(place, &listed, (&manifest, &found), mirror)
}

impl ExportPlace<'_> {
    /// Whether all files of the output that a recorded manifest lists are in place.
    ///
    /// # Errors
    /// When one exists but cannot be read.
    pub fn has_files_of(&self, recorded: &RecordedManifest, mirror: &mut Mirror) -> Result<bool, SourceError> {
        let Ok(found) = recorded.read::<PublishedDetails>() else { return Ok(false) };
        let listed = self.listed(&found, &recorded.target);
        if listed.is_empty() {
            return Ok(self.is_folder && found.rows == 0);
        }
        for file in listed {
            if !is_in_place(file, &recorded.target, mirror)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether any of them is in place.
    ///
    /// # Errors
    /// When one exists but cannot be read.
    pub fn has_a_file_of(&self, recorded: &RecordedManifest, mirror: &mut Mirror) -> Result<bool, SourceError> {
        let Ok(found) = recorded.read::<PublishedDetails>() else { return Ok(false) };
        for file in self.listed(&found, &recorded.target) {
            if is_in_place(file, &recorded.target, mirror)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The files of the output that a manifest lists.
    fn listed<'a>(
        &self,
        found: &'a PublishedManifest<PublishedDetails>,
        manifest: &OutputTarget,
    ) -> Vec<&'a PublishedFile> {
        let whole = self.output.target.seen_from(manifest);
        let is_ours = |file: &&PublishedFile| {
            file.resource.is_none() && (self.is_folder || file.path == whole || is_part_of(&file.path, &whole))
        };
        let listed: Vec<&PublishedFile> = found.outputs.iter().filter(is_ours).collect();
        // Other runs have other paths.
        if listed.is_empty() && self.siblings.is_some() { first_output(found) } else { listed }
    }
}

/// The files of the first output that a manifest lists.
fn first_output(found: &PublishedManifest<PublishedDetails>) -> Vec<&PublishedFile> {
    let rows = || found.outputs.iter().filter(|file| file.resource.is_none());
    let Some(first) = rows().next() else { return Vec::new() };
    match whole_of_part(&first.path) {
        Some(whole) => rows().filter(|file| is_part_of(&file.path, &whole)).collect(),
        None => vec![first],
    }
}

/// Opens all files of an export; `None` if all of them are missing.
fn open_all(
    place: &ExportPlace<'_>,
    listed: &[&PublishedFile],
    (manifest, found): (&OutputTarget, &PublishedManifest<PublishedDetails>),
    mirror: &mut Mirror,
) -> Result<Option<Vec<SourceFile>>, SourceError> {
    let targets = listed.iter().filter_map(|file| Some((*file, manifest.resolve(&file.path)?)));
    let targets: Vec<(&PublishedFile, OutputTarget)> = targets.collect();
    let mut is_any_there = false;
    for (_, target) in &targets {
        is_any_there = is_any_there || exists(target)?;
    }
    if !is_any_there {
        return Ok(None);
    }
    let is_split = targets.len() > 1;
    let open = |(listed, target): (&PublishedFile, OutputTarget)| {
        let format = FileFormat::from_path(Path::new(&listed.path)).unwrap_or(place.output.format);
        let file = mirror.source_file(&target, format)?;
        let published = of_manifest(listed, found.details.clone(), PathBuf::from(manifest.to_string()));
        Ok(SourceFile { published: Some(super::PublicationFacts { is_part: is_split, ..published }), ..file })
    };
    targets.into_iter().map(open).collect::<Result<_, _>>().map(Some)
}

/// Whether the file that a manifest lists is in place, see [`is_as_listed`].
///
/// # Errors
/// When it exists but cannot be read.
pub fn is_in_place(file: &PublishedFile, manifest: &OutputTarget, mirror: &mut Mirror) -> Result<bool, SourceError> {
    manifest.resolve(&file.path).map_or(Ok(false), |target| is_as_listed(file, &target, mirror))
}

/// Whether a file or object has the bytes that a manifest lists, by its size and SHA-256.
///
/// # Errors
/// When it exists but cannot be read.
pub fn is_as_listed(listed: &PublishedFile, target: &OutputTarget, mirror: &mut Mirror) -> Result<bool, SourceError> {
    let Some(sha256_listed) = listed.sha256.as_ref().filter(|text| !text.is_empty()) else { return Ok(false) };
    if size(target)? != Some(listed.bytes) {
        return Ok(false);
    }
    // The format does not matter, because the file is not parsed.
    let file = mirror.source_file(target, FileFormat::CSV)?;
    let found = File::open(&file.real).and_then(sha256);
    let found = found.map_err(|source| SourceError::Open { path: file.path.clone(), source })?;
    Ok(found.eq_ignore_ascii_case(sha256_listed))
}

fn exists(target: &OutputTarget) -> Result<bool, SourceError> {
    Ok(size(target)?.is_some())
}

fn size(target: &OutputTarget) -> Result<Option<u64>, SourceError> {
    let size = size_of(target).map_err(|source| StoreError::OpenStaged { path: target.name().to_owned(), source });
    Ok(size?)
}

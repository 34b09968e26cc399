//! Finds manifests by the paths of a command line: manifests, files or objects that they list, or folders with manifests at
//! any depth. Histories are found as well: their files name each other, so they need no manifest.
//!
//! *Easy to get wrong:* several manifests may list a file. The newest is valid, because its run replaced the files of
//! earlier ones. The manifest of a dataset is above the folders of its values.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::error::SourceError;
use super::history::{HistoryFolder, is_named_like_one};
use super::published::{PublicationFacts, PublishedDetails, of_manifest};
use crate::format::FileFormat;
use crate::publish::{PublishedFile, PublishedManifest, is_in_dataset, read_manifest};
use crate::store::{ListedObject, OutputTarget, Sidecar, Stores, size_of};

/// The resource in manifests without the field.
const FIRST_RESOURCE: &str = "contacts";

/// Everything at the paths of a command line.
#[derive(Debug, Default)]
pub struct FoundListings {
    /// The exports, each once.
    pub listings: Vec<Listing>,
    /// The histories, each once.
    pub histories: Vec<HistoryFolder>,
    /// What could not be read, which does not hide the rest.
    pub unread: Vec<UnreadPath>,
}

/// A path, a folder below it or a manifest that could not be read.
#[derive(Debug)]
pub struct UnreadPath {
    /// The path as it is shown.
    pub path: String,
    /// Why.
    pub error: SourceError,
}

/// An export according to its manifest.
#[derive(Debug)]
pub struct Listing {
    /// The manifest.
    pub manifest: OutputTarget,
    /// The requested files.
    pub files: Vec<ListedFile>,
    /// Files in the folder of a dataset that its readers take for parts of it, though no manifest lists them.
    pub unlisted: Vec<OutputTarget>,
    /// Files of earlier exports that are still there, because a run could not remove them.
    pub stale: Vec<OutputTarget>,
}

/// A file that a manifest lists.
#[derive(Debug)]
pub struct ListedFile {
    /// Its target.
    pub target: OutputTarget,
    /// Its path relative to the manifest.
    pub listed_path: String,
    /// The resource of its rows.
    pub resource: String,
    /// Facts from the manifest.
    pub published: PublicationFacts,
}

/// The fields of a manifest that are read.
#[derive(Clone, Deserialize)]
struct Facts {
    resource: Option<String>,
    /// The file that the run added to a history.
    history: Option<PublishedFile>,
    #[serde(flatten)]
    details: PublishedDetails,
}

type FoundManifest = PublishedManifest<Facts>;

/// The exports and histories at the paths.
///
/// # Errors
/// When a path is an invalid address.
pub fn find_listings(paths: &[PathBuf], stores: &Arc<Stores>) -> Result<FoundListings, SourceError> {
    let mut found = FoundListings::default();
    let mut known = HashSet::new();
    for path in paths {
        let target = OutputTarget::new(path, stores)?;
        let shown = target.to_string();
        let there = at_path(target).unwrap_or_else(|error| FoundListings::failed(shown, error));
        found.add(there, &mut known);
    }
    found.keep_newest();
    Ok(found)
}

/// Everything at a path.
fn at_path(target: OutputTarget) -> Result<FoundListings, SourceError> {
    let is_folder = match &target {
        OutputTarget::File(path) => path.is_dir(),
        OutputTarget::Object(object) => !object.exists()?,
        OutputTarget::Stdout => false,
    };
    if is_folder {
        return below(&target);
    }
    if is_manifest(target.name()) || FileFormat::from_path(target.name()).is_none() {
        return Ok(FoundListings { listings: vec![whole(target)?], ..FoundListings::default() });
    }
    match (of_file(&target), HistoryFolder::of_file(&target)) {
        // The manifest that lists it is usually in another folder, and lists only the newest file.
        (Err(SourceError::NotListed { .. }), Some(history)) => {
            Ok(FoundListings { histories: vec![history], ..FoundListings::default() })
        }
        (listing, _) => Ok(FoundListings { listings: vec![listing?], ..FoundListings::default() }),
    }
}

impl FoundListings {
    fn failed(path: String, error: SourceError) -> Self {
        Self { unread: vec![UnreadPath { path, error }], ..Self::default() }
    }

    /// Leaves out files that a newer manifest among these lists, too: its run has replaced them, as with a fixed path of
    /// changes beside dated exports.
    fn keep_newest(&mut self) {
        let time = |file: &ListedFile| file.published.run.latest.micros();
        let mut newest = HashMap::<String, i64>::new();
        for file in self.listings.iter().flat_map(|listing| &listing.files) {
            let known = newest.entry(file.target.identity()).or_insert(i64::MIN);
            *known = (*known).max(time(file));
        }
        for listing in &mut self.listings {
            listing.files.retain(|file| newest.get(&file.target.identity()).is_none_or(|newest| time(file) == *newest));
        }
    }

    /// Adds what another path led to; `known` are the files of exports so far.
    fn add(&mut self, there: Self, known: &mut HashSet<(String, String)>) {
        for mut listing in there.listings {
            listing.files.retain(|file| known.insert((listing.manifest.identity(), file.target.identity())));
            match self.listings.iter_mut().find(|other| other.manifest.identity() == listing.manifest.identity()) {
                Some(other) => other.files.extend(listing.files),
                None => self.listings.push(listing),
            }
        }
        for history in there.histories {
            let is_same = |other: &HistoryFolder| other.places().eq(history.places());
            if !self.histories.iter().any(is_same) {
                self.histories.push(history);
            }
        }
        for unread in there.unread {
            if !self.unread.iter().any(|other| other.path == unread.path) {
                self.unread.push(unread);
            }
        }
    }
}

/// All files in a manifest.
fn whole(manifest: OutputTarget) -> Result<Listing, SourceError> {
    let found = read(&manifest)?;
    let files = found.outputs.iter().chain(&found.details.history).filter_map(|file| {
        let target = match manifest.resolve(&file.path)? {
            OutputTarget::File(path) => OutputTarget::File(path.strip_prefix(".").map_or(path.clone(), Path::to_owned)),
            other => other,
        };
        Some(listed(&found, file, target, &manifest))
    });
    let files = files.collect();
    let stale = found.stale.iter().filter_map(|path| manifest.resolve(path));
    // What cannot be looked for may be there.
    let stale = stale.filter(|target| !matches!(size_of(target), Ok(None))).collect();
    Ok(Listing { files, manifest, unlisted: Vec::new(), stale })
}

/// The newest manifest that lists a file, with that file.
fn of_file(target: &OutputTarget) -> Result<Listing, SourceError> {
    let (identity, shown) = (target.identity(), PathBuf::from(target.to_string()));
    let mut newest: Option<(Listing, i64)> = None;
    let mut unread = None;
    for folder in folders_of(target) {
        for manifest in directly_in(&folder)? {
            let found = match read(&manifest) {
                Ok(found) => found,
                Err(error) => {
                    unread = unread.or(Some(error));
                    continue;
                }
            };
            let is_it = |file: &&PublishedFile| {
                manifest.resolve(&file.path).is_some_and(|listed| listed.identity() == identity)
            };
            let Some(file) = found.outputs.iter().chain(&found.details.history).find(is_it) else { continue };
            let file = listed(&found, file, target.clone(), &manifest);
            let finished_at = file.published.run.latest.micros();
            if newest.as_ref().is_none_or(|(_, other)| *other < finished_at) {
                let (unlisted, stale) = (Vec::new(), Vec::new());
                newest = Some((Listing { manifest, files: vec![file], unlisted, stale }, finished_at));
            }
        }
    }
    if let Some((listing, _)) = newest {
        return Ok(listing);
    }
    match size_of(target) {
        Ok(Some(_)) => Err(unread.unwrap_or(SourceError::NotListed { path: shown })),
        Ok(None) => Err(SourceError::Open { path: shown, source: std::io::ErrorKind::NotFound.into() }),
        Err(source) => Err(SourceError::Open { path: shown, source }),
    }
}

/// All exports and histories in a folder, at any depth.
fn below(folder: &OutputTarget) -> Result<FoundListings, SourceError> {
    let (mut files, mut found) = (Vec::new(), FoundListings::default());
    match folder {
        OutputTarget::File(path) => walk(path, &mut files, &mut found.unread),
        OutputTarget::Object(object) => files = visible_among(folder, &object.list_all()?),
        OutputTarget::Stdout => {}
    }
    let (manifests, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|target| is_manifest(target.name()));
    for folder in others.iter().filter(|file| is_named_like_one(file)).filter_map(OutputTarget::parent) {
        if !found.histories.iter().any(|history| history.folder() == &folder) {
            found.histories.push(HistoryFolder::list(&folder)?);
        }
    }
    if manifests.is_empty() && found.histories.is_empty() && found.unread.is_empty() {
        return Err(SourceError::NoManifest { path: folder.to_string().into() });
    }
    for manifest in manifests {
        let shown = manifest.to_string();
        match whole(manifest) {
            Ok(listing) => found.listings.push(listing),
            Err(error) => found.unread.push(UnreadPath { path: shown, error }),
        }
    }
    let files = found.listings.iter().flat_map(|listing| &listing.files).map(|file| &file.target);
    let stale = found.listings.iter().flat_map(|listing| &listing.stale);
    let listed: HashSet<String> = files.chain(stale).map(OutputTarget::identity).collect();
    for listing in &mut found.listings {
        listing.unlisted = unlisted_parts(listing, &others, &listed);
    }
    Ok(found)
}

/// The files of a dataset that are not listed, among those of a folder.
fn unlisted_parts(listing: &Listing, files: &[OutputTarget], listed: &HashSet<String>) -> Vec<OutputTarget> {
    let Some((_, column)) = Sidecar::of(listing.manifest.name()) else { return Vec::new() };
    if !listing.files.iter().any(|file| is_in_dataset(&file.listed_path, column)) {
        return Vec::new();
    }
    let is_unlisted = |file: &&OutputTarget| {
        let path = file.seen_from(&listing.manifest);
        (is_in_dataset(&path, column) || is_read_with(&path, column)) && !listed.contains(&file.identity())
    };
    files.iter().filter(is_unlisted).cloned().collect()
}

/// Whether readers of the dataset whose folders are named after `column` find a file by its path relative to the manifest,
/// whatever its name: they read every file with rows in such a folder, at any depth, unless its name marks it as hidden.
fn is_read_with(path: &str, column: &str) -> bool {
    let is_of_column = |folder: &str| folder.split_once('=').is_some_and(|(name, _)| name == column);
    let below = path.split_once('/').filter(|(folder, _)| is_of_column(folder)).map(|(_, below)| below);
    below.is_some_and(|below| {
        FileFormat::from_path(Path::new(below)).is_some() && !below.split('/').any(|part| part.starts_with(['_', '.']))
    })
}

/// The columns after which the folders of datasets in a folder are named, according to manifests; empty if the folder is
/// missing.
///
/// # Errors
/// When the folder cannot be listed.
pub fn datasets_in(folder: &OutputTarget) -> Result<Vec<String>, SourceError> {
    let manifests = match directly_in(folder) {
        Err(SourceError::Open { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found?,
    };
    let column = |manifest: &OutputTarget| {
        let (_, column) = Sidecar::of(manifest.name())?;
        let found = read_manifest::<Facts>(manifest).ok()??;
        found.outputs.iter().any(|file| is_in_dataset(&file.path, column)).then(|| column.to_owned())
    };
    Ok(manifests.iter().filter_map(column).collect())
}

/// The manifests directly in a folder.
fn directly_in(folder: &OutputTarget) -> Result<Vec<OutputTarget>, SourceError> {
    match folder {
        OutputTarget::File(path) => {
            let shown = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            let (mut found, _) =
                entries(shown).map_err(|source| SourceError::Open { path: shown.to_owned(), source })?;
            found.retain(|path| is_manifest(path));
            Ok(found.into_iter().map(OutputTarget::File).collect())
        }
        OutputTarget::Object(object) => Ok(manifests_among(folder, &object.list_directly()?)),
        OutputTarget::Stdout => Ok(Vec::new()),
    }
}

/// The folder of a file, and those above it as long as they are named after a column's value.
fn folders_of(target: &OutputTarget) -> Vec<OutputTarget> {
    let mut folders = Vec::from_iter(target.parent());
    while let Some(folder) = folders.last().filter(|folder| is_of_value(folder)).and_then(OutputTarget::parent) {
        folders.push(folder);
    }
    folders
}

fn is_of_value(folder: &OutputTarget) -> bool {
    folder.to_string().trim_end_matches('/').rsplit('/').next().is_some_and(|name| name.contains('='))
}

fn manifests_among(folder: &OutputTarget, objects: &[ListedObject]) -> Vec<OutputTarget> {
    let mut found = visible_among(folder, objects);
    found.retain(|target| is_manifest(target.name()));
    found
}

/// The objects of a folder, sorted, without hidden ones.
fn visible_among(folder: &OutputTarget, objects: &[ListedObject]) -> Vec<OutputTarget> {
    let is_hidden = |name: &str| name.split('/').any(|part| part.starts_with('.'));
    let mut names: Vec<&str> = objects.iter().map(|object| object.name.as_str()).collect();
    names.retain(|name| !is_hidden(name));
    names.sort_unstable();
    names.into_iter().map(|name| folder.join(name)).collect()
}

fn is_manifest(path: &Path) -> bool {
    Sidecar::of(path).is_some_and(|(sidecar, _)| sidecar.is_manifest())
}

/// Adds the files in a folder, at any depth. Links to folders are not followed, because their targets are counted
/// elsewhere.
fn walk(folder: &Path, found: &mut Vec<OutputTarget>, unread: &mut Vec<UnreadPath>) {
    match entries(folder) {
        Ok((files, folders)) => {
            found.extend(files.into_iter().map(OutputTarget::File));
            for folder in &folders {
                walk(folder, found, unread);
            }
        }
        Err(source) => {
            let error = SourceError::Open { path: folder.to_owned(), source };
            unread.push(UnreadPath { path: folder.display().to_string(), error });
        }
    }
}

/// The files and folders in a folder, sorted, without hidden ones.
fn entries(folder: &Path) -> std::io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(if folder == Path::new(".") { entry.file_name().into() } else { entry.path() });
        }
    }
    paths.sort();
    let (folders, files): (Vec<PathBuf>, _) = paths.into_iter().partition(|path| path.is_dir());
    Ok((files, folders.into_iter().filter(|path| !path.is_symlink()).collect()))
}

/// Reads a manifest.
fn read(manifest: &OutputTarget) -> Result<FoundManifest, SourceError> {
    let path = || PathBuf::from(manifest.to_string());
    match read_manifest::<Facts>(manifest) {
        Ok(Some(found)) => Ok(found),
        Ok(None) => match size_of(manifest) {
            Ok(None) => Err(SourceError::Open { path: path(), source: std::io::ErrorKind::NotFound.into() }),
            _ => Err(SourceError::Publishing { path: path() }),
        },
        Err(source) => Err(SourceError::UnreadableManifest { path: path(), source }),
    }
}

fn listed(found: &FoundManifest, file: &PublishedFile, target: OutputTarget, manifest: &OutputTarget) -> ListedFile {
    let Facts { resource, details, .. } = found.details.clone();
    let resource = file.resource.clone().or(resource).unwrap_or_else(|| FIRST_RESOURCE.to_owned());
    let published = of_manifest(file, details, PathBuf::from(manifest.to_string()));
    ListedFile { target, listed_path: file.path.clone(), resource, published }
}

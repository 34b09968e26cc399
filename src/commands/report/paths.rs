//! Checks where reports are written: never to their inputs, and each to a path of its own.
//!
//! *Easy to get wrong:* a file has many names, by `./`, `..` and links, so places are compared and not names.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use crate::input::{FoundFiles, SourceError};
use crate::store::{OutputTarget, Stores};

/// Checks all places before anything is read or written.
///
/// # Errors
/// When a form would replace one of the files or another form.
pub(super) fn check<'a>(
    forms: impl Iterator<Item = &'a OutputTarget>,
    found: &[&FoundFiles],
    old_summaries: &[&Path],
    stores: &Arc<Stores>,
) -> Result<(), SourceError> {
    let mut inputs = input_places(found, stores)?;
    for path in old_summaries {
        inputs.insert(OutputTarget::new(path, stores)?.identity());
    }
    let mut taken = HashSet::new();
    for target in forms.filter(|target| **target == OutputTarget::Stdout || !target.is_stream()) {
        if inputs.contains(&target.identity()) {
            return Err(SourceError::Replaced { path: target.to_string().into() });
        }
        if !taken.insert(target.identity()) {
            return Err(SourceError::RepeatedReport { path: target.to_string().into() });
        }
    }
    Ok(())
}

/// The places of files that are read or skipped, and of their manifests.
///
/// # Errors
/// When a path cannot be a place.
pub(in crate::commands) fn input_places(
    found: &[&FoundFiles],
    stores: &Arc<Stores>,
) -> Result<HashSet<String>, SourceError> {
    let read = found.iter().flat_map(|found| found.files.iter().map(|file| &file.path));
    let skipped = found.iter().flat_map(|found| found.skipped.iter().map(|skipped| &skipped.path));
    let mut inputs: HashSet<String> = HashSet::new();
    for path in read.chain(skipped) {
        let target = OutputTarget::new(path, stores)?;
        // Without its manifest, a damaged file could no longer be detected.
        inputs.extend(target.manifests().iter().map(OutputTarget::identity));
        inputs.insert(target.identity());
    }
    let published = found.iter().flat_map(|found| found.files.iter().filter_map(|file| file.published.as_ref()));
    let manifests = published.map(|published| published.manifest.as_path());
    for path in manifests {
        inputs.insert(OutputTarget::new(path, stores)?.identity());
    }
    Ok(inputs)
}

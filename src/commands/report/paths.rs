//! Checks the paths of reports: they must differ from each other and from the inputs.
//!
//! *Easy to get wrong:* `./`, `..` and links give a file many paths, so identities are compared instead.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use crate::input::{FoundFiles, SourceError};
use crate::store::{OutputTarget, Stores};

/// Checks all paths before anything is read or written.
///
/// # Errors
/// When a report would replace an input or another report.
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

/// The identities of the files that are read or skipped, and of their manifests.
///
/// # Errors
/// When a path is invalid.
pub(in crate::commands) fn input_places(
    found: &[&FoundFiles],
    stores: &Arc<Stores>,
) -> Result<HashSet<String>, SourceError> {
    let read = found.iter().flat_map(|found| found.files.iter().map(|file| &file.path));
    let skipped = found.iter().flat_map(|found| found.skipped.iter().map(|skipped| &skipped.path));
    let mut inputs: HashSet<String> = HashSet::new();
    for path in read.chain(skipped) {
        let target = OutputTarget::new(path, stores)?;
        // Without its manifest, damage to a file could no longer be detected.
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

//! Where a report may go: never onto what it is made from, and no two forms to one place.
//!
//! *Easy to get wrong:* a file has many names, by `./`, `..` and links, so places are compared and not names.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::is_stdout;
use crate::input::{Found, SourceError};
use crate::store::{Sidecar, file_identity, is_written_directly};

/// Checks all places before anything is read or written.
///
/// # Errors
/// When a form would replace one of the files or another form.
pub(super) fn check<'a>(
    forms: impl Iterator<Item = &'a Path>,
    found: &[&Found],
    old_summary: Option<&Path>,
) -> Result<(), SourceError> {
    let read = found.iter().flat_map(|found| found.files.iter().map(|file| &file.real));
    let skipped = found.iter().flat_map(|found| found.skipped.iter().map(|skipped| &skipped.real));
    let mut inputs: HashSet<PathBuf> = HashSet::new();
    for real in read.chain(skipped) {
        // Without its manifest, a damaged file could no longer be detected.
        inputs.extend(Sidecar::manifests_of(real));
        inputs.insert(real.clone());
    }
    let published = found.iter().flat_map(|found| found.files.iter().filter_map(|file| file.published.as_ref()));
    inputs.extend(published.map(|published| published.manifest.clone()));
    inputs.extend(old_summary.and_then(|path| fs::canonicalize(path).ok()));
    let mut taken = HashSet::new();
    for path in forms {
        let Some(place) = place_of(path) else { continue };
        if inputs.contains(&place) {
            return Err(SourceError::Replaced { path: path.to_owned() });
        }
        if !taken.insert(place) {
            return Err(SourceError::RepeatedReport { path: path.to_owned() });
        }
    }
    Ok(())
}

/// Where a file is or will be; nothing for what is no regular file, which can take more than one report.
fn place_of(path: &Path) -> Option<PathBuf> {
    if is_stdout(path) {
        return Some(path.to_owned());
    }
    (!is_written_directly(path)).then(|| file_identity(path))
}

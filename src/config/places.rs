//! Paths of the files beside the outputs, and checks that no two files of a run have the same path.

use std::collections::HashSet;

use super::ConfigError;
use super::naming::Naming;
use crate::cli::OutputArgs;
use crate::publish::{OutputRequest, whole_of_part};
use crate::store::{OutputTarget, Sidecar, file_identity};

/// The manifest's target: the default `beside` the first file, or the one given.
pub(super) fn check_manifest(
    args: &OutputArgs,
    is_needed: bool,
    beside: Option<&OutputTarget>,
    naming: &Naming,
) -> Result<Option<OutputTarget>, ConfigError> {
    match args.manifest.as_deref() {
        None => Ok(beside.cloned()),
        Some(path) if path.as_os_str() == "none" && is_needed => Err(ConfigError::ShrinkWithoutManifest),
        Some(path) if path.as_os_str() == "none" => Ok(None),
        Some(path) => match naming.target(path)? {
            stdout @ OutputTarget::Stdout => Err(ConfigError::BadManifest(stdout)),
            target => Ok(Some(target)),
        },
    }
}

/// Checks that no file replaces another, however their paths are spelled. The outputs of `split` are written as numbered
/// files.
pub(super) fn check_distinct<'a>(
    outputs: impl Iterator<Item = &'a OutputRequest> + Clone,
    split: &[OutputRequest],
    side_files: impl Iterator<Item = &'a OutputTarget>,
    manifest: Option<&'a OutputTarget>,
) -> Result<(), ConfigError> {
    // Names that a run uses for temporary files beside its outputs.
    const OWN: [Sidecar; 5] =
        [Sidecar::Lock, Sidecar::Partial, Sidecar::Journal, Sidecar::Publication, Sidecar::OldManifest];
    let own = outputs.clone().filter_map(|request| request.target.state_path());
    let own = own.flat_map(|path| OWN.map(|own| file_identity(&own.path(&path)).to_string_lossy().into_owned()));
    let mut known: HashSet<String> = own.collect();
    let split: HashSet<String> = split.iter().map(|request| request.target.identity()).collect();
    let is_part = |target: &OutputTarget| whole_of_part(&target.identity()).is_some_and(|whole| split.contains(&whole));
    let targets = outputs.map(|request| &request.target).chain(side_files);
    for target in targets.chain(manifest) {
        if !known.insert(target.identity()) || is_part(target) {
            return Err(ConfigError::RepeatedOutput(target.to_string()));
        }
    }
    Ok(())
}

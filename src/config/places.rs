//! Where a run writes beside its outputs, and that nothing it writes is in the way of another part.

use std::collections::HashSet;

use super::ConfigError;
use super::naming::Naming;
use crate::cli::OutputArgs;
use crate::publish::OutputRequest;
use crate::store::{OutputTarget, Sidecar, file_identity};

/// Where the manifest goes, `beside` the first file unless asked otherwise.
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

/// Nothing that is written may replace another part of it, however its path is spelled.
pub(super) fn check_distinct<'a>(
    outputs: impl Iterator<Item = &'a OutputRequest> + Clone,
    side_files: impl Iterator<Item = &'a OutputTarget>,
    manifest: Option<&'a OutputTarget>,
) -> Result<(), ConfigError> {
    // What a run keeps beside its outputs while it lasts has the place of nothing else.
    const OWN: [Sidecar; 4] = [Sidecar::Lock, Sidecar::Partial, Sidecar::Journal, Sidecar::OldManifest];
    let own = outputs.clone().filter_map(|request| request.target.state_path());
    let own = own.flat_map(|path| OWN.map(|own| file_identity(&own.path(&path)).to_string_lossy().into_owned()));
    let mut known: HashSet<String> = own.collect();
    let targets = outputs.map(|request| &request.target).chain(side_files);
    for target in targets.chain(manifest) {
        if !known.insert(target.identity()) {
            return Err(ConfigError::RepeatedOutput(target.to_string()));
        }
    }
    Ok(())
}

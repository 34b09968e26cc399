//! Removes what killed runs have left beside outputs whose names differ from run to run: the next run has other names, so it
//! neither replaces their temporary files nor takes their locks.
//!
//! *Easy to get wrong:* another run may be writing one of these outputs. What belongs to an output is removed only under its
//! lock, which a run that was killed does not hold.

use std::fs;
use std::path::{Path, PathBuf};

use super::lock::OutputLock;
use super::partitions::is_dataset_file;
use super::parts::is_part_of;
use crate::base::hive::partition_of;
use crate::store::{OutputTarget, PlacePattern, Sidecar, folder_of, remove_empty_folder, remove_partial};

/// Removes what killed runs have left of the outputs whose locks have these paths.
pub fn remove_leftovers(locks: &PlacePattern) {
    let found = locks.find().unwrap_or_else(|error| {
        tracing::debug!("cannot look for files that a killed run has left: {error}");
        Vec::new()
    });
    for output in found.iter().filter_map(OutputTarget::path).filter_map(output_of) {
        remove_left_of(&output);
    }
}

/// Removes what killed runs have left of outputs in a folder, by the names of the outputs.
pub fn remove_leftovers_in(folder: &Path, is_output: impl Fn(&OutputTarget) -> bool) {
    let mut outputs: Vec<PathBuf> = entries(folder).iter().filter_map(|path| output_of(path)).collect();
    outputs.retain(|output| is_output(&OutputTarget::File(output.clone())));
    outputs.sort();
    outputs.dedup();
    for output in &outputs {
        remove_left_of(output);
    }
}

/// The output to which a lock or a temporary file belongs.
fn output_of(path: &Path) -> Option<PathBuf> {
    let (sidecar, output) = Sidecar::of(path)?;
    matches!(sidecar, Sidecar::Lock | Sidecar::Partial).then(|| path.with_file_name(output))
}

fn remove_left_of(output: &Path) {
    // A run that is writing it holds the lock. Whoever may not write here has left nothing.
    let Ok(lock) = OutputLock::acquire(output) else { return };
    if !lock.is_held() {
        return;
    }
    let target = OutputTarget::File(output.to_owned());
    target.manifests().iter().chain([&target]).for_each(remove_partial);
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    for path in entries(folder_of(output)) {
        let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if output_of(&path)
            .is_some_and(|part| part.file_name().is_some_and(|part| is_part_of(&part.to_string_lossy(), &name)))
        {
            fs::remove_file(&path).ok();
        } else if partition_of(&file_name).is_some_and(|(column, _)| column == name) {
            remove_left_in_partition(&path);
        }
    }
    drop(lock);
    remove_empty_folder(&target);
}

/// Removes temporary files from the folder of a value, and the folder if nothing was published there.
fn remove_left_in_partition(folder: &Path) {
    for path in entries(folder) {
        let is_of_dataset =
            |part: PathBuf| part.file_name().is_some_and(|name| is_dataset_file(&name.to_string_lossy()));
        if output_of(&path).is_some_and(is_of_dataset) {
            fs::remove_file(&path).ok();
        }
    }
    // Fails if it is not empty, as intended.
    fs::remove_dir(folder).ok();
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_a_run_is_writing_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let left = [".c.csv.lock", ".c.csv.partial", ".c-00003.csv.partial", "._c.csv.manifest.json.partial"];
        let of_others = [".d.csv.partial", "c.csv", ".notes"];
        for name in left.iter().chain(&of_others) {
            fs::write(path(name), "").unwrap();
        }
        let lock = OutputLock::acquire(&path("c.csv")).unwrap();
        remove_leftovers_in(folder.path(), |output| output.name() == path("c.csv"));
        assert!(left.iter().all(|name| path(name).exists()));
        drop(lock);
        remove_leftovers_in(folder.path(), |output| output.name() == path("c.csv"));
        assert!(left.iter().all(|name| !path(name).exists()));
        assert!(of_others.iter().all(|name| path(name).exists()));
    }

    #[test]
    fn a_folder_in_which_nothing_was_published_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = folder.path().join("e");
        fs::create_dir_all(dataset.join("opt_out=true")).unwrap();
        fs::write(dataset.join("opt_out=true/.part-0.csv.partial"), "").unwrap();
        fs::write(dataset.join(".opt_out.lock"), "").unwrap();
        remove_leftovers_in(&dataset, |_| true);
        assert!(!dataset.exists());
    }
}

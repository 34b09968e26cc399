//! The record of a publication: what a run replaces and with what, kept beside the journal while files are renamed.
//!
//! The manifest is absent meanwhile. If the run is stopped, the next one finds both manifests here: it learns what the last
//! export was, and whether the changes that it would write are already published. The record is written as a whole before
//! the old manifest is withdrawn, and removed after the new one is published, when no journal is left that a run could
//! resume from.
//!
//! *Easy to get wrong:* a record describes what files may be, not what they are. Whoever relies on a manifest in it compares
//! the files with their checksums first.

use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::manifest::{PublishedFile, PublishedManifest, parse_manifest, read_value};
use crate::store::{
    FileSettings, OutputTarget, Sidecar, StoreError, Stores, read_small_file, remove_small_file, size_of,
    write_small_file,
};

/// What a run replaces and with what.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicationRecord {
    /// The manifest of the last export; `None` if there was none.
    pub previous: Option<RecordedManifest>,
    /// The manifest that the run was about to publish.
    pub next: RecordedManifest,
}

/// A manifest in a record, and where it belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedManifest {
    /// Its target, from which the paths of its files lead.
    pub target: OutputTarget,
    manifest: Value,
}

/// A record as it is written.
#[derive(Serialize, Deserialize)]
struct RecordFields {
    previous: Option<RecordedFields>,
    next: RecordedFields,
}

#[derive(Serialize, Deserialize)]
struct RecordedFields {
    /// The path of the manifest relative to the record, or its address.
    path: String,
    manifest: Value,
}

impl RecordedManifest {
    /// A manifest and its target.
    pub fn new(target: OutputTarget, manifest: Value) -> Self {
        Self { target, manifest }
    }

    /// The manifest at a target; `None` if there is none that can be read.
    pub fn at(target: &OutputTarget) -> Option<Self> {
        let manifest = read_value(target).ok().flatten()?;
        Some(Self::new(target.clone(), manifest))
    }

    /// Its fields.
    ///
    /// # Errors
    /// When it is not a manifest.
    pub fn read<D: DeserializeOwned>(&self) -> io::Result<PublishedManifest<D>> {
        parse_manifest(self.manifest.clone())
    }

    fn seen_from(&self, record: &OutputTarget) -> RecordedFields {
        RecordedFields { path: self.target.seen_from(record), manifest: self.manifest.clone() }
    }
}

impl RecordedFields {
    fn resolve(self, record: &OutputTarget, stores: &Arc<Stores>) -> Option<RecordedManifest> {
        let target = match OutputTarget::new(Path::new(&self.path), stores).ok()? {
            OutputTarget::File(_) => record.resolve(&self.path)?,
            object => object,
        };
        Some(RecordedManifest::new(target, self.manifest))
    }
}

impl PublicationRecord {
    /// The file for the record of a run; `output` is its first output. `None` if nothing is kept beside that.
    pub fn file_of(output: &OutputTarget) -> Option<OutputTarget> {
        Some(OutputTarget::File(Sidecar::Publication.path(&output.state_path()?)))
    }

    /// Reads the record that an interrupted run has left; `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(file: &OutputTarget, stores: &Arc<Stores>) -> io::Result<Option<Self>> {
        let Some(json) = read_small_file(file)? else { return Ok(None) };
        let RecordFields { previous, next } = serde_json::from_slice(&json)?;
        let resolve = |fields: RecordedFields| fields.resolve(file, stores);
        Ok(resolve(next).map(|next| Self { previous: previous.and_then(resolve), next }))
    }

    /// The manifest that the run has withdrawn from a target.
    ///
    /// # Errors
    /// When it is not a manifest.
    pub fn withdrawn_from<D: DeserializeOwned>(
        &self,
        target: &OutputTarget,
    ) -> io::Result<Option<PublishedManifest<D>>> {
        let previous = self.previous.as_ref().filter(|previous| previous.target.identity() == target.identity());
        previous.map(RecordedManifest::read).transpose()
    }

    /// The files of both exports, as far as their manifests belong to a target. Those that the run replaces are listed twice.
    pub fn files_of(&self, target: &OutputTarget) -> Vec<PublishedFile> {
        self.manifests_of(target).flat_map(|found| found.outputs).collect()
    }

    /// The paths of these files, and of those of earlier exports that could not be removed.
    pub fn paths_of(&self, target: &OutputTarget) -> Vec<String> {
        self.manifests_of(target).flat_map(PublishedManifest::into_paths).collect()
    }

    fn manifests_of(&self, target: &OutputTarget) -> impl Iterator<Item = PublishedManifest<IgnoredAny>> {
        let both = self.previous.iter().chain([&self.next]);
        let of_target = both.filter(|recorded| recorded.target.identity() == target.identity());
        of_target.filter_map(|recorded| recorded.read().ok())
    }

    /// Writes the record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, file: &OutputTarget, settings: FileSettings) -> Result<(), StoreError> {
        let previous = self.previous.as_ref().map(|previous| previous.seen_from(file));
        let fields = RecordFields { previous, next: self.next.seen_from(file) };
        let json = serde_json::to_vec(&fields).expect("values of JSON and texts");
        // It is for the next run alone, whoever may read the outputs.
        write_small_file(file, &json, FileSettings { mode: None, ..settings })
    }

    /// Removes a record, if there is one.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(file: &OutputTarget) -> Result<(), StoreError> {
        remove_small_file(file).or_else(|error| if matches!(size_of(file), Ok(None)) { Ok(()) } else { Err(error) })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_moves_with_its_folder_and_a_damaged_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (folder.path().join("a"), folder.path().join("b"));
        fs::create_dir(&here).unwrap();
        let at = |folder: &Path, name: &str| OutputTarget::File(folder.join(name));
        let stores = Stores::new(&[], None);
        let file = PublicationRecord::file_of(&at(&here, "c.csv")).unwrap();
        assert_eq!(file, at(&here, ".c.csv.publishing"));
        assert_eq!(PublicationRecord::read(&file, &stores).unwrap(), None);
        let manifest = |rows| json!({"rows": rows, "outputs": []});
        let next = RecordedManifest::new(at(&here, "_c.csv.manifest.json"), manifest(7));
        let previous =
            RecordedManifest::new(OutputTarget::new(Path::new("s3://b/m.json"), &stores).unwrap(), manifest(5));
        let record = PublicationRecord { previous: Some(previous.clone()), next };
        record.write(&file, FileSettings::default()).unwrap();
        fs::rename(&here, &there).unwrap();
        let read = PublicationRecord::read(&at(&there, ".c.csv.publishing"), &stores).unwrap().unwrap();
        assert_eq!(read.previous, Some(previous));
        assert_eq!(read.next.target, at(&there, "_c.csv.manifest.json"));
        assert_eq!(read.next.read::<IgnoredAny>().unwrap().rows, 7);
        fs::write(there.join(".c.csv.publishing"), "{").unwrap();
        assert!(PublicationRecord::read(&at(&there, ".c.csv.publishing"), &stores).is_err());
        PublicationRecord::remove(&at(&there, ".c.csv.publishing")).unwrap();
        PublicationRecord::remove(&at(&there, ".c.csv.publishing")).unwrap();
    }
}

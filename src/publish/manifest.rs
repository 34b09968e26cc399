//! The manifest: what a run has published, written last.
//!
//! If `_<output>.manifest.json` exists, every output of the run is complete and can be verified by size and SHA-256. The
//! next run reads it to find out by how much an account has shrunk, and `report` reads it to check that a file is complete.

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::settings::OutputReport;
use crate::format::CsvSettings;
use crate::store::{FileSettings, OutputTarget, SmallFile, StoreError, read_small_file, stage_small_file};
use crate::transform::Privacy;
use crate::verdict::Evidence;

/// Version of the manifest; increases when a field changes its name or meaning. New fields do not change it.
pub const MANIFEST_SCHEMA_VERSION: u32 = 1;

/// A manifest; `F` are the filters, `C` the counters of the run, `D` those of changes, and `P` the facts about a profile.
#[derive(Debug, Serialize)]
pub struct Manifest<'a, F: Serialize, C: Serialize, D: Serialize = (), P: Serialize = ()> {
    /// [`MANIFEST_SCHEMA_VERSION`]
    pub schema_version: u32,
    /// Version of the program.
    pub tool_version: &'static str,
    /// What the rows are: `contacts`.
    pub resource: &'a str,
    /// The unique id of the run.
    pub run_id: &'a str,
    /// RFC 3339, UTC.
    pub started_at: &'a str,
    /// RFC 3339, UTC.
    pub finished_at: &'a str,
    /// Address of the API that was read, or `simulator`.
    pub api: &'a str,
    /// Filters of the run.
    pub filters: &'a F,
    /// Which columns were dropped, masked or hashed.
    #[serde(skip_serializing_if = "Privacy::is_none")]
    pub privacy: &'a Privacy,
    /// Rows of the resource in every output that contains them.
    pub rows: u64,
    /// The same for contacts, under the name that manifests had before there were other resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<u64>,
    /// Rows that were read and filtered out by `--only`; `None` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_left_out: Option<u64>,
    /// Items of the list that could not be rows, and are in no output.
    pub items_rejected: u64,
    /// `complete`, `healed` or `unverified`.
    pub verdict: &'static str,
    /// Evidence for the verdict.
    pub evidence: &'a [Evidence],
    /// The same in numbers.
    pub consistency: &'a C,
    /// What was read of each profile; empty unless several were requested.
    #[serde(skip_serializing_if = "<[P]>::is_empty")]
    pub profiles: &'a [P],
    /// What changed since the replaced export; `None` unless they were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<&'a D>,
    /// The file that the run added to a history, with its path relative to the manifest. It is not one of the outputs,
    /// because a history is kept longer than any single export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<&'a OutputReport>,
    /// Files of earlier exports that could not be removed, with paths relative to the manifest. Readers of their folder take
    /// them for parts of this export, so the next run removes them.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub stale: &'a [String],
    /// The files, with paths relative to the manifest.
    pub outputs: &'a [OutputReport],
}

/// The fields that every reader of a manifest needs, whatever its version; `D` has those that one reader needs in addition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedManifest<D> {
    /// Rows in every output.
    pub rows: u64,
    /// The files.
    pub outputs: Vec<PublishedFile>,
    /// The paths of files of earlier exports that could not be removed.
    pub stale: Vec<String>,
    /// The additional fields.
    pub details: D,
}

impl<D> PublishedManifest<D> {
    /// The paths of its files, and of those of earlier exports that could not be removed.
    pub fn into_paths(self) -> impl Iterator<Item = String> {
        self.outputs.into_iter().map(|file| file.path).chain(self.stale)
    }
}

/// A manifest as it is written; earlier versions have no `rows`.
#[derive(Deserialize)]
struct ManifestFields<D> {
    rows: Option<u64>,
    contacts: Option<u64>,
    #[serde(default = "Vec::new")]
    outputs: Vec<PublishedFile>,
    #[serde(default)]
    stale: Vec<String>,
    #[serde(flatten)]
    details: D,
}

/// A file in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PublishedFile {
    /// Relative to the manifest; manifests of version 0.1 have the path as given to the run.
    pub path: String,
    /// The resource of its rows, if it is not that of the export.
    pub resource: Option<String>,
    /// The CSV layout, if it is not the default.
    #[serde(default)]
    pub csv: Option<CsvSettings>,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: Option<String>,
}

/// Reads the manifest of an earlier run; `None` if there is none, or only the placeholder of a run that is publishing.
///
/// # Errors
/// When it cannot be read, or is not a manifest.
pub fn read_manifest<D: DeserializeOwned>(target: &OutputTarget) -> io::Result<Option<PublishedManifest<D>>> {
    read_value(target)?.map(parse_manifest).transpose()
}

/// The manifest of an earlier run as it was written; `None` as for [`read_manifest`].
pub(super) fn read_value(target: &OutputTarget) -> io::Result<Option<Value>> {
    let Some(json) = read_small_file(target)? else { return Ok(None) };
    let is_placeholder = serde_json::from_slice::<Placeholder>(&json).is_ok_and(|found| found.is_publishing);
    if is_placeholder { Ok(None) } else { Ok(Some(serde_json::from_slice(&json)?)) }
}

/// The fields of a manifest.
pub(super) fn parse_manifest<D: DeserializeOwned>(json: Value) -> io::Result<PublishedManifest<D>> {
    let ManifestFields { rows, contacts, outputs, stale, details } = serde_json::from_value(json)?;
    let missing = || io::Error::new(io::ErrorKind::InvalidData, "the number of rows is missing");
    let rows = rows.or(contacts).ok_or_else(missing)?;
    Ok(PublishedManifest { rows, outputs, stale, details })
}

/// The files of a dataset that a run may have left when it was stopped while publishing; empty if there was no such run.
pub fn left_by_interrupted_run(target: &OutputTarget) -> Vec<String> {
    let json = read_small_file(target).ok().flatten();
    let placeholder = json.and_then(|json| serde_json::from_slice::<Placeholder>(&json).ok());
    placeholder.filter(|placeholder| placeholder.is_publishing).map(|placeholder| placeholder.files).unwrap_or_default()
}

/// Replaces the manifest while the objects of a run are published. It is written conditionally: of two runs that started
/// with the same manifest, one fails here and has replaced nothing.
#[derive(Debug, Serialize, Deserialize)]
struct Placeholder {
    is_publishing: bool,
    #[serde(default)]
    note: String,
    /// Files of a dataset that may exist if the run does not finish, relative to the manifest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
}

/// The placeholder's bytes; `files` are those of the dataset before and after the run.
pub fn placeholder(started_at: &str, files: Vec<String>) -> Vec<u8> {
    let note = format!(
        "The run that began at {started_at} is publishing its outputs, or was stopped while it did: they may be old or new."
    );
    let json = serde_json::to_vec_pretty(&Placeholder { is_publishing: true, note, files });
    json.expect("a flag and texts")
}

impl<F: Serialize, C: Serialize, D: Serialize, P: Serialize> Manifest<'_, F, C, D, P> {
    /// The manifest as a record of the publication keeps it.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("texts, numbers and maps with text keys")
    }

    /// Writes the manifest under a temporary name; it is renamed after all other files.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn stage(&self, target: &OutputTarget, settings: FileSettings) -> Result<SmallFile, StoreError> {
        stage_small_file(target, &self.to_json(), settings)
    }

    /// The manifest as it is written.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("texts, numbers and maps with text keys");
        json.push(b'\n');
        json
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde::de::IgnoredAny;

    use super::*;
    use crate::format::FileFormat;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Details {
        filters: String,
    }

    #[test]
    fn what_is_written_can_be_read_and_what_is_none_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("_c.csv.manifest.json");
        let target = OutputTarget::File(path.clone());
        assert_eq!(read_manifest::<Details>(&target).unwrap(), None);
        let report = |rows| OutputReport {
            path: "c.csv".into(),
            resource: None,
            format: FileFormat::CSV,
            csv: None,
            rows,
            bytes: 70,
            sha256: "00".into(),
        };
        let manifest = Manifest {
            schema_version: MANIFEST_SCHEMA_VERSION,
            tool_version: "1.0.0",
            resource: "contacts",
            run_id: "20260301T000000Z-00000000",
            started_at: "2026-03-01T00:00:00Z",
            finished_at: "2026-03-01T00:00:01Z",
            api: "simulator",
            filters: &"none",
            privacy: &Privacy::default(),
            rows: 7,
            contacts: Some(7),
            rows_left_out: None,
            items_rejected: 0,
            verdict: "complete",
            evidence: &[],
            consistency: &(),
            profiles: &[] as &[()],
            changes: None::<&()>,
            history: None,
            stale: &["c-00001.csv".to_owned()],
            outputs: &[report(7)],
        };
        manifest.stage(&target, FileSettings::default()).unwrap().publish().unwrap();
        let read = read_manifest::<Details>(&target).unwrap().unwrap();
        assert_eq!((read.rows, read.details.filters.as_str()), (7, "none"));
        assert_eq!(read.stale, ["c-00001.csv"]);
        let sha256 = Some("00".to_owned());
        assert_eq!(
            read.outputs,
            [PublishedFile { path: "c.csv".into(), resource: None, csv: None, rows: 7, bytes: 70, sha256 }]
        );
        assert_eq!(read_manifest::<IgnoredAny>(&target).unwrap().unwrap().rows, 7);
        fs::write(&path, r#"{"contacts": 8}"#).unwrap();
        assert_eq!(read_manifest::<IgnoredAny>(&target).unwrap().unwrap().rows, 8, "as earlier versions wrote it");
        fs::write(&path, r#"{"outputs": []}"#).unwrap();
        assert!(read_manifest::<IgnoredAny>(&target).is_err());
        fs::write(&path, "{").unwrap();
        assert!(read_manifest::<Details>(&target).is_err());
        fs::write(&path, placeholder("2026-03-01T00:00:00Z", vec!["c=1/part-0.csv".to_owned()])).unwrap();
        assert_eq!(read_manifest::<Details>(&target).unwrap(), None, "a run publishes");
        assert_eq!(left_by_interrupted_run(&target), ["c=1/part-0.csv"]);
    }
}

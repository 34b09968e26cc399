//! What the manifest of an export says of a file, where there is one.
//!
//! The manifest lies beside the first file of an export only and lists all, so a file's own manifest is looked for and
//! those of its siblings in other formats. The one that was written last is right: what it lists replaced what was there.
//! Manifests of all versions are read: those of earlier ones have another name, and evidence without codes.
//!
//! *Easy to get wrong:* paths in a manifest may be as they were typed, from a folder that nobody knows any more. So a file
//! is only known by its name, in the folder of the output that the manifest is named after.

use std::io;
use std::path::{Component, Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::without_extension;
use crate::sink::OutputFormat;
use crate::summary::{Filters, InputEvidence};
use crate::verdict::Verdict;

/// A file as its export published it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The manifest that lists it.
    pub manifest: PathBuf,
    /// When the export began, from which its own summary counts ages.
    pub at: DateTime<Utc>,
    /// When it was whole: contacts in it may have changed up to then.
    pub until: DateTime<Utc>,
    /// Address of the API that was read, or `simulator`.
    pub api: Option<String>,
    /// What was left out on request.
    pub filters: Filters,
    /// Whether the export held every contact, as far as its manifest tells.
    pub verdict: Option<Verdict>,
    /// What the verdict rests on.
    pub evidence: Vec<InputEvidence>,
    /// Items of the list that could not be contacts.
    pub items_rejected: u64,
    /// Contacts in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: Option<String>,
}

/// What is read of a manifest.
#[derive(Deserialize)]
struct Manifest {
    #[serde(deserialize_with = "moment")]
    started_at: DateTime<Utc>,
    #[serde(deserialize_with = "moment")]
    finished_at: DateTime<Utc>,
    api: Option<String>,
    #[serde(default)]
    filters: Filters,
    verdict: Option<Verdict>,
    #[serde(default)]
    evidence: Vec<InputEvidence>,
    #[serde(default)]
    items_rejected: u64,
    #[serde(default)]
    outputs: Vec<ListedFile>,
}

#[derive(Deserialize)]
struct ListedFile {
    path: String,
    rows: u64,
    bytes: u64,
    sha256: Option<String>,
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

const MANIFEST_END: &str = ".manifest.json";

/// Where the manifest named after an output lies: by this version, and by earlier ones.
pub fn manifest_paths(output: &Path) -> [PathBuf; 2] {
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    ["_", ""].map(|start| output.with_file_name(format!("{start}{name}{MANIFEST_END}")))
}

/// Whether a path is named as the manifest of an export.
pub(super) fn is_manifest(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(MANIFEST_END));
    name.is_some_and(|name| OutputFormat::from_path(Path::new(name)).is_some())
}

/// What is known of a file; `real` is where it really is, since a manifest lies there. Without a manifest that lists it,
/// one that cannot be read.
pub(super) fn find_published(real: &Path) -> Result<Option<Published>, PathBuf> {
    let Some(name) = real.file_name().and_then(|name| name.to_str()) else { return Ok(None) };
    let Some(stem) = without_extension(real).to_str().map(str::to_owned) else { return Ok(None) };
    let outputs = OutputFormat::ALL.into_iter().map(|format| PathBuf::from(format!("{stem}{}", format.name())));
    let mut unread = None;
    let mut found: Option<Published> = None;
    for output in outputs {
        for path in manifest_paths(&output) {
            let beside = output.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Ok(manifest) = read_manifest(&path) else {
                unread = unread.or(Some(path));
                continue;
            };
            let published = manifest.and_then(|manifest| manifest.published(path, beside, name));
            if let Some(published) = published.filter(|new| found.as_ref().is_none_or(|old| old.until < new.until)) {
                found = Some(published);
            }
        }
    }
    match (found, unread) {
        (None, Some(path)) => Err(path),
        (found, _) => Ok(found),
    }
}

fn read_manifest(path: &Path) -> io::Result<Option<Manifest>> {
    match std::fs::read(path) {
        Ok(json) => Ok(Some(serde_json::from_slice(&json)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Manifest {
    /// What it says of the file of a name; `beside` is the output that it is named after.
    fn published(self, path: PathBuf, beside: &str, name: &str) -> Option<Published> {
        let &ListedFile { rows, bytes, ref sha256, .. } = listed(&self.outputs, beside, name)?;
        Some(Published {
            manifest: path,
            at: self.started_at,
            until: self.finished_at,
            api: self.api,
            sha256: sha256.clone(),
            filters: self.filters,
            verdict: self.verdict,
            evidence: self.evidence,
            items_rejected: self.items_rejected,
            rows,
            bytes,
        })
    }
}

fn listed<'a>(outputs: &'a [ListedFile], beside: &str, name: &str) -> Option<&'a ListedFile> {
    let folder = |listed: &'a ListedFile| {
        let folder = Path::new(&listed.path).parent().unwrap_or(Path::new(""));
        folder.components().filter(|part| *part != Component::CurDir)
    };
    let is_named =
        |listed: &ListedFile, name: &str| Path::new(&listed.path).file_name().is_some_and(|last| last == name);
    let first = outputs.iter().find(|listed| is_named(listed, beside))?;
    outputs.iter().find(|listed| is_named(listed, name) && folder(listed).eq(folder(first)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write_manifest(folder: &Path, beside: &str, day: u32, outputs: &[(&str, u64)]) {
        let outputs: Vec<_> =
            outputs.iter().map(|(path, rows)| serde_json::json!({"path": path, "rows": rows, "bytes": 7})).collect();
        let manifest = serde_json::json!({"started_at": format!("2026-03-{day:02}T00:00:00.123Z"),
            "finished_at": format!("2026-03-{day:02}T01:00:00Z"), "filters": {"channel": "sms"}, "contacts": 1, "outputs": outputs});
        fs::write(folder.join(format!("{beside}.manifest.json")), manifest.to_string()).unwrap();
    }

    #[test]
    fn a_file_is_found_in_the_last_manifest_that_lists_it() {
        let folder = tempfile::tempdir().unwrap();
        let find = |name: &str| find_published(&folder.path().join(name));
        let rows = |name: &str| find(name).unwrap().map(|published| published.rows);
        assert_eq!(rows("c.csv"), None);
        write_manifest(folder.path(), "c.parquet", 2, &[("out/c.parquet", 1), ("./out/c.csv", 2), ("c.csv.gz", 3)]);
        assert_eq!([rows("c.parquet"), rows("c.csv"), rows("c.csv.gz"), rows("d.csv")], [Some(1), Some(2), None, None]);
        write_manifest(folder.path(), "c.csv", 1, &[("c.csv", 4)]);
        assert_eq!(rows("c.csv"), Some(2));
        write_manifest(folder.path(), "c.csv", 3, &[("c.csv", 4)]);
        assert_eq!([rows("c.csv"), rows("c.parquet")], [Some(4), Some(1)]);
        fs::write(folder.path().join("c.csv.manifest.json"), "{}").unwrap();
        assert_eq!(rows("c.csv"), Some(2));
        assert_eq!(find("c.csv").unwrap().unwrap().filters.channel.as_deref(), Some("sms"));
        fs::write(folder.path().join("_d.csv.manifest.json"), "{").unwrap();
        assert_eq!(find("d.csv"), Err(folder.path().join("_d.csv.manifest.json")));
    }

    #[test]
    fn manifests_of_both_names_and_both_forms_of_evidence_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, day: u32, evidence: serde_json::Value| {
            let manifest = serde_json::json!({"started_at": format!("2026-03-{day:02}T00:00:00Z"),
                "finished_at": format!("2026-03-{day:02}T01:00:00Z"), "api": "https://api.sent.dm", "verdict": "unverified",
                "evidence": evidence, "items_rejected": day, "contacts": 1,
                "outputs": [{"path": "c.csv", "rows": 1, "bytes": 7, "sha256": "ab"}]});
            fs::write(folder.path().join(name), manifest.to_string()).unwrap();
        };
        let find = || find_published(&folder.path().join("c.csv")).unwrap().unwrap();
        write("c.csv.manifest.json", 1, serde_json::json!(["it moved"]));
        let old = find();
        assert_eq!((old.verdict, old.api.as_deref()), (Some(Verdict::Unverified), Some("https://api.sent.dm")));
        assert_eq!((old.evidence[0].text.as_str(), &old.evidence[0].code), ("it moved", &None));
        write("_c.csv.manifest.json", 1, serde_json::json!([{"code": "moved", "count": 3, "text": "it moved"}]));
        let new = find();
        assert_eq!((new.evidence[0].code.as_deref(), new.evidence[0].count), (Some("moved"), Some(3)));
        write("c.csv.manifest.json", 2, serde_json::json!([]));
        assert_eq!(find().items_rejected, 2, "an earlier version wrote the file again");
        assert!(is_manifest(Path::new("a/_c.csv.gz.manifest.json")) && !is_manifest(Path::new("x.manifest.json")));
    }
}

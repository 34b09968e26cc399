//! What the manifest of an export says of a file, where there is one.
//!
//! The manifest lies beside the first file of an export only and lists all, so a file's own manifest is looked for and
//! those of its siblings in other formats. The one that was written last is right: what it lists replaced what was there.
//! The manifest of a partitioned dataset lies in its folder and lists the parts. Manifests of all versions are read: those of earlier ones have another name, and evidence without codes.
//!
//! *Easy to get wrong:* paths in a manifest may be as they were typed, from a folder that nobody knows any more. So a file
//! is only known by its name, in the folder of the output that the manifest is named after.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::stem::without_extension;
use crate::format::{CsvSettings, FileFormat};
use crate::publish::{PublishedFile, PublishedManifest, read_manifest};
use crate::report::{Filters, InputEvidence};
use crate::store::Sidecar;
use crate::time::{Span, Timestamp};
use crate::verdict::Verdict;

/// A file as its export published it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The manifest that lists it.
    pub manifest: PathBuf,
    /// When its export ran: ages in its own summary are counted from the start, and rows may have changed until the end.
    pub run: Span,
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
    /// How a CSV file is laid out, where that is not the usual way.
    pub csv: Option<CsvSettings>,
}

/// What is read of a manifest besides the files.
#[derive(Deserialize)]
struct Details {
    started_at: Timestamp,
    finished_at: Timestamp,
    api: Option<String>,
    #[serde(default)]
    filters: Filters,
    verdict: Option<Verdict>,
    #[serde(default)]
    evidence: Vec<InputEvidence>,
    #[serde(default)]
    items_rejected: u64,
}

/// What is known of a file; `real` is where it really is, since a manifest lies there. Without a manifest that lists it,
/// one that cannot be read.
pub(super) fn find_published(real: &Path) -> Result<Option<Published>, PathBuf> {
    let Some(name) = real.file_name().and_then(|name| name.to_str()) else { return Ok(None) };
    let Some(stem) = without_extension(real).to_str().map(str::to_owned) else { return Ok(None) };
    let outputs =
        FileFormat::all().flat_map(FileFormat::extensions).map(|extension| PathBuf::from(format!("{stem}{extension}")));
    let mut unread = None;
    let mut found: Option<Published> = None;
    for output in outputs {
        for path in Sidecar::manifests_of(&output) {
            let beside = output.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Ok(manifest) = read_manifest::<Details>(&path) else {
                unread = unread.or(Some(path));
                continue;
            };
            let published = manifest.and_then(|manifest| published(manifest, path, beside, name));
            if let Some(published) =
                published.filter(|new| found.as_ref().is_none_or(|old| old.run.latest < new.run.latest))
            {
                found = Some(published);
            }
        }
    }
    if found.is_none() {
        match of_dataset(real) {
            Ok(published) => found = published,
            Err(path) => unread = unread.or(Some(path)),
        }
    }
    match (found, unread) {
        (None, Some(path)) => Err(path),
        (found, _) => Ok(found),
    }
}

/// What is known of a part of a dataset, in a folder that is named after the value of a column: the manifest lies beside
/// those folders, is named after the column, and lists each part with its folder. One that cannot be read is an error.
fn of_dataset(real: &Path) -> Result<Option<Published>, PathBuf> {
    let text = |name: Option<&OsStr>| name.and_then(OsStr::to_str).map(str::to_owned);
    let folder = real.parent().unwrap_or(Path::new(""));
    let (Some(name), Some(value), Some(dataset)) = (text(real.file_name()), text(folder.file_name()), folder.parent())
    else {
        return Ok(None);
    };
    let Some((column, _)) = value.split_once('=') else { return Ok(None) };
    let path = Sidecar::Manifest.path(&dataset.join(column));
    let manifest = read_manifest::<Details>(&path).map_err(|_| path.clone())?;
    let part = format!("{value}/{name}");
    Ok(manifest.and_then(|manifest| {
        let place = manifest.outputs.iter().position(|listed| listed.path == part)?;
        Some(of_manifest(&manifest.outputs[place], manifest.details, path))
    }))
}

/// What a manifest says of the file of a name; `beside` is the output that it is named after.
fn published(manifest: PublishedManifest<Details>, path: PathBuf, beside: &str, name: &str) -> Option<Published> {
    let file = listed(&manifest.outputs, beside, name)?;
    Some(of_manifest(file, manifest.details, path))
}

fn of_manifest(file: &PublishedFile, details: Details, path: PathBuf) -> Published {
    Published {
        manifest: path,
        run: Span { earliest: details.started_at, latest: details.finished_at },
        api: details.api,
        sha256: file.sha256.clone(),
        csv: file.csv.clone(),
        filters: details.filters,
        verdict: details.verdict,
        evidence: details.evidence,
        items_rejected: details.items_rejected,
        rows: file.rows,
        bytes: file.bytes,
    }
}

fn listed<'a>(outputs: &'a [PublishedFile], beside: &str, name: &str) -> Option<&'a PublishedFile> {
    let folder = |listed: &'a PublishedFile| {
        let folder = Path::new(&listed.path).parent().unwrap_or(Path::new(""));
        folder.components().filter(|part| *part != Component::CurDir)
    };
    let is_named =
        |listed: &PublishedFile, name: &str| Path::new(&listed.path).file_name().is_some_and(|last| last == name);
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
        // Of each kind of name.
        let start = if day.is_multiple_of(2) { "" } else { "_" };
        fs::write(folder.join(format!("{start}{beside}.manifest.json")), manifest.to_string()).unwrap();
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
        fs::write(folder.path().join("_c.csv.manifest.json"), "{}").unwrap();
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
    }
}

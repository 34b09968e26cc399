//! Finds the facts about a file in the manifest of its export.
//!
//! A manifest is next to the first file of an export and lists all files, so the manifests of a file and of its siblings in
//! other formats are tried. The newest one is valid, because its files replaced earlier ones. The manifest of a partitioned
//! dataset is in the folder of the dataset and lists the parts. Manifests of all versions are read; early ones have another
//! name, and evidence without codes.
//!
//! *Easy to get wrong:* paths in a manifest may be relative to an unknown working directory. So only the name of a file
//! counts, in the folder of the output after which the manifest is named.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::stem::without_extension;
use crate::format::{CsvSettings, FileFormat};
use crate::publish::{PublishedFile, PublishedManifest, is_in_dataset, is_part_of, read_manifest, whole_of_part};
use crate::report::{Filters, InputEvidence, InputProfile};
use crate::store::{OutputTarget, Sidecar};
use crate::time::{Span, Timestamp};
use crate::transform::Privacy;
use crate::verdict::Verdict;

/// Facts about a file from the manifest of its export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationFacts {
    /// The manifest that lists it.
    pub manifest: PathBuf,
    /// When its export ran. Ages in its summary are as of the start, and rows may have changed until the end.
    pub run: Span,
    /// Address of the API that was read, or `simulator`.
    pub api: Option<String>,
    /// The id of the run; early manifests have none.
    pub run_id: Option<String>,
    /// Filters of the export.
    pub filters: Filters,
    /// Which columns are dropped, masked or hashed.
    pub privacy: Privacy,
    /// Whether the export has every row, if the manifest says so.
    pub verdict: Option<Verdict>,
    /// Evidence for the verdict.
    pub evidence: Vec<InputEvidence>,
    /// Items of the list that could not be rows.
    pub items_rejected: u64,
    /// What was read of each profile, if several were; shared by all files of the export.
    pub profiles: Arc<[InputProfile]>,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: Option<String>,
    /// Whether other files of the export hold the rest of its rows.
    pub is_part: bool,
    /// The CSV layout, if it is not the default.
    pub csv: Option<CsvSettings>,
}

/// The fields of a manifest that are read besides the files.
#[derive(Clone, Deserialize)]
pub(super) struct PublishedDetails {
    run_id: Option<String>,
    started_at: Timestamp,
    finished_at: Timestamp,
    api: Option<String>,
    #[serde(default)]
    filters: Filters,
    #[serde(default)]
    privacy: Privacy,
    verdict: Option<Verdict>,
    #[serde(default)]
    evidence: Vec<InputEvidence>,
    #[serde(default)]
    items_rejected: u64,
    #[serde(default)]
    profiles: Vec<InputProfile>,
}

/// Finds the entry of a file in a manifest; `real` is its canonical path, next to which the manifest is. Without such an
/// entry, returns a manifest that cannot be read, if there is one.
pub(super) fn find_published(real: &Path) -> Result<Option<PublicationFacts>, PathBuf> {
    let Some(name) = real.file_name().and_then(|name| name.to_str()) else { return Ok(None) };
    let mut unread = None;
    let mut found: Option<PublicationFacts> = None;
    for output in outputs_with(real) {
        for path in Sidecar::manifests_of(&output) {
            let beside = output.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Ok(manifest) = read_manifest::<PublishedDetails>(&OutputTarget::File(path.clone())) else {
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

/// The outputs after which the manifest of a file may be named.
fn outputs_with(real: &Path) -> Vec<PathBuf> {
    let Some(stem) = without_extension(real).to_str().map(str::to_owned) else { return Vec::new() };
    // A part of an output has a number before its extension.
    let whole = stem.trim_end_matches('.').rsplit_once('-').map(|(whole, _)| format!("{whole}."));
    let extensions = || FileFormat::all().flat_map(FileFormat::extensions);
    let outputs = |stem: String| extensions().map(move |extension| PathBuf::from(format!("{stem}{extension}")));
    std::iter::once(stem).chain(whole).flat_map(outputs).collect()
}

/// The manifest of the dataset, or of the parts, to which a file that no manifest lists belongs by its path.
pub(super) fn unlisted_in(real: &Path) -> Option<PathBuf> {
    let name = real.file_name()?.to_str()?;
    let manifest_at = |path: &PathBuf| read_manifest::<IgnoredAny>(&OutputTarget::File(path.clone())).ok().flatten();
    let of_parts = outputs_with(real).into_iter().flat_map(|output| Sidecar::manifests_of(&output)).find(|path| {
        let is_of_parts = |found: &PublishedManifest<IgnoredAny>| {
            let whole = whole_of_part(name);
            whole.is_some_and(|whole| found.outputs.iter().any(|listed| is_part_of(&listed.path, &whole)))
        };
        manifest_at(path).is_some_and(|found| is_of_parts(&found) || found.stale.iter().any(|stale| stale == name))
    });
    of_parts.or_else(|| {
        let folder = real.parent()?;
        let (column, _) = folder.file_name()?.to_str()?.split_once('=')?;
        let manifest = Sidecar::Manifest.path(&folder.parent()?.join(column));
        let is_of_dataset = |found: PublishedManifest<IgnoredAny>| {
            found.rows == 0 || found.outputs.iter().any(|listed| is_in_dataset(&listed.path, column))
        };
        manifest_at(&manifest).is_some_and(is_of_dataset).then_some(manifest)
    })
}

/// Finds the entry of a part of a dataset, in a folder named after the value of a column. The manifest is next to those
/// folders, is named after the column, and lists each part with its folder. An unreadable manifest is an error.
fn of_dataset(real: &Path) -> Result<Option<PublicationFacts>, PathBuf> {
    let text = |name: Option<&OsStr>| name.and_then(OsStr::to_str).map(str::to_owned);
    let folder = real.parent().unwrap_or(Path::new(""));
    let (Some(name), Some(value), Some(dataset)) = (text(real.file_name()), text(folder.file_name()), folder.parent())
    else {
        return Ok(None);
    };
    let Some((column, _)) = value.split_once('=') else { return Ok(None) };
    let path = Sidecar::Manifest.path(&dataset.join(column));
    let manifest = read_manifest::<PublishedDetails>(&OutputTarget::File(path.clone())).map_err(|_| path.clone())?;
    let part = format!("{value}/{name}");
    Ok(manifest.and_then(|manifest| {
        let place = manifest.outputs.iter().position(|listed| listed.path == part)?;
        Some(of_manifest(&manifest.outputs[place], manifest.details, path))
    }))
}

/// Reads the entry of a file from a manifest; `beside` is the output after which the manifest is named.
fn published(
    manifest: PublishedManifest<PublishedDetails>,
    path: PathBuf,
    beside: &str,
    name: &str,
) -> Option<PublicationFacts> {
    let file = listed(&manifest.outputs, beside, name)?;
    let published = of_manifest(file, manifest.details, path);
    Some(PublicationFacts { is_part: is_part_of(name, beside), ..published })
}

pub(super) fn of_manifest(file: &PublishedFile, details: PublishedDetails, path: PathBuf) -> PublicationFacts {
    PublicationFacts {
        manifest: path,
        run: Span { earliest: details.started_at, latest: details.finished_at },
        api: details.api,
        sha256: file.sha256.clone(),
        csv: file.csv.clone(),
        run_id: details.run_id,
        filters: details.filters,
        privacy: details.privacy,
        verdict: details.verdict,
        evidence: details.evidence,
        items_rejected: details.items_rejected,
        profiles: details.profiles.into(),
        rows: file.rows,
        bytes: file.bytes,
        is_part: false,
    }
}

fn listed<'a>(outputs: &'a [PublishedFile], beside: &str, name: &str) -> Option<&'a PublishedFile> {
    let folder = |listed: &'a PublishedFile| {
        let folder = Path::new(&listed.path).parent().unwrap_or(Path::new(""));
        folder.components().filter(|part| *part != Component::CurDir)
    };
    let is_named =
        |listed: &PublishedFile, name: &str| Path::new(&listed.path).file_name().is_some_and(|last| last == name);
    // The manifest is beside the output after which it is named, and so are the output's parts.
    if is_part_of(name, beside) {
        return outputs.iter().find(|listed| Path::new(&listed.path).as_os_str() == name);
    }
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
        // For both kinds of names.
        let start = if day.is_multiple_of(2) { "" } else { "_" };
        fs::write(folder.join(format!("{start}{beside}.manifest.json")), manifest.to_string()).unwrap();
    }

    #[test]
    fn a_file_is_found_in_the_newest_manifest_that_lists_it() {
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

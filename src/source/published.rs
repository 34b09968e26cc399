//! What the manifest of an export says of a file, where there is one.
//!
//! The manifest lies beside the first file of an export only and lists all, so a file's own manifest is looked for and
//! those of its siblings in other formats. The one that was written last is right: what it lists replaced what was there.
//!
//! *Easy to get wrong:* paths in a manifest are as they were typed, from a folder that nobody knows any more. So a file is
//! only known by its name, in the folder of the output that the manifest is named after.

use std::path::{Component, Path, PathBuf};

use chrono::{DateTime, Utc};

use super::without_extension;
use crate::companion::Companion;
use crate::sink::{OutputFormat, PublishedFile, read_manifest};
use crate::summary::Filters;

/// A file as its export published it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The manifest that lists it.
    pub manifest: PathBuf,
    /// When the export began, from which its own summary counts ages.
    pub at: DateTime<Utc>,
    /// When it was whole: contacts in it may have changed up to then.
    pub until: DateTime<Utc>,
    /// What was left out on request.
    pub filters: Filters,
    /// Contacts in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// What is known of a file; `real` is where it really is, since a manifest lies there.
pub(super) fn find_published(real: &Path) -> Option<Published> {
    let name = real.file_name()?.to_str()?;
    let stem = without_extension(real).to_str()?.to_owned();
    let outputs = OutputFormat::ALL.into_iter().map(|format| PathBuf::from(format!("{stem}{}", format.name())));
    let manifests = outputs.flat_map(|output| Companion::manifests_of(&output).map(|path| (output.clone(), path)));
    let found = manifests.filter_map(|(output, path)| {
        // Another tool's file of that name tells nothing about ours.
        let manifest = read_manifest::<Filters>(&path).ok()??;
        let &PublishedFile { rows, bytes, .. } = listed(&manifest.outputs, output.file_name()?.to_str()?, name)?;
        let at = manifest.started_at.parse().ok()?;
        let until = manifest.finished_at.parse().ok()?;
        Some(Published { manifest: path, at, until, filters: manifest.filters, rows, bytes })
    });
    found.max_by_key(|published| published.until)
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
        let rows = |name: &str| find_published(&folder.path().join(name)).map(|published| published.rows);
        assert_eq!(rows("c.csv"), None);
        write_manifest(folder.path(), "c.parquet", 2, &[("out/c.parquet", 1), ("./out/c.csv", 2), ("c.csv.gz", 3)]);
        assert_eq!([rows("c.parquet"), rows("c.csv"), rows("c.csv.gz"), rows("d.csv")], [Some(1), Some(2), None, None]);
        write_manifest(folder.path(), "c.csv", 1, &[("c.csv", 4)]);
        assert_eq!(rows("c.csv"), Some(2));
        write_manifest(folder.path(), "c.csv", 3, &[("c.csv", 4)]);
        assert_eq!([rows("c.csv"), rows("c.parquet")], [Some(4), Some(1)]);
        fs::write(folder.path().join("_c.csv.manifest.json"), "{}").unwrap();
        assert_eq!(rows("c.csv"), Some(2));
        assert_eq!(find_published(&folder.path().join("c.csv")).unwrap().filters.channel.as_deref(), Some("sms"));
    }
}

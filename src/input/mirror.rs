//! Temporary local copies of objects.
//!
//! Readers need more than a stream: they verify a checksum first, and read a Parquet file from its end. So objects are
//! copied into a temporary folder (`TMPDIR`), together with the manifests beside them. Messages show their addresses.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tempfile::TempDir;

use super::error::SourceError;
use super::find::{FoundFiles, SkipReason, find_files};
use super::source_file::SourceFile;
use super::stem::without_extension;
use crate::format::FileFormat;
use crate::store::{ObjectTarget, OutputTarget, Sidecar, Stores};

/// Temporary copies of objects. Dropping it removes them.
#[derive(Debug)]
pub struct Mirror {
    stores: Arc<Stores>,
    folder: Option<TempDir>,
    /// Folders of copies, each with the address from which they were copied.
    roots: Vec<(PathBuf, String)>,
}

impl Mirror {
    /// A mirror without copies.
    pub fn new(stores: &Arc<Stores>) -> Self {
        Self { stores: Arc::clone(stores), folder: None, roots: Vec::new() }
    }

    /// As [`find_files`], but also accepts addresses of objects and prefixes of addresses.
    ///
    /// # Errors
    /// As for [`find_files`], and when a store cannot be read.
    pub fn find_files(&mut self, paths: &[PathBuf]) -> Result<FoundFiles, SourceError> {
        let local = paths.iter().map(|path| self.local(path)).collect::<Result<Vec<_>, _>>()?;
        let mut found = find_files(&local).map_err(|error| match error {
            SourceError::EmptyFolder { path } => SourceError::EmptyFolder { path: self.shown(&path) },
            other => other,
        })?;
        for file in &mut found.files {
            file.path = self.shown(&file.path);
            for manifest in [&mut file.unread_manifest, &mut file.unlisted_in].into_iter().flatten() {
                *manifest = self.shown(manifest);
            }
            if let Some(published) = &mut file.published {
                published.manifest = self.shown(&published.manifest);
            }
        }
        for skipped in &mut found.skipped {
            skipped.path = self.shown(&skipped.path);
            if let SkipReason::SameAs(other) | SkipReason::RowsOf(other) | SkipReason::Stale(other) = &mut skipped.why {
                *other = self.shown(other);
            }
        }
        Ok(found)
    }

    /// A single file or object, of which only the format is known; an object is copied.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub fn source_file(&mut self, target: &OutputTarget, format: FileFormat) -> Result<SourceFile, SourceError> {
        let path = target.name().to_owned();
        let shown = PathBuf::from(target.to_string());
        let local = match target {
            OutputTarget::Object(object) => {
                let local = self.root()?.join(object.file_name());
                object.copy_to(&local, SystemTime::now())?;
                self.roots.push((local.clone(), target.to_string()));
                local
            }
            _ => path,
        };
        SourceFile::new(shown, &local, format)
    }

    /// The local path of a file: an object is copied, other paths stay as they are.
    ///
    /// # Errors
    /// When a store cannot be read.
    pub fn local(&mut self, path: &Path) -> Result<PathBuf, SourceError> {
        match OutputTarget::new(path, &self.stores)? {
            OutputTarget::Object(object) => self.copy(&object),
            _ => Ok(path.to_owned()),
        }
    }

    /// How a copy is shown: by the address of its object.
    pub fn shown(&self, path: &Path) -> PathBuf {
        let address = self.roots.iter().find_map(|(root, address)| {
            let below = path.strip_prefix(root).ok()?.to_string_lossy().into_owned();
            Some(if below.is_empty() { address.clone() } else { format!("{address}/{below}") })
        });
        address.map_or_else(|| path.to_owned(), PathBuf::from)
    }

    /// Copies an object and the manifests beside it, or everything in a folder that belongs to an export.
    fn copy(&mut self, object: &ObjectTarget) -> Result<PathBuf, SourceError> {
        let name = object.file_name().to_owned();
        let is_alone = object.exists()?;
        let root = self.root()?;
        let folder = if is_alone { object.folder() } else { object.clone() };
        let found = if is_alone { folder.list_directly()? } else { folder.list_all()? };
        if found.is_empty() {
            return Err(SourceError::NoObject { address: object.to_string() });
        }
        let is_wanted = |below: &str| {
            if is_alone {
                return below == name || is_manifest_of(below, &name);
            }
            FileFormat::from_path(Path::new(below)).is_some() || is_manifest(Path::new(below))
        };
        let is_hidden = |below: &str| below.split('/').any(|part| part.starts_with('.'));
        for found in found.iter().filter(|found| is_wanted(&found.name) && !is_hidden(&found.name)) {
            folder.join(&found.name).copy_to(&root.join(&found.name), found.modified)?;
        }
        self.roots.push((root.clone(), folder.to_string().trim_end_matches('/').to_owned()));
        Ok(if is_alone { root.join(name) } else { root })
    }

    /// A new folder for copies.
    fn root(&mut self) -> Result<PathBuf, SourceError> {
        let failed = |source| SourceError::Open { path: std::env::temp_dir(), source };
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => tempfile::Builder::new().prefix("sent-export-").tempdir().map_err(failed)?,
        };
        let root = folder.path().join(self.roots.len().to_string());
        std::fs::create_dir_all(&root).map_err(failed)?;
        self.folder = Some(folder);
        Ok(root)
    }
}

/// Whether a name is that of a manifest.
fn is_manifest(path: &Path) -> bool {
    Sidecar::of(path).is_some_and(|(sidecar, _)| sidecar.is_manifest())
}

/// Whether `below` is a manifest of an export that contains `name`: files of one export differ only in their extensions.
fn is_manifest_of(below: &str, name: &str) -> bool {
    let stem = |name: &str| without_extension(Path::new(name));
    let path = Path::new(below);
    !below.contains('/') && is_manifest(path) && Sidecar::of(path).is_some_and(|(_, output)| stem(output) == stem(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_shown_as_their_objects() {
        let mut mirror = Mirror::new(&Stores::new(&[], None));
        mirror.roots.push((PathBuf::from("/tmp/m/0"), "s3://lake/a".to_owned()));
        for (path, shown) in
            [("/tmp/m/0/d=1/c.csv", "s3://lake/a/d=1/c.csv"), ("/tmp/m/0", "s3://lake/a"), ("c.csv", "c.csv")]
        {
            assert_eq!(mirror.shown(Path::new(path)), Path::new(shown));
        }
        assert_eq!(mirror.local(Path::new("out/c.csv")).unwrap(), Path::new("out/c.csv"));
    }

    #[test]
    fn manifests_of_one_export_are_known_by_its_name() {
        for (below, wanted) in [
            ("_c.parquet.manifest.json", true),
            ("_c.csv.gz.manifest.json", true),
            ("_d.parquet.manifest.json", false),
            ("x/_c.parquet.manifest.json", false),
            ("c.csv", false),
        ] {
            assert_eq!(is_manifest_of(below, "c.csv"), wanted, "{below}");
        }
    }
}

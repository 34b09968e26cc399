//! Names of the files beside an output, so that writers, readers and folder scans agree.

use std::path::{Path, PathBuf};

/// A file that a run keeps beside an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sidecar {
    /// Held by the run that writes the output.
    Lock,
    /// The output until it is complete.
    Partial,
    /// Responses kept for the next run.
    Journal,
    /// What is being published, until the manifest is written.
    Publication,
    /// What was published. Readers of whole folders (pyarrow, pandas, Spark, Athena) skip names that begin with `_`.
    Manifest,
    /// The same under its name in version 0.1, which is only read.
    OldManifest,
}

impl Sidecar {
    /// Every kind.
    pub(crate) const ALL: [Self; 6] =
        [Self::Lock, Self::Partial, Self::Journal, Self::Publication, Self::Manifest, Self::OldManifest];
    /// The kinds of manifest.
    const MANIFESTS: [Self; 2] = [Self::Manifest, Self::OldManifest];

    /// Where the manifest of an output may be: the current name first.
    pub(crate) fn manifests_of(output: &Path) -> [PathBuf; 2] {
        Self::MANIFESTS.map(|manifest| manifest.path(output))
    }

    /// Whether it is a manifest.
    pub(crate) fn is_manifest(self) -> bool {
        Self::MANIFESTS.contains(&self)
    }

    /// What precedes and follows the name of the output. Files that nobody needs to read are hidden.
    fn affixes(self) -> (&'static str, &'static str) {
        match self {
            Self::Lock => (".", ".lock"),
            Self::Partial => (".", ".partial"),
            Self::Journal => (".", ".journal"),
            Self::Publication => (".", ".publishing"),
            Self::Manifest => ("_", ".manifest.json"),
            Self::OldManifest => ("", ".manifest.json"),
        }
    }

    /// Its path beside an output.
    pub(crate) fn path(self, output: &Path) -> PathBuf {
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        let (start, end) = self.affixes();
        output.with_file_name(format!("{start}{name}{end}"))
    }

    /// The kind of a file by its name, and the name of its output.
    pub(crate) fn of(path: &Path) -> Option<(Self, &str)> {
        let name = path.file_name()?.to_str()?;
        Self::ALL.into_iter().find_map(|sidecar| {
            let (start, end) = sidecar.affixes();
            Some((sidecar, name.strip_prefix(start)?.strip_suffix(end)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_there_and_back() {
        for sidecar in Sidecar::ALL {
            let path = sidecar.path(Path::new("out/c.csv"));
            assert_eq!(Sidecar::of(&path), Some((sidecar, "c.csv")));
            assert!(path.starts_with("out"));
        }
        assert_eq!(Sidecar::Journal.path(Path::new("c.csv")), Path::new(".c.csv.journal"));
        assert_eq!(Sidecar::of(Path::new("c.csv.lock")), None);
        let [manifest, old] = Sidecar::manifests_of(Path::new("out/c.csv"));
        assert_eq!(manifest, Path::new("out/_c.csv.manifest.json"));
        assert_eq!(old, Path::new("out/c.csv.manifest.json"));
    }
}

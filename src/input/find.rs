//! Finds the files named by the paths of a command line, each export once.
//!
//! Files are in the order of the command line. The files of a folder are sorted by name, followed by the targets of its
//! links. A file that is named twice is read once; files are identified by their canonical paths. Of files in one folder
//! whose names differ only in the extension, such as one export in several formats, one is read, Parquet before CSV,
//! because they have the same rows. Skipped files are returned, too, so that they can be reported.
//!
//! *Easy to get wrong:* a link in a folder can lead to a file that is counted already (`latest -> 2026-03-01`), or form a
//! cycle. So links are followed last, and no folder is entered twice.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;

use super::error::SourceError;
use super::published::{find_published, unlisted_in};
use super::source_file::SourceFile;
use super::stem::without_extension;
use crate::base::printable::printable;
use crate::format::FileFormat;
use crate::publish::read_manifest;
use crate::store::{OutputTarget, Sidecar};

/// The files named by the paths of a command line.
#[derive(Debug, Default)]
pub struct FoundFiles {
    /// Files to read.
    pub files: Vec<SourceFile>,
    /// Files that are not read, because their rows are in those files.
    pub skipped: Vec<Skipped>,
}

/// A file that is skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The path as given or found.
    pub path: PathBuf,
    /// Its canonical path.
    pub real: PathBuf,
    /// Why.
    pub why: SkipReason,
}

/// Why a file is skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// It is the same file as this one, which is read.
    SameAs(PathBuf),
    /// It is the same export in another format than this file, which is read.
    RowsOf(PathBuf),
    /// It contains activities, and other files do not.
    Activities,
    /// It contains the changes between two exports.
    Changes,
    /// According to this manifest, it is of an earlier export and could not be removed.
    Stale(PathBuf),
}

impl fmt::Display for Skipped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |path: &Path| printable(&path.to_string_lossy());
        let path = shown(&self.path);
        match &self.why {
            SkipReason::SameAs(other) => write!(formatter, "skipped {path}: it is read already, as {}", shown(other)),
            SkipReason::RowsOf(other) => write!(formatter, "skipped {path}: its rows are read from {}", shown(other)),
            SkipReason::Changes => write!(formatter, "skipped {path}: it lists changes between exports"),
            SkipReason::Stale(manifest) => {
                let manifest = shown(manifest);
                write!(formatter, "skipped {path}: it is of an earlier export and could not be removed ({manifest})")
            }
            SkipReason::Activities => write!(formatter, "skipped {path}: it lists activities of messages"),
        }
    }
}

/// All files at the paths, each export once.
///
/// Sidecars of exports (manifest, lock, journal) are ignored among other paths, so that `exports/*` works.
///
/// # Errors
/// When a path does not exist, has no extension of an export, or is a folder without exports.
pub fn find_files(paths: &[PathBuf]) -> Result<FoundFiles, SourceError> {
    let mut search = FileSearch { has_files: vec![false; paths.len()], ..FileSearch::default() };
    let is_alone = paths.iter().all(|path| is_sidecar(path));
    for (argument, path) in paths.iter().enumerate() {
        let facts = fs::metadata(path).map_err(|source| SourceError::Open { path: path.clone(), source })?;
        if facts.is_dir() {
            search.enter(path, argument)?;
        } else if is_alone || !is_sidecar(path) {
            let format =
                FileFormat::from_path(path).ok_or_else(|| SourceError::UnknownExtension { path: path.clone() })?;
            search.take(path, format, argument)?;
        } else {
            search.has_files[argument] = true;
        }
    }
    while let Some((argument, path)) = search.links.pop_front() {
        if path.is_dir() {
            search.enter(&path, argument)?;
        } else if let Some(format) = FileFormat::from_path(&path) {
            search.take(&path, format, argument)?;
        }
    }
    if let Some(argument) = search.has_files.iter().position(|&has_files| !has_files) {
        return Err(SourceError::EmptyFolder { path: paths[argument].clone() });
    }
    search.skip_stale(paths);
    if search.files.is_empty() && !search.stale.is_empty() {
        return Err(SourceError::EmptyFolder { path: paths[0].clone() });
    }
    let mut found = each_once(search);
    for file in &mut found.files {
        match find_published(&file.real) {
            Ok(None) => file.unlisted_in = unlisted_in(&file.real),
            Ok(published) => file.published = published,
            Err(manifest) => file.unread_manifest = Some(manifest),
        }
    }
    Ok(found)
}

/// Whether a file is a sidecar of an export, by its name.
fn is_sidecar(path: &Path) -> bool {
    Sidecar::of(path)
        .is_some_and(|(sidecar, output)| !sidecar.is_manifest() || FileFormat::from_path(Path::new(output)).is_some())
}

/// Everything that was found, in reading order.
#[derive(Debug, Default)]
struct FileSearch {
    files: Vec<SourceFile>,
    /// Folders by canonical path, with the path by which they were first entered.
    folders: HashMap<PathBuf, PathBuf>,
    /// Links in folders, each with the index of its argument.
    links: VecDeque<(usize, PathBuf)>,
    /// Folders that were entered already.
    skipped: Vec<Skipped>,
    /// Whether each argument led to a file.
    has_files: Vec<bool>,
    /// Files of earlier exports that could not be removed, each with the manifest that says so.
    stale: HashMap<PathBuf, PathBuf>,
}

impl FileSearch {
    fn take(&mut self, path: &Path, format: FileFormat, argument: usize) -> Result<(), SourceError> {
        self.files.push(SourceFile::new(path.to_owned(), path, format)?);
        self.has_files[argument] = true;
        Ok(())
    }

    fn enter(&mut self, folder: &Path, argument: usize) -> Result<(), SourceError> {
        let opened = |source| SourceError::Open { path: folder.to_owned(), source };
        let real = fs::canonicalize(folder).map_err(opened)?;
        if let Some(instead) = self.folders.get(&real).cloned() {
            self.skipped.push(Skipped { path: folder.to_owned(), real, why: SkipReason::SameAs(instead) });
            self.has_files[argument] = true;
            return Ok(());
        }
        self.folders.insert(real, folder.to_owned());
        let (folders, files) = self.list(folder, argument).map_err(opened)?;
        for path in files {
            if let Some(format) = FileFormat::from_path(&path) {
                self.take(&path, format, argument)?;
            } else if Sidecar::of(&path).is_some_and(|(sidecar, _)| sidecar.is_manifest()) {
                self.note_stale(&path);
            }
        }
        folders.iter().try_for_each(|folder| self.enter(folder, argument))
    }

    /// Takes note of the files that a manifest does not count to its export. What is wrong with a manifest is found later.
    fn note_stale(&mut self, manifest: &Path) {
        let target = OutputTarget::File(manifest.to_owned());
        let Ok(Some(found)) = read_manifest::<IgnoredAny>(&target) else { return };
        let stale = found.stale.iter().filter_map(|path| fs::canonicalize(target.resolve(path)?.path()?).ok());
        self.stale.extend(stale.map(|real| (real, manifest.to_owned())));
    }

    /// Skips these files, unless they are among the `named` paths.
    fn skip_stale(&mut self, named: &[PathBuf]) {
        if self.stale.is_empty() {
            return;
        }
        let named: Vec<PathBuf> = named.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
        let stale = &self.stale;
        let is_skipped = |file: &mut SourceFile| stale.contains_key(&file.real) && !named.contains(&file.real);
        self.skipped.extend(self.files.extract_if(.., is_skipped).map(|SourceFile { path, real, .. }| {
            let why = SkipReason::Stale(stale[&real].clone());
            Skipped { path, real, why }
        }));
    }

    /// Adds the folders and files of a folder, sorted by name; links are kept for later.
    fn list(&mut self, folder: &Path, argument: usize) -> io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
        let mut paths: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // Exports in progress have hidden files.
            if !entry.file_name().to_string_lossy().starts_with('.') {
                paths.push(entry.path());
            }
        }
        paths.sort();
        let (links, paths): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_symlink());
        self.links.extend(links.into_iter().map(|path| (argument, path)));
        Ok(paths.into_iter().partition(|path| path.is_dir()))
    }
}

fn each_once(search: FileSearch) -> FoundFiles {
    let mut files: Vec<SourceFile> = Vec::new();
    // Each with the index of the file that is read instead, which may still change.
    let mut others: Vec<(SourceFile, usize)> = Vec::new();
    // A file is also the same export as itself.
    let mut by_export: HashMap<PathBuf, usize> = HashMap::new();
    for file in search.files {
        let place = *by_export.entry(without_extension(&file.real)).or_insert(files.len());
        let Some(present) = files.get_mut(place) else {
            files.push(file);
            continue;
        };
        let is_better = rank(file.format) < rank(present.format);
        let other = if is_better { std::mem::replace(present, file) } else { file };
        others.push((other, place));
    }
    let mut skipped = search.skipped;
    skipped.extend(others.into_iter().map(|(SourceFile { path, real, .. }, place)| {
        let read = files[place].path.clone();
        let why = if real == files[place].real { SkipReason::SameAs(read) } else { SkipReason::RowsOf(read) };
        Skipped { path, real, why }
    }));
    FoundFiles { files, skipped }
}

fn rank(format: FileFormat) -> Option<usize> {
    FileFormat::all().position(|other| other == format)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "id\n").unwrap();
        }
        folder
    }

    fn names(paths: impl Iterator<Item = PathBuf>, folder: &Path) -> Vec<String> {
        paths.map(|path| path.strip_prefix(folder).unwrap().display().to_string()).collect()
    }

    fn read(found: &FoundFiles, folder: &Path) -> Vec<String> {
        names(found.files.iter().map(|file| file.path.clone()), folder)
    }

    fn skipped(found: &FoundFiles, folder: &Path) -> Vec<String> {
        names(found.skipped.iter().map(|skipped| skipped.path.clone()), folder)
    }

    #[test]
    fn a_folder_yields_each_export_once_and_nothing_else() {
        let folder = folder_with(&[
            "b.csv",
            "b.csv.gz",
            "a.csv",
            "a.parquet",
            "notes.txt",
            ".c.csv.partial",
            ".d.csv",
            "z/e.csv.zst",
        ]);
        let found = find_files(&[folder.path().to_owned()]).unwrap();
        assert_eq!(read(&found, folder.path()), ["a.parquet", "b.csv", "z/e.csv.zst"]);
        assert_eq!(skipped(&found, folder.path()), ["a.csv", "b.csv.gz"]);
    }

    #[test]
    fn files_given_one_by_one_follow_the_same_rule() {
        let folder = folder_with(&["a.csv", "a.parquet", "b.csv", "z/a.csv"]);
        let given = ["a.csv", "b.csv", "a.parquet", "z/../b.csv", "z/a.csv", "z"];
        let found = find_files(&given.map(|name| folder.path().join(name))).unwrap();
        assert_eq!(read(&found, folder.path()), ["a.parquet", "b.csv", "z/a.csv"]);
        assert_eq!(skipped(&found, folder.path()), ["a.csv", "z/../b.csv", "z/a.csv"]);
        let is_same = |skipped: &Skipped| matches!(skipped.why, SkipReason::SameAs(_));
        assert_eq!(found.skipped.iter().map(is_same).collect::<Vec<_>>(), [false, true, true]);
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_folder_add_only_new_files() {
        use std::os::unix::fs::symlink;
        let folder = folder_with(&["in/b/c.csv", "out/d.csv", "e.csv"]);
        let inside = folder.path().join("in");
        for (target, link) in [("b", "a-latest"), ("../out", "other"), (".", "round"), ("../../e.csv", "b/e.csv")] {
            symlink(target, inside.join(link)).unwrap();
        }
        symlink("d.csv", folder.path().join("out/d2.csv")).unwrap();
        let found = find_files(std::slice::from_ref(&inside)).unwrap();
        assert_eq!(read(&found, &inside), ["b/c.csv", "other/d.csv", "b/e.csv"]);
        assert_eq!(skipped(&found, &inside), ["a-latest", "round", "other/d2.csv"]);
        symlink("nowhere.csv", inside.join("gone.csv")).unwrap();
        let error = find_files(&[inside]).unwrap_err().to_string();
        assert!(error.contains("gone.csv"), "{error}");
    }

    #[test]
    fn files_that_are_not_exports_are_refused() {
        let folder = folder_with(&["notes.txt"]);
        let text = folder.path().join("notes.txt");
        assert!(matches!(find_files(&[text]), Err(SourceError::UnknownExtension { .. })));
        assert!(matches!(find_files(&[folder.path().to_owned()]), Err(SourceError::EmptyFolder { .. })));
        assert!(matches!(find_files(&[folder.path().join("x.csv")]), Err(SourceError::Open { .. })));
    }

    #[test]
    fn sidecars_among_other_paths_are_ignored() {
        let beside = ["_c.csv.manifest.json", "c.csv.manifest.json", ".c.csv.lock", ".c.csv.journal", ".c.csv.partial"];
        let folder = folder_with(&[&beside[..], &["c.csv", "other.json"]].concat());
        let path = |name: &str| folder.path().join(name);
        let mut given: Vec<PathBuf> = beside.iter().map(|name| path(name)).collect();
        assert!(matches!(find_files(&given), Err(SourceError::UnknownExtension { .. })));
        given.push(path("c.csv"));
        let found = find_files(&given).unwrap();
        assert_eq!(read(&found, folder.path()), ["c.csv"]);
        assert_eq!(found.skipped, []);
        given.push(path("other.json"));
        assert!(matches!(find_files(&given), Err(SourceError::UnknownExtension { .. })));
        assert!(is_sidecar(Path::new("a/_c.csv.gz.manifest.json")) && !is_sidecar(Path::new("x.manifest.json")));
    }
}

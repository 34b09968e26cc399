//! Where paths lead, and which of them are regular files.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Maximum number of symbolic links to follow, as on Linux.
const MAX_LINKS: usize = 40;

/// The path with symbolic links resolved, whether or not the file exists yet.
pub(super) fn real_path(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        if !path.is_symlink() {
            return Ok(path);
        }
        path = folder_of(&path).join(fs::read_link(&path)?);
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

/// Whether a path refers to a file that is already open, like the log behind `/dev/stderr`: it is appended to, never
/// replaced.
pub(super) fn is_descriptor(path: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|start| path.starts_with(start))
}

/// Whether a path is not a regular file of its own.
pub fn is_written_directly(path: &Path) -> bool {
    is_descriptor(path) || fs::metadata(path).is_ok_and(|found| !found.is_file())
}

/// Whether a path names a folder by its form (`exports/`, `exports/.`): no file can have such a name.
pub(super) fn ends_as_a_folder(path: &Path) -> bool {
    path.file_name().is_some_and(|name| !path.as_os_str().as_encoded_bytes().ends_with(name.as_encoded_bytes()))
}

/// The path without links, which is the same for all spellings of a file.
pub fn file_identity(path: &Path) -> PathBuf {
    real_path(path).map_or_else(|_| path.to_owned(), |real| with_real_folder(&real))
}

/// The same path with its folder's links resolved; the last part may be a link, and folders at the end may be missing.
fn with_real_folder(path: &Path) -> PathBuf {
    let (Some(name), folder) = (path.file_name(), folder_of(path)) else { return path.to_owned() };
    match fs::canonicalize(folder) {
        Ok(folder) => folder.join(name),
        Err(_) if folder.file_name().is_some() => with_real_folder(folder).join(name),
        Err(_) => path.to_owned(),
    }
}

/// A path relative to the folder of another file, so that both can be moved together.
pub(super) fn relative_to(file: &Path, path: &Path) -> PathBuf {
    let (path, file) = (with_real_folder(path), with_real_folder(&real_path(file).unwrap_or_else(|_| file.to_owned())));
    let folder: Vec<Component<'_>> = folder_of(&file).components().collect();
    let parts: Vec<Component<'_>> = path.components().collect();
    let shared = folder.iter().zip(&parts).take_while(|(one, other)| one == other).count();
    if shared == 0 {
        // On another drive, or relative to a folder that is gone.
        return path;
    }
    let up = folder[shared..].iter().map(|_| Component::ParentDir);
    up.chain(parts[shared..].iter().copied()).collect()
}

/// The folder that holds a path, `.` for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_ends_as_a_folder_is_distinguished_from_a_file() {
        for folder in ["out/", "out/c.csv/", "out/.", "out/c.csv/."] {
            assert!(ends_as_a_folder(Path::new(folder)), "{folder}");
        }
        for file in ["c.csv", "out/c.csv", "./c.csv", "out//c.csv", "..", "/"] {
            assert!(!ends_as_a_folder(Path::new(file)), "{file}");
        }
    }

    #[test]
    fn a_path_in_folders_that_are_missing_has_an_identity() {
        let folder = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(folder.path()).unwrap();
        assert_eq!(file_identity(&folder.path().join("a/b/c.csv")), real.join("a/b/c.csv"));
        assert_eq!(file_identity(Path::new("no/such/c.csv")), std::env::current_dir().unwrap().join("no/such/c.csv"));
    }

    #[test]
    fn paths_are_distinguished_from_the_folder_of_another_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a/b", "c"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let path = |name: &str| folder.path().join(name);
        for (file, other, wanted) in [
            ("a/_c.csv.manifest.json", "a/c.csv", "c.csv"),
            ("m.json", "a/b/c.csv", "a/b/c.csv"),
            ("c/m.json", "a/b/../c.csv", "../a/c.csv"),
        ] {
            assert_eq!(relative_to(&path(file), &path(other)), Path::new(wanted), "{file} {other}");
        }
        assert_eq!(relative_to(Path::new("m.json"), Path::new("./c.csv")), Path::new("c.csv"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_counts_as_the_name_that_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("real")).unwrap();
        std::os::unix::fs::symlink("real", path("linked")).unwrap();
        std::os::unix::fs::symlink("real/c.csv", path("latest.csv")).unwrap();
        assert_eq!(relative_to(&path("real/m.json"), &path("linked/c.csv")), Path::new("c.csv"));
        assert_eq!(relative_to(&path("m.json"), &path("latest.csv")), Path::new("latest.csv"));
    }
}

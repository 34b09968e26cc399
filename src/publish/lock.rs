//! One run at a time for each output.
//!
//! The operating system locks a small file beside the output, so a crashed run can leave the file but never the lock. The
//! file contains the process id and start time of its owner, which the error of a second run reports. It is readable by
//! everyone, because another user has to lock it to find out whether the run is still alive.
//!
//! Some network file systems do not support locks. A run there continues without a lock, with a warning.
//!
//! *Easy to get wrong:* the owner removes the file when it is done, and another run may have opened it just before. A lock
//! only counts if the path still refers to the same file.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::error::OutputError;
use crate::store::{
    FileSettings, OutputTarget, Sidecar, StoreError, create_private, folder_of, make_folders, refuses_locks,
};
use crate::time::Timestamp;

/// Attempts to lock a file that other runs keep removing or replacing.
const MAX_ATTEMPTS: u32 = 20;

/// The exclusive right to write an output; released when dropped.
#[derive(Debug)]
pub struct OutputLock {
    path: PathBuf,
    is_held: bool,
    /// Closing it releases the lock.
    file: File,
}

impl OutputLock {
    /// Locks an output, whose folder must exist.
    ///
    /// # Errors
    /// When another run holds the lock, or the folder cannot be written.
    pub fn acquire(output: &Path) -> Result<Self, OutputError> {
        Self::acquire_for(output, &output.display().to_string())
    }

    /// The same, with another name for the output in errors.
    fn acquire_for(output: &Path, shown: &str) -> Result<Self, OutputError> {
        let failed = |source| OutputError::Store(StoreError::OpenStaged { path: output.to_owned(), source });
        let path = Sidecar::Lock.path(output);
        if path.is_symlink() {
            // Writing would change the file it points to.
            return Err(failed(io::Error::other("the lock file beside it is a symbolic link: remove it")));
        }
        for _ in 0..MAX_ATTEMPTS {
            let mut opened = match open(&path) {
                Ok(opened) => opened,
                // It was created or removed at the same moment.
                Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {
                    continue;
                }
                Err(source) if path.exists() => return Err(others_lock(path, source)),
                Err(error) => return Err(failed(error)),
            };
            let is_held = match opened.file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => {
                    let mut owner = String::new();
                    // The owner may not have written its line yet.
                    drop(opened.file.read_to_string(&mut owner));
                    return Err(OutputError::Busy { output: shown.to_owned(), owner: owner.trim().to_owned() });
                }
                Err(TryLockError::Error(error)) if refuses_locks(&error) => {
                    let shown = path.display();
                    tracing::warn!("cannot lock {shown}, so another run on this output goes unnoticed: {error}");
                    false
                }
                Err(TryLockError::Error(source)) => return Err(OutputError::Lock { lock: path, source }),
            };
            if !is_same_file(&opened.file, &path) {
                continue;
            }
            if !opened.is_writable && is_held && fs::remove_file(&path).is_ok() {
                // The run of another user crashed; the new file will name this one.
                continue;
            }
            // Removed again if its line cannot be written, as on a full disk.
            let mut lock = Self { path, is_held, file: opened.file };
            if opened.is_writable {
                write_owner(&mut lock.file).map_err(failed)?;
            }
            return Ok(lock);
        }
        Err(OutputError::Busy { output: shown.to_owned(), owner: String::new() })
    }

    /// Whether other runs are locked out; not every file system supports locks.
    pub fn is_held(&self) -> bool {
        self.is_held
    }
}

impl Drop for OutputLock {
    fn drop(&mut self) {
        // Closing the file releases the lock, even if the file stays.
        drop(fs::remove_file(&self.path));
    }
}

/// Locks an output against other runs on this machine; a stream needs no lock. Creates its folder if `files` allows it.
///
/// # Errors
/// When another run holds the lock, or the folder cannot be created or written.
pub fn lock_target(target: &OutputTarget, files: FileSettings) -> Result<Option<OutputLock>, OutputError> {
    let Some(path) = target.state_path() else { return Ok(None) };
    let folder = folder_of(&path);
    if !folder.is_dir() && files.makes_folders {
        make_folders(folder).map_err(|source| StoreError::MakeFolder { path: path.clone(), source })?;
    }
    // A missing folder is reported when the output is opened.
    folder.is_dir().then(|| OutputLock::acquire_for(&path, &target.to_string())).transpose()
}

/// The file of a lock.
struct LockFile {
    file: File,
    is_writable: bool,
}

/// Opens or creates the lock file. A lock file of another user is opened read-only.
fn open(path: &Path) -> io::Result<LockFile> {
    // Not with `create`: Linux refuses it for a file of another user (`fs.protected_regular`).
    match File::options().read(true).write(true).open(path) {
        Ok(file) => Ok(LockFile { file, is_writable: true }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = create_private(path)?;
            let_everyone_read(&file);
            Ok(LockFile { file, is_writable: true })
        }
        Err(error) => File::open(path).map(|file| LockFile { file, is_writable: false }).map_err(|_| error),
    }
}

#[cfg(unix)]
fn let_everyone_read(file: &File) {
    use std::os::unix::fs::PermissionsExt;
    // Without read permission, another user's error cannot name the owner.
    drop(file.set_permissions(fs::Permissions::from_mode(0o644)));
}

#[cfg(not(unix))]
fn let_everyone_read(_: &File) {}

#[cfg(unix)]
fn others_lock(lock: PathBuf, source: io::Error) -> OutputError {
    use std::os::unix::fs::MetadataExt;
    let owner = fs::metadata(&lock).map_or_else(|_| "unknown".to_owned(), |found| format!("user {}", found.uid()));
    OutputError::OthersLock { lock, owner, source }
}

#[cfg(not(unix))]
fn others_lock(lock: PathBuf, source: io::Error) -> OutputError {
    OutputError::OthersLock { lock, owner: "unknown".to_owned(), source }
}

fn write_owner(file: &mut File) -> io::Result<()> {
    let started = Timestamp::now().to_seconds();
    file.set_len(0)?;
    writeln!(file, "process {}, started {started}", std::process::id())
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(ours), Ok(named)) = (file.metadata(), std::fs::symlink_metadata(path)) else { return false };
    (ours.dev(), ours.ino()) == (named.dev(), named.ino())
}

/// An open file cannot be renamed on other systems.
#[cfg(not(unix))]
fn is_same_file(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_and_told_who_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("c.csv");
        let first = OutputLock::acquire(&output).unwrap();
        let error = OutputLock::acquire(&output).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())) && error.contains("started 2"), "{error}");
        drop(first);
        drop(OutputLock::acquire(&output).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_the_lock_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        std::os::unix::fs::symlink(&victim, folder.path().join(".c.csv.lock")).unwrap();
        OutputLock::acquire(&folder.path().join("c.csv")).unwrap_err();
        assert!(!victim.exists());
    }

    #[test]
    fn a_file_that_a_crash_left_locks_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("c.csv");
        std::fs::write(folder.path().join(".c.csv.lock"), "process 1, started long ago\n").unwrap();
        OutputLock::acquire(&output).unwrap();
    }
}

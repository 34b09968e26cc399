//! One run at a time for each output.
//!
//! The lock is one of the operating system on a small file beside the output, so a run that dies leaves no lock behind, at
//! most the file. It holds the process id and the start of its owner, for the message to whoever comes second.
//!
//! *Easy to get wrong:* the owner removes the file when it is done, and somebody else may have opened it just before. A
//! lock only counts if the file is still the one that the name leads to.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::SinkError;
use crate::companion::Companion;

/// Times that the file may change under us before we give up.
const MAX_ATTEMPTS: u32 = 20;

/// The right to write an output; given back when dropped.
#[derive(Debug)]
pub struct OutputLock {
    path: PathBuf,
    /// Its lock ends with it.
    _file: File,
}

impl OutputLock {
    /// Takes the lock of an output, whose folder must exist.
    ///
    /// # Errors
    /// When another run has it, or the folder cannot be written.
    pub fn acquire(output: &Path) -> Result<Self, SinkError> {
        let failed = |source| SinkError::OpenStaged { path: output.to_owned(), source };
        let path = Companion::Lock.path(output);
        if path.is_symlink() {
            // Somebody else's file would be written to.
            return Err(failed(io::Error::other("the lock file beside it is a symbolic link: remove it")));
        }
        for _ in 0..MAX_ATTEMPTS {
            let mut file = open(&path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) if is_same_file(&file, &path) => {
                    write_owner(&mut file).map_err(failed)?;
                    return Ok(Self { path, _file: file });
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut owner = String::new();
                    // Whoever has the lock may be about to write who it is.
                    drop(file.read_to_string(&mut owner));
                    return Err(SinkError::Busy { path: output.to_owned(), owner: owner.trim().to_owned() });
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Err(SinkError::Busy { path: output.to_owned(), owner: String::new() })
    }
}

impl Drop for OutputLock {
    fn drop(&mut self) {
        // The lock goes with the file handle, whatever becomes of the name.
        drop(std::fs::remove_file(&self.path));
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write_owner(file: &mut File) -> io::Result<()> {
    let started = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    file.set_len(0)?;
    writeln!(file, "process {}, started {started}", std::process::id())
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(ours), Ok(named)) = (file.metadata(), std::fs::symlink_metadata(path)) else { return false };
    (ours.dev(), ours.ino()) == (named.dev(), named.ino())
}

/// Elsewhere an open file keeps its name.
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

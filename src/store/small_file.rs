//! Files that are small enough to be written at once: summaries, reports, the manifest.

use std::io::Write;
use std::path::Path;

use super::error::StoreError;
use super::hashing::HashingWriter;
use super::staged::{Destination, FileSettings};
use super::target::OutputTarget;

/// Checks that a file can be written at a path, and leaves nothing behind.
///
/// # Errors
/// When it cannot.
pub fn check_writable(path: &Path) -> Result<(), StoreError> {
    if OutputTarget::File(path.to_owned()).is_stream() {
        // A pipe can be opened only once: its reader stops at the first end of file.
        return Ok(());
    }
    Destination::open_file(path, FileSettings::default()).map(drop)
}

/// Writes a small file atomically.
///
/// # Errors
/// When it cannot be written; the previous file stays as it was.
pub fn write_small_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    stage_small_file(path, bytes, FileSettings::default())?.publish()
}

/// Writes a small file under a temporary name.
///
/// # Errors
/// When it cannot be written.
pub fn stage_small_file(path: &Path, bytes: &[u8], settings: FileSettings) -> Result<StagedFile, StoreError> {
    let mut writer = HashingWriter::new(Destination::open_file(path, settings)?);
    let written = writer.write_all(bytes).and_then(|()| writer.finish());
    written.map(|written| StagedFile(written.destination)).map_err(|source| StoreError::write_file(path, source))
}

/// A small file that is complete and synced but not yet renamed. Dropping it removes it.
#[derive(Debug)]
pub struct StagedFile(Destination);

impl StagedFile {
    /// Removes the previous file of its name.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn withdraw_old(&mut self) -> Result<(), StoreError> {
        self.0.withdraw_old()
    }

    /// Renames the file to its final name, replacing the previous one.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn publish(self) -> Result<(), StoreError> {
        self.0.publish()
    }
}

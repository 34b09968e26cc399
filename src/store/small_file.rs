//! Files that are small enough to be written at once: summaries, reports, the manifest.

use std::io::Write;
use std::path::Path;

use super::error::StoreError;
use super::staged::{Destination, FileSettings, HashingWriter};
use super::target::OutputTarget;

/// Proves that a file can be written at a path, and leaves nothing behind.
///
/// # Errors
/// When it cannot.
pub fn check_writable(path: &Path) -> Result<(), StoreError> {
    if OutputTarget::File(path.to_owned()).is_stream() {
        // A pipe is opened once: its reader takes the first end for the last.
        return Ok(());
    }
    Destination::open_file(path, FileSettings::default()).map(drop)
}

/// Writes a small file whole or not at all.
///
/// # Errors
/// When it cannot be written; what was there stays then.
pub fn write_small_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    stage_small_file(path, bytes, FileSettings::default())?.publish()
}

/// Writes a small file that does not have its name yet.
///
/// # Errors
/// When it cannot be written.
pub fn stage_small_file(path: &Path, bytes: &[u8], settings: FileSettings) -> Result<StagedFile, StoreError> {
    let mut writer = HashingWriter::new(Destination::open_file(path, settings)?);
    let written = writer.write_all(bytes).and_then(|()| writer.finish());
    written.map(|written| StagedFile(written.destination)).map_err(|source| StoreError::write_file(path, source))
}

/// A small file that is whole on the disk but does not have its name yet. Dropping it removes it.
#[derive(Debug)]
pub struct StagedFile(Destination);

impl StagedFile {
    /// Removes what has its name so far.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn withdraw_old(&mut self) -> Result<(), StoreError> {
        self.0.withdraw_old()
    }

    /// Gives the file its name, replacing what was there.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn publish(self) -> Result<(), StoreError> {
        self.0.publish()
    }
}

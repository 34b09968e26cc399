//! Outputs that are written first and get their names later.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};

use super::access::FileMode;
use super::error::StoreError;

/// How files are staged and published.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileSettings {
    /// Requested permissions; `None` keeps those of the replaced file.
    pub mode: Option<FileMode>,
    /// Whether the target is locked against other runs, so that a staged file left by a crashed run can be replaced.
    pub is_locked: bool,
    /// Whether missing folders are created.
    pub makes_folders: bool,
    /// Whether staged bytes must be readable before they are published.
    pub is_read_back: bool,
}

/// Where bytes go until they are published. Dropping it leaves nothing behind.
pub(crate) trait Staged: Write + Send + fmt::Debug {
    /// Writes all bytes to the disk, or into the store.
    ///
    /// # Errors
    /// When not all of them can be written.
    fn seal(&mut self) -> io::Result<()>;

    /// Gives the sealed bytes their name, atomically.
    ///
    /// # Errors
    /// When the previous file or object cannot be replaced.
    fn publish(self: Box<Self>) -> Result<(), StoreError>;

    /// Opens the staged bytes for reading, from the start.
    ///
    /// # Errors
    /// When it cannot be read before it is published.
    fn reopen(&self) -> io::Result<File> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "only a staged file can be read"))
    }
}

/// A target whose bytes are visible at once: standard output, a pipe, a device.
#[derive(Debug)]
pub(super) struct Stream<W>(pub(super) W);

impl<W: Write> Write for Stream<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: Write + Send + fmt::Debug> Staged for Stream<W> {
    fn seal(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    fn publish(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}

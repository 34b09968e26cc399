//! Counts and hashes the bytes of an output, and syncs a staged file in the background while it grows.

use std::io::{self, BufWriter, Write};

use sha2::{Digest, Sha256};

use super::background_sync::BackgroundSync;
use super::file_system::sync_all;
use super::staged::Destination;

/// Bytes gathered before they go to the operating system.
const WRITE_BUFFER_BYTES: usize = 256 << 10;
/// Bytes after which a sync is started, so that the end of the run need not wait for all of them.
const SYNC_BYTES: u64 = 4 << 20;

/// Counts and hashes bytes on their way to a destination.
pub(crate) struct HashingWriter {
    writer: BufWriter<Destination>,
    digest: Sha256,
    bytes: u64,
    /// Bytes that were written when the last sync began.
    synced: u64,
    sync: BackgroundSync,
}

/// A destination with all its bytes written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) destination: Destination,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl HashingWriter {
    pub(crate) fn new(destination: Destination) -> Self {
        let writer = BufWriter::with_capacity(WRITE_BUFFER_BYTES, destination);
        Self { writer, digest: Sha256::new(), bytes: 0, synced: 0, sync: BackgroundSync::default() }
    }

    /// Syncs the bytes to disk.
    pub(crate) fn finish(mut self) -> io::Result<Written> {
        self.sync.end()?;
        let mut destination = self.writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        destination.flush()?;
        if let Some(file) = destination.staged_file() {
            sync_all(file)?;
        }
        let sha256 = hex(&self.digest.finalize());
        Ok(Written { destination, bytes: self.bytes, sha256 })
    }
}

impl Write for HashingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        if self.bytes - self.synced >= SYNC_BYTES
            && let Some(file) = self.writer.get_ref().staged_file()
            && self.sync.begin(file)?
        {
            self.synced = self.bytes;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl std::fmt::Debug for HashingWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("HashingWriter").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

//! Counts and hashes the bytes of an output.

use std::io::{self, BufWriter, Write};

use sha2::{Digest, Sha256};

use super::staged::Staged;
use crate::base::hex::hex;

/// Size of the buffer in front of the operating system.
const WRITE_BUFFER_BYTES: usize = 256 << 10;

/// Counts and hashes bytes on their way to where they are staged.
pub(crate) struct HashingWriter {
    writer: BufWriter<Box<dyn Staged>>,
    digest: Sha256,
    bytes: u64,
}

/// An output whose bytes are all written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) staged: Box<dyn Staged>,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl HashingWriter {
    pub(crate) fn new(staged: Box<dyn Staged>) -> Self {
        Self { writer: BufWriter::with_capacity(WRITE_BUFFER_BYTES, staged), digest: Sha256::new(), bytes: 0 }
    }

    /// Writes the rest, and seals the staged bytes.
    ///
    /// # Errors
    /// When not all of them can be written.
    pub(crate) fn finish(self) -> io::Result<Written> {
        let mut staged = self.writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        staged.seal()?;
        Ok(Written { staged, bytes: self.bytes, sha256: hex(&self.digest.finalize()) })
    }
}

impl Write for HashingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
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

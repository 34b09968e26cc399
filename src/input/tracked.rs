//! A file with random access that records its progress and last bytes, to detect a truncated stream.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

use super::error::SourceError;
use super::source_file::SourceFile;
use super::watch::{Reporter, Watched};

/// Number of last bytes to keep.
const TAIL_BYTES: usize = 8;

/// Progress of reading a file.
#[derive(Debug, Clone, Default)]
pub(super) struct BytesRead {
    bytes_read: Rc<Cell<u64>>,
    last_bytes: Rc<Cell<[u8; TAIL_BYTES]>>,
}

impl BytesRead {
    /// Number of bytes read.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read.get()
    }

    /// The last bytes read.
    pub(super) fn last_bytes(&self) -> [u8; TAIL_BYTES] {
        self.last_bytes.get()
    }

    fn note(&self, bytes: &[u8]) {
        self.bytes_read.set(self.bytes_read.get() + bytes.len() as u64);
        let mut last = self.last_bytes.get();
        let new = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
        last.copy_within(new.len().., 0);
        last[TAIL_BYTES - new.len()..].copy_from_slice(new);
        self.last_bytes.set(last);
    }
}

/// A reader that records what it reads.
pub(super) struct Tracked {
    bytes: BufReader<Watched<File>>,
    progress: BytesRead,
}

impl Tracked {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open<T>(file: &SourceFile, reporter: &Reporter<T>) -> Result<(Self, BytesRead), SourceError> {
        let opened = |source| SourceError::Open { path: file.path.clone(), source };
        let progress = BytesRead::default();
        let bytes = BufReader::new(reporter.watched(File::open(&file.real).map_err(opened)?));
        Ok((Self { bytes, progress: progress.clone() }, progress))
    }
}

impl Read for Tracked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.progress.note(&buffer[..count]);
        Ok(count)
    }
}

impl Seek for Tracked {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_are_known_however_they_were_read() {
        let progress = BytesRead::default();
        for part in ["abcdefghij", "k", "", "lmn"] {
            progress.note(part.as_bytes());
        }
        assert_eq!((progress.bytes_read(), &progress.last_bytes()), (14, b"ghijklmn"));
    }
}

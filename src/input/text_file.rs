//! Decompressed text files, with what is needed to detect truncated ones.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use super::error::SourceError;
use super::source_file::SourceFile;
use super::watch::Reporter;

pub(super) const READ_BUFFER_BYTES: usize = 256 << 10;

/// State of a text file while it is read.
#[derive(Debug, Clone)]
pub(super) struct TextProgress {
    bytes_read: Rc<Cell<u64>>,
    last_byte: Rc<Cell<Option<u8>>>,
}

impl TextProgress {
    /// Bytes of the file that were read, before decompression.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read.get()
    }

    /// Whether the text that was read ends with a line break, as every export does.
    pub(super) fn is_at_line_end(&self) -> bool {
        self.last_byte.get() == Some(b'\n')
    }
}

/// Opens a text file and its codec.
///
/// # Errors
/// When it cannot be opened, or has a byte order mark of UTF-16.
pub(super) fn open_text<T>(
    file: &SourceFile,
    reporter: &Reporter<T>,
) -> Result<(impl Read, TextProgress), SourceError> {
    let opened = |source| SourceError::Open { path: file.path.clone(), source };
    let progress = TextProgress { bytes_read: Rc::default(), last_byte: Rc::default() };
    let bytes = reporter.watched(File::open(&file.real).map_err(opened)?);
    let bytes = CountingReader { reader: bytes, bytes: Rc::clone(&progress.bytes_read) };
    let mut bytes = BufReader::with_capacity(READ_BUFFER_BYTES, bytes);
    if matches!(bytes.fill_buf().map_err(opened)?, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return Err(SourceError::ForeignText { path: file.path.clone(), what: "UTF-16" });
    }
    let text = file.format.codec().decompress(bytes).map_err(opened)?;
    Ok((LastByteReader { reader: text, last: Rc::clone(&progress.last_byte) }, progress))
}

/// Counts the bytes of the file that are read.
struct CountingReader<R> {
    reader: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bytes.set(self.bytes.get() + count as u64);
        Ok(count)
    }
}

/// Keeps the last byte of the text.
struct LastByteReader<R> {
    reader: R,
    last: Rc<Cell<Option<u8>>>,
}

impl<R: Read> Read for LastByteReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if let Some(&last) = buffer[..count].last() {
            self.last.set(Some(last));
        }
        Ok(count)
    }
}

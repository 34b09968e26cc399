//! Finds the nulls in a CSV file that represents them by a text.
//!
//! Such a file quotes equal texts of the account, but the parser does not distinguish quoted cells. So the input is
//! rewritten before it is parsed: after [`UnquotedNulls`], nulls are empty cells as in all other files.
//!
//! *Easy to get wrong:* a replaced cell is `""`, because the parser skips empty lines, and a null can be alone in its row.

use std::io::{self, Read};

use super::text_file::READ_BUFFER_BYTES;

/// Reads a CSV file and replaces unquoted cells that equal the null text with empty cells.
pub(super) struct UnquotedNulls<R> {
    text: R,
    /// The null text; if it is empty, nothing is replaced.
    null: Vec<u8>,
    delimiter: u8,
    position: CellPosition,
    chunk: Vec<u8>,
    /// Rewritten bytes, some of which have been returned.
    ready: Vec<u8>,
    returned: usize,
}

/// The state of the current cell.
#[derive(Clone, Copy)]
enum CellPosition {
    /// After this many bytes that match the null text and are still held back.
    LikeNull(usize),
    /// In an unquoted cell that is not null, or after a closing quote.
    Unquoted,
    /// Between quotes.
    Quoted,
    /// After a quote that ends the cell or starts a doubled quote.
    AfterQuote,
}

impl<R: Read> UnquotedNulls<R> {
    pub(super) fn new(text: R, null: &str, delimiter: u8) -> Self {
        let (null, position) = (null.as_bytes().to_vec(), CellPosition::LikeNull(0));
        let chunk = if null.is_empty() { Vec::new() } else { vec![0; READ_BUFFER_BYTES] };
        Self { text, null, delimiter, position, chunk, ready: Vec::new(), returned: 0 }
    }

    /// Rewrites the next part of the input; returns whether there was one.
    fn fill(&mut self) -> io::Result<bool> {
        self.ready.clear();
        self.returned = 0;
        let count = self.text.read(&mut self.chunk)?;
        for at in 0..count {
            self.push(self.chunk[at]);
        }
        if count == 0 {
            // A last cell without a line end may be truncated, so it is not known to be null.
            self.push_like_null();
            self.position = CellPosition::LikeNull(0);
        }
        Ok(count > 0)
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        use CellPosition::{AfterQuote, LikeNull, Quoted, Unquoted};
        let is_end = byte == self.delimiter || matches!(byte, b'\r' | b'\n');
        self.position = match self.position {
            LikeNull(count) if is_end => {
                if count == self.null.len() {
                    self.ready.extend_from_slice(b"\"\"");
                } else {
                    self.push_like_null();
                }
                LikeNull(0)
            }
            LikeNull(0) if byte == b'"' => Quoted,
            LikeNull(count) if self.null.get(count) == Some(&byte) => {
                self.position = LikeNull(count + 1);
                return;
            }
            LikeNull(_) => {
                self.push_like_null();
                Unquoted
            }
            Unquoted | AfterQuote if is_end => LikeNull(0),
            Quoted if byte == b'"' => AfterQuote,
            AfterQuote if byte == b'"' => Quoted,
            Unquoted | AfterQuote => Unquoted,
            Quoted => Quoted,
        };
        self.ready.push(byte);
    }

    /// Appends the bytes that were held back.
    fn push_like_null(&mut self) {
        if let CellPosition::LikeNull(count) = self.position {
            self.ready.extend_from_slice(&self.null[..count]);
        }
    }
}

impl<R: Read> Read for UnquotedNulls<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.null.is_empty() {
            return self.text.read(buffer);
        }
        // The whole part may be held back.
        while self.returned == self.ready.len() {
            if !self.fill()? && self.ready.is_empty() {
                return Ok(0);
            }
        }
        let rest = &self.ready[self.returned..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.returned += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that returns one byte at a time.
    struct OneByte<'a>(&'a [u8]);

    impl Read for OneByte<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = buffer.len().min(1);
            self.0.read(&mut buffer[..count])
        }
    }

    #[test]
    fn only_a_whole_cell_without_quotes_is_null() {
        for (text, wanted) in [
            ("NULL;NULL\nNULL\r\n", "\"\";\"\"\n\"\"\r\n"),
            ("\"NULL\";NULLX;XNULL;NUL;null\n", "\"NULL\";NULLX;XNULL;NUL;null\n"),
            ("\"a\"\";NULL;\";NULL\n", "\"a\"\";NULL;\";\"\"\n"),
            ("\"\nNULL\n\";;NULL\n", "\"\nNULL\n\";;\"\"\n"),
            ("NUNULL;\"\"NULL;NULL\"\"\n", "NUNULL;\"\"NULL;NULL\"\"\n"),
            ("\u{feff}\"NULL\"\n\n", "\u{feff}\"NULL\"\n\n"),
            ("a;NUL", "a;NUL"),
            ("a;NULL", "a;NULL"),
            ("", ""),
        ] {
            let mut read = String::new();
            UnquotedNulls::new(text.as_bytes(), "NULL", b';').read_to_string(&mut read).unwrap();
            assert_eq!(read, wanted);
            let mut read = String::new();
            UnquotedNulls::new(OneByte(text.as_bytes()), "NULL", b';').read_to_string(&mut read).unwrap();
            assert_eq!(read, wanted, "byte by byte");
            let mut read = String::new();
            UnquotedNulls::new(text.as_bytes(), "", b';').read_to_string(&mut read).unwrap();
            assert_eq!(read, text, "without a text for nulls");
        }
    }
}

//! Buffers the lines of a text format in front of the byte sink.

use std::io::{self, Write};

use super::codec::{Codec, Compressor};

/// Bytes of lines that are passed on at once: as many as the destination writes at once, so that it need not copy them, and
/// few enough to be hashed while they are in the processor's cache.
const CHUNK_BYTES: usize = 256 << 10;

/// Buffers lines and passes them on, compressed or not.
#[derive(Debug)]
pub(super) struct LineWriter<W: Write> {
    sink: Compressor<W>,
    /// Buffered lines; the encoder appends to them.
    pub(super) lines: Vec<u8>,
}

impl<W: Write> LineWriter<W> {
    pub(super) fn new(sink: W, codec: Codec) -> io::Result<Self> {
        let lines = Vec::with_capacity(CHUNK_BYTES + (CHUNK_BYTES >> 3));
        Ok(Self { sink: codec.compress(sink)?, lines })
    }

    /// Ends a line, and passes lines on when there are enough.
    pub(super) fn end_line(&mut self) -> io::Result<()> {
        self.lines.push(b'\n');
        if self.lines.len() >= CHUNK_BYTES { self.pass_on() } else { Ok(()) }
    }

    fn pass_on(&mut self) -> io::Result<()> {
        self.sink.write_all(&self.lines)?;
        self.lines.clear();
        Ok(())
    }

    /// Passes buffered lines on to the sink.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.sink.flush()
    }

    /// Ends the compression and returns the sink.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.pass_on()?;
        self.sink.finish()
    }
}

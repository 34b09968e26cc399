//! Lines of a text format on their way to the byte sink.

use std::io::{self, Write};

use super::codec::{Codec, Compressor};

/// Lines gathered before they are passed on: as many bytes as the destination writes at once, so that it need not copy
/// them, and few enough to be hashed while they are in the processor's cache.
const CHUNK_BYTES: usize = 256 << 10;

/// Gathers lines and passes them on, compressed or not.
#[derive(Debug)]
pub(super) struct LineWriter<W: Write> {
    sink: Compressor<W>,
    /// Lines that wait; whoever encodes appends to them.
    pub(super) lines: Vec<u8>,
}

impl<W: Write> LineWriter<W> {
    pub(super) fn new(sink: W, codec: Codec) -> io::Result<Self> {
        let lines = Vec::with_capacity(CHUNK_BYTES + (CHUNK_BYTES >> 3));
        Ok(Self { sink: codec.compress(sink)?, lines })
    }

    /// Ends a line, and passes lines on when enough are gathered.
    pub(super) fn end_line(&mut self) -> io::Result<()> {
        self.lines.push(b'\n');
        if self.lines.len() >= CHUNK_BYTES { self.pass_on() } else { Ok(()) }
    }

    fn pass_on(&mut self) -> io::Result<()> {
        self.sink.write_all(&self.lines)?;
        self.lines.clear();
        Ok(())
    }

    /// Passes on what is gathered, down to the sink.
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

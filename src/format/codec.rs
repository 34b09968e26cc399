//! Compression of a whole file, independent of its format.
//!
//! Formats with their own compression (Parquet) take no codec. Levels are the fastest that compress well: a file is written
//! once and mostly read once.

use std::fmt;
use std::io::{self, BufRead, Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

/// Level of Zstandard: the fastest that compresses well.
const ZSTD_LEVEL: i32 = 1;

/// How the bytes of a file are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878), with a checksum.
    Zstd,
}

impl Codec {
    /// The extension of a compressed file, which follows that of its format.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }

    /// Compresses what is written to it into `sink`.
    pub(super) fn compress<W: Write>(self, sink: W) -> io::Result<Compressor<W>> {
        Ok(match self {
            Self::None => Compressor::None(sink),
            Self::Gzip => Compressor::Gzip(GzEncoder::new(sink, flate2::Compression::fast())),
            Self::Zstd => {
                let mut encoder = zstd::Encoder::new(sink, ZSTD_LEVEL)?;
                // As gzip has one: without it, a flipped bit could change a phone number.
                encoder.include_checksum(true)?;
                Compressor::Zstd(encoder)
            }
        })
    }

    /// Reads the text that was compressed into `source`.
    ///
    /// # Errors
    /// When the decoder cannot be set up.
    pub(crate) fn decompress<'a>(self, source: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::None => Box::new(source),
            Self::Gzip => Box::new(MultiGzDecoder::new(source)),
            Self::Zstd => Box::new(zstd::Decoder::with_buffer(source)?),
        })
    }
}

/// A byte sink with a codec in front of it.
pub(super) enum Compressor<W: Write> {
    None(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Write> Compressor<W> {
    /// Ends the compressed data and returns the sink.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::None(sink) => Ok(sink),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Compressor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::None(sink) => sink.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::None(sink) => sink.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

impl<W: Write> fmt::Debug for Compressor<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None(_) => "None",
            Self::Gzip(_) => "Gzip",
            Self::Zstd(_) => "Zstd",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compressed_is_read_back() {
        let text = b"id,region_code\n".repeat(1000);
        for codec in [Codec::None, Codec::Gzip, Codec::Zstd] {
            let mut compressor = codec.compress(Vec::new()).unwrap();
            compressor.write_all(&text).unwrap();
            let bytes = compressor.finish().unwrap();
            assert_eq!(bytes.len() < text.len(), codec != Codec::None);
            let mut back = Vec::new();
            codec.decompress(bytes.as_slice()).unwrap().read_to_end(&mut back).unwrap();
            assert_eq!(back, text, "{codec:?}");
        }
    }
}

//! NDJSON (also called JSON Lines): one object per line, UTF-8, LF line ends.
//!
//! Every object has all keys in the order of the schema; a null is `null`, a list an array, a struct an object. Times are
//! strings, and so are decimals by default (see [`json`](super::json)).
//!
//! *Easy to get wrong:* a line end within a text is written as `\n`, so that a line is always a whole object.

use std::fmt;
use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::codec::Codec;
use super::encode::{Encode, EncodeError, check_batch};
use super::json::JsonObjects;
use super::lines::LineWriter;
use super::settings::JsonDecimals;

/// Encodes batches into one NDJSON file, compressed or not.
#[derive(Debug)]
pub(super) struct NdjsonEncoder<W: Write> {
    writer: LineWriter<W>,
    schema: SchemaRef,
    decimals: JsonDecimals,
}

impl<W: Write> NdjsonEncoder<W> {
    pub(super) fn new(sink: W, codec: Codec, schema: SchemaRef, decimals: JsonDecimals) -> Result<Self, EncodeError> {
        Ok(Self { writer: LineWriter::new(sink, codec)?, schema, decimals })
    }
}

impl<W: Write + Send + fmt::Debug> Encode<W> for NdjsonEncoder<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        check_batch(&self.schema, batch)?;
        let objects = JsonObjects::new(self.schema.fields(), batch.columns(), self.decimals);
        for row in 0..batch.num_rows() {
            objects.push(row, &mut self.writer.lines);
            self.writer.end_line()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), EncodeError> {
        Ok(self.writer.flush()?)
    }

    fn finish(self: Box<Self>) -> Result<W, EncodeError> {
        Ok(self.writer.finish()?)
    }
}

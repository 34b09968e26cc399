//! Arrow IPC: the file format (`.arrow`, also called Feather version 2) and the stream format (`.arrows`).
//!
//! Uncompressed, so that a file can be mapped into memory and a stream costs nothing to decode. The types are those of the
//! schema; the metadata is that of Parquet files. Format: `Columnar.html#serialization-and-interprocess-communication-ipc`
//! in the documentation of Arrow.
//!
//! *Easy to get wrong:* the bytes depend on where a batch ends, so rows are first split into batches of a fixed size (see
//! [`rebatch`](super::rebatch)). For the same reason, a flush does not end a batch.

use std::fmt;
use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow_ipc::writer::{FileWriter, StreamWriter};

use super::encode::{Encode, EncodeError, check_batch};
use super::rebatch::Rebatcher;

/// Encodes batches into one IPC file or stream.
pub(super) struct IpcEncoder<W: Write> {
    writer: IpcWriter<W>,
    batches: Rebatcher,
    schema: SchemaRef,
}

enum IpcWriter<W: Write> {
    File(FileWriter<W>),
    Stream(StreamWriter<W>),
}

impl<W: Write> IpcEncoder<W> {
    /// Starts a file, which has a footer with the position of every batch.
    pub(super) fn file(sink: W, schema: SchemaRef, metadata: &[(String, String)]) -> Result<Self, ArrowError> {
        let writer = IpcWriter::File(FileWriter::try_new(sink, &described(&schema, metadata))?);
        Ok(Self { writer, batches: Rebatcher::new(SchemaRef::clone(&schema)), schema })
    }

    /// Starts a stream, which can be read while it is written.
    pub(super) fn stream(sink: W, schema: SchemaRef, metadata: &[(String, String)]) -> Result<Self, ArrowError> {
        let writer = IpcWriter::Stream(StreamWriter::try_new(sink, &described(&schema, metadata))?);
        Ok(Self { writer, batches: Rebatcher::new(SchemaRef::clone(&schema)), schema })
    }
}

/// The schema with the metadata of the export.
fn described(schema: &SchemaRef, metadata: &[(String, String)]) -> Schema {
    let mut described = schema.metadata().clone();
    for (key, value) in metadata {
        described.insert(key.clone(), value.clone());
    }
    Schema::new_with_metadata(schema.fields().clone(), described)
}

impl<W: Write> IpcWriter<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        match self {
            Self::File(writer) => writer.write(batch),
            Self::Stream(writer) => writer.write(batch),
        }
    }
}

impl<W: Write + Send + fmt::Debug> Encode<W> for IpcEncoder<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        check_batch(&self.schema, batch)?;
        Ok(self.batches.push(batch, |full| self.writer.write(full))?)
    }

    /// Only full batches are written: where a batch ends must not depend on when it is flushed.
    fn flush(&mut self) -> Result<(), EncodeError> {
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<W, EncodeError> {
        if let Some(last) = self.batches.finish()? {
            self.writer.write(&last)?;
        }
        Ok(match self.writer {
            IpcWriter::File(writer) => writer.into_inner()?,
            IpcWriter::Stream(writer) => writer.into_inner()?,
        })
    }
}

impl<W: Write> fmt::Debug for IpcEncoder<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.writer {
            IpcWriter::File(_) => "file",
            IpcWriter::Stream(_) => "stream",
        };
        formatter.debug_struct("IpcEncoder").field("kind", &kind).finish_non_exhaustive()
    }
}

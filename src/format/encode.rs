//! What every format does: take record batches, and give the byte sink back when all are written.

use std::error::Error;
use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

/// Why a batch could not be encoded: mostly an error of the byte sink, which is among its causes.
pub(crate) type EncodeError = Box<dyn Error + Send + Sync>;

/// Encodes batches of one schema into a byte sink. A format is opened by
/// [`FileFormat::open`](super::table::FileFormat::open), which has refused columns that it cannot hold.
pub(crate) trait Encode<W>: fmt::Debug + Send {
    /// Encodes a batch.
    ///
    /// # Errors
    /// When the sink cannot be written, or the batch has other columns than the encoder was opened for.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError>;

    /// Passes on what is gathered, so that a reader of the sink sees the rows so far. Formats that have nothing to show
    /// before their end do nothing.
    ///
    /// # Errors
    /// When the sink cannot be written.
    fn flush(&mut self) -> Result<(), EncodeError>;

    /// Writes what is left and what ends the format, and returns the sink.
    ///
    /// # Errors
    /// When the sink cannot be written.
    fn finish(self: Box<Self>) -> Result<W, EncodeError>;
}

/// A batch with columns of other types than the encoder was opened for.
#[derive(Debug, thiserror::Error)]
#[error("a batch does not have the columns that the output was opened for")]
struct ForeignBatch;

/// Holds a batch against the schema that an encoder was opened for.
///
/// # Errors
/// When a type differs: reading one type as another would be a panic.
pub(super) fn check_batch(schema: &SchemaRef, batch: &RecordBatch) -> Result<(), EncodeError> {
    let types = batch.columns().iter().map(|column| column.data_type());
    if types.eq(schema.fields().iter().map(|field| field.data_type())) { Ok(()) } else { Err(ForeignBatch.into()) }
}

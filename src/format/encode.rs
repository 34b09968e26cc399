//! What every encoder does: take record batches, and return the byte sink at the end.

use std::error::Error;
use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

/// Why a batch could not be encoded: usually an error of the byte sink, which is among the causes.
pub(crate) type EncodeError = Box<dyn Error + Send + Sync>;

/// Encodes batches of one schema into a byte sink. [`FileFormat::open`](super::table::FileFormat::open) creates encoders,
/// and refuses columns that a format cannot hold.
pub(crate) trait Encode<W>: fmt::Debug + Send {
    /// Encodes a batch.
    ///
    /// # Errors
    /// When the sink cannot be written, or the columns of the batch differ from those of the encoder.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError>;

    /// Passes on buffered rows, so that a reader of the sink sees them. Formats that cannot be read before their end do
    /// nothing.
    ///
    /// # Errors
    /// When the sink cannot be written.
    fn flush(&mut self) -> Result<(), EncodeError>;

    /// Writes the remaining rows and the end of the format, and returns the sink.
    ///
    /// # Errors
    /// When the sink cannot be written.
    fn finish(self: Box<Self>) -> Result<W, EncodeError>;
}

/// The columns of a batch have other types than those of the encoder.
#[derive(Debug, thiserror::Error)]
#[error("a batch does not have the columns that the output was opened for")]
struct ForeignBatch;

/// Compares a batch with the schema of the encoder.
///
/// # Errors
/// When a type differs: reading a value as another type would panic.
pub(super) fn check_batch(schema: &SchemaRef, batch: &RecordBatch) -> Result<(), EncodeError> {
    let types = batch.columns().iter().map(|column| column.data_type());
    if types.eq(schema.fields().iter().map(|field| field.data_type())) { Ok(()) } else { Err(ForeignBatch.into()) }
}

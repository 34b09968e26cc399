//! Converts rows that are written to the form in which files are read back.

use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::coerce::coerce;

/// The columns of `schema` with the values that reading the files would give: CSV does not distinguish an empty text from
/// null, so no format does. Columns that the batch lacks are null.
///
/// # Errors
/// When a column has a type that exports do not have.
pub fn as_read_back(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(array) => coerce(field.data_type(), array).map(|(array, _)| array),
        None => Ok(new_null_array(field.data_type(), batch.num_rows())),
    });
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)
}

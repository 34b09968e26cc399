//! Rows on their way to files as they will be read back from them.

use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::coerce::coerce;

/// The columns of `schema` in a batch that is written, with the values that reading the files gives: whether a text is
/// empty or null is lost in CSV, so it is in every format. Columns that the batch lacks are null.
///
/// # Errors
/// When a column has a type that no export has.
pub fn as_read_back(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(array) => coerce(field.data_type(), array).map(|(array, _)| array),
        None => Ok(new_null_array(field.data_type(), batch.num_rows())),
    });
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)
}

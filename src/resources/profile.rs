//! The columns that identify the profile of an organization for which a row was read. They follow those of the resource.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

/// Id of the profile for which a row was read; never null.
pub const PROFILE_ID: &str = "profile_id";
/// Name of the profile; null if the API reports none.
pub const PROFILE_NAME: &str = "profile_name";

/// Whether a column identifies the profile for which a row was read.
pub fn is_profile_column(name: &str) -> bool {
    name == PROFILE_ID || name == PROFILE_NAME
}

/// A schema followed by the columns of the profile.
pub fn with_profile(schema: &Schema) -> SchemaRef {
    let added = [Field::new(PROFILE_ID, DataType::Utf8, false), Field::new(PROFILE_NAME, DataType::Utf8, true)];
    let fields: Vec<_> = schema.fields().iter().cloned().chain(added.map(Arc::new)).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// Adds the columns of the profile to `batch`, whose rows are all of this profile. `schema` is [`with_profile`] of the
/// batch's schema.
///
/// # Errors
/// When the columns do not match `schema`.
pub fn of_profile(
    batch: &RecordBatch,
    schema: &SchemaRef,
    (id, name): (&str, Option<&str>),
) -> Result<RecordBatch, ArrowError> {
    let rows = batch.num_rows();
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(std::iter::repeat_n(id, rows)));
    let names: ArrayRef = match name {
        Some(name) => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(name, rows))),
        None => Arc::new(StringArray::new_null(rows)),
    };
    let columns = batch.columns().iter().cloned().chain([ids, names]).collect();
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// The id of the profile for which the rows of a batch were read; `None` if there is no such column, or no row.
pub fn profile_of(batch: &RecordBatch) -> Option<&str> {
    let ids = batch.column_by_name(PROFILE_ID)?.as_string_opt::<i32>()?;
    (!arrow::array::Array::is_empty(ids)).then(|| ids.value(0))
}

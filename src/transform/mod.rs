//! Transforms the record batches of a resource before they are written: masks or hashes phone numbers, adds optional
//! columns, and selects columns.
//!
//! `config` creates a [`RowTransform`], and `publish` applies it to each batch, once for all outputs. Reports count the
//! original rows. The transform needs neither files nor requests, and never drops a row.
//!
//! *Easy to get wrong:* `row_hash` is computed after phone numbers are protected. A hash of the original row would reveal
//! the number: the other columns are known, and there are few numbers to try.
//!
//! If nothing changes, a batch costs only the selection of its columns; rows are not examined.

mod key;
mod optional;
mod phone;
mod privacy;
mod protect;
mod quoted;

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::error::ArrowError;

pub use self::key::{MIN_KEY_BYTES, PhoneKey};
pub use self::optional::OptionalColumn;
pub use self::privacy::Privacy;
pub use self::protect::{PhoneProtection, Protected};
use crate::format::Projection;
use crate::resources::Personal;

/// Transforms the batches of a resource into those that are written.
#[derive(Debug, Clone)]
pub struct RowTransform {
    phones: Option<PhoneProtection>,
    /// They follow the columns of the resource, in this order.
    optional: Vec<OptionalColumn>,
    /// Selects among the columns of the resource and the optional ones.
    projection: Projection,
    /// The schema of written rows.
    schema: SchemaRef,
}

impl RowTransform {
    /// `projection` selects among the columns of the resource, followed by those of `optional`.
    pub fn new(projection: Projection, optional: Vec<OptionalColumn>, phones: Option<PhoneProtection>) -> Self {
        let schema = Personal::unmarked(projection.schema());
        Self { phones, optional, projection, schema }
    }

    /// The schema of what [`apply`](Self::apply) returns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// How phone numbers are protected.
    pub fn phones(&self) -> Option<&PhoneProtection> {
        self.phones.as_ref()
    }

    /// The protected ones among the written columns, and how each is protected.
    pub fn protected_columns(&self) -> impl Iterator<Item = (&str, Protected)> {
        let fields = self.projection.schema().fields().iter();
        fields.filter_map(|field| Some((field.name().as_str(), self.phones.as_ref()?.of(Personal::of(field)?)?)))
    }

    /// Transforms a batch with all columns of the resource. `started_at` is the start of the run, in microseconds UTC.
    ///
    /// # Errors
    /// When the batch does not have the columns of the resource.
    pub fn apply(&self, batch: &RecordBatch, started_at: i64) -> Result<RecordBatch, ArrowError> {
        let changed;
        let batch = if self.phones.is_none() && self.optional.is_empty() {
            batch
        } else {
            changed = self.change(batch, started_at)?;
            &changed
        };
        let columns = self.projection.project(batch)?.columns().to_vec();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
    }

    fn change(&self, batch: &RecordBatch, started_at: i64) -> Result<RecordBatch, ArrowError> {
        let hashes_rows = self.optional.contains(&OptionalColumn::RowHash);
        let is_needed = |column| hashes_rows || self.projection.has(column);
        let protected = self.phones.as_ref().map(|phones| phones.protect(batch, is_needed)).transpose()?;
        let protected = match protected {
            Some(columns) => RecordBatch::try_new(batch.schema(), columns)?,
            None => batch.clone(),
        };
        let added = self.optional.iter().map(|column| column.values(&protected, started_at));
        let columns = protected.columns().iter().cloned().chain(added).collect();
        RecordBatch::try_new(with_optional(&batch.schema(), &self.optional), columns)
    }
}

impl From<Projection> for RowTransform {
    /// Selects columns without changing values.
    fn from(projection: Projection) -> Self {
        Self::new(projection, Vec::new(), None)
    }
}

/// A schema with optional columns after its own.
pub fn with_optional(schema: &Schema, optional: &[OptionalColumn]) -> SchemaRef {
    let added = optional.iter().map(|column| Arc::<Field>::new(column.field()));
    let fields = schema.fields().iter().cloned().chain(added).collect::<Vec<_>>();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

#[cfg(test)]
mod tests;

//! Encodes rows as bytes that can be decoded. Equal rows have equal bytes.

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{FieldRef, Schema};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, Rows, SortField};

use super::key::KeyColumns;

/// Encodes the columns of a snapshot other than its key.
#[derive(Debug)]
pub(super) struct RowCodec {
    converter: RowConverter,
    key: KeyColumns,
    /// The columns other than the key.
    fields: Vec<FieldRef>,
}

impl RowCodec {
    /// For rows of this schema, which must have a text column `id`.
    ///
    /// # Errors
    /// When it has no such column, or one with a type that cannot be encoded.
    pub(super) fn new(schema: &Schema) -> Result<Self, ArrowError> {
        schema.index_of("id")?;
        let key = KeyColumns::of(schema);
        let fields = key.others(schema);
        let sort_fields = fields.iter().map(|field| SortField::new(field.data_type().clone())).collect();
        Ok(Self { converter: RowConverter::new(sort_fields)?, key, fields })
    }

    /// The columns that rows are matched by.
    pub(super) fn key(&self) -> KeyColumns {
        self.key
    }

    /// The columns other than the key.
    pub(super) fn fields(&self) -> &[FieldRef] {
        &self.fields
    }

    /// The keys of a batch, and its other columns as bytes.
    ///
    /// # Errors
    /// When the columns of the batch differ from those of the snapshot.
    pub(super) fn encode(&self, batch: &RecordBatch) -> Result<(StringArray, Rows), ArrowError> {
        if batch.num_columns() != self.fields.len() + self.key.len() {
            return Err(ArrowError::SchemaError(format!("{} columns", batch.num_columns())));
        }
        let (schema, keys) = (batch.schema(), self.key.keys(batch)?);
        let columns = schema.fields().iter().zip(batch.columns());
        let others = columns.filter(|(field, _)| !self.key.contains(field.name())).map(|(_, array)| array);
        let others: Vec<ArrayRef> = others.cloned().collect();
        Ok((keys, self.converter.convert_columns(&others)?))
    }

    /// Decodes the columns other than the key.
    ///
    /// # Errors
    /// When the bytes are not encoded rows.
    pub(super) fn decode<'a>(&self, rows: impl Iterator<Item = &'a [u8]>) -> Result<Vec<ArrayRef>, ArrowError> {
        let parser = self.converter.parser();
        let rows: Vec<&[u8]> = rows.collect();
        self.converter.convert_rows(rows.iter().map(|bytes| parser.parse(bytes)))
    }
}

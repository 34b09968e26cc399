//! Encodes rows as bytes: equal rows have equal bytes, which can be decoded again.

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{FieldRef, Schema};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, Rows, SortField};

/// The column by which rows of two snapshots are matched.
const ID: &str = "id";

/// Encodes the columns of a snapshot other than the id.
#[derive(Debug)]
pub(super) struct RowCodec {
    converter: RowConverter,
    /// Position of the id in the schema of the snapshot.
    id: usize,
    /// The columns other than the id.
    fields: Vec<FieldRef>,
}

impl RowCodec {
    /// For rows of this schema, which must have a text column `id`.
    ///
    /// # Errors
    /// When it has no such column, or one with a type that cannot be encoded.
    pub(super) fn new(schema: &Schema) -> Result<Self, ArrowError> {
        let id = schema.index_of(ID)?;
        let fields: Vec<FieldRef> = schema.fields().iter().filter(|field| field.name() != ID).cloned().collect();
        let sort_fields = fields.iter().map(|field| SortField::new(field.data_type().clone())).collect();
        Ok(Self { converter: RowConverter::new(sort_fields)?, id, fields })
    }

    /// The columns other than the id.
    pub(super) fn fields(&self) -> &[FieldRef] {
        &self.fields
    }

    /// The ids of a batch, and its other columns as bytes.
    ///
    /// # Errors
    /// When the columns of the batch differ from those of the snapshot.
    pub(super) fn encode(&self, batch: &RecordBatch) -> Result<(StringArray, Rows), ArrowError> {
        let foreign = || ArrowError::SchemaError("the id is not a text".to_owned());
        if batch.num_columns() != self.fields.len() + 1 {
            return Err(ArrowError::SchemaError(format!("{} columns", batch.num_columns())));
        }
        let ids: &StringArray = batch.column(self.id).as_string_opt().ok_or_else(foreign)?;
        let others = batch.columns().iter().enumerate().filter(|(column, _)| *column != self.id);
        let others: Vec<ArrayRef> = others.map(|(_, array)| ArrayRef::clone(array)).collect();
        Ok((ids.clone(), self.converter.convert_columns(&others)?))
    }

    /// Decodes the columns other than the id.
    ///
    /// # Errors
    /// When the bytes are not encoded rows.
    pub(super) fn decode<'a>(&self, rows: impl Iterator<Item = &'a [u8]>) -> Result<Vec<ArrayRef>, ArrowError> {
        let parser = self.converter.parser();
        let rows: Vec<&[u8]> = rows.collect();
        self.converter.convert_rows(rows.iter().map(|bytes| parser.parse(bytes)))
    }
}

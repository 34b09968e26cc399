//! Selects columns of a schema and their order.
//!
//! People type the names (`--columns`), so the error about an unknown name suggests the most similar one. A projection does
//! not depend on the resource: it is made from a schema and applied to batches of that schema.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::error::ArrowError;

/// The selected columns of a schema, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// The schema of the selected columns.
    schema: SchemaRef,
    /// Their positions in the original schema.
    indices: Vec<usize>,
}

/// Why a list of column names was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ColumnError {
    /// The name is unknown.
    #[error("unknown column {name:?}, {suggestion}")]
    Unknown {
        /// The name as given.
        name: String,
        /// The most similar name, or all names.
        suggestion: String,
    },
    /// A column was named twice.
    #[error("column {0:?} is named twice")]
    Repeated(String),
    /// No column was named.
    #[error("no column is named")]
    Empty,
}

impl Projection {
    /// Every column, in the order of the schema.
    pub fn all(schema: SchemaRef) -> Self {
        let indices = (0..schema.fields().len()).collect();
        Self { schema, indices }
    }

    /// The named columns, in the given order. White space around a name and empty names are ignored.
    ///
    /// # Errors
    /// When a name is unknown or given twice, or none is given.
    pub fn select(schema: &Schema, names: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, ColumnError> {
        let (mut indices, mut fields) = (Vec::new(), Vec::new());
        for name in names {
            let name = name.as_ref().trim();
            if name.is_empty() {
                continue;
            }
            let (index, field) = schema.fields().find(name).ok_or_else(|| unknown(schema, name))?;
            if indices.contains(&index) {
                return Err(ColumnError::Repeated(name.to_owned()));
            }
            indices.push(index);
            fields.push(Arc::clone(field));
        }
        if indices.is_empty() {
            return Err(ColumnError::Empty);
        }
        Ok(Self { schema: Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())), indices })
    }

    /// The schema of what [`project`](Self::project) returns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether a column is selected, by its position in the original schema.
    pub fn has(&self, column: usize) -> bool {
        self.indices.contains(&column)
    }

    /// The selected columns of a batch with the original schema; copies no values.
    ///
    /// # Errors
    /// When the batch has fewer columns than the original schema.
    pub fn project(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        batch.project(&self.indices)
    }
}

fn unknown(schema: &Schema, name: &str) -> ColumnError {
    let suggestion = match nearest_column(schema, name) {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None => format!("the columns are {}", names(schema).collect::<Vec<_>>().join(",")),
    };
    ColumnError::Unknown { name: name.to_owned(), suggestion }
}

fn names(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.fields().iter().map(|field: &Arc<Field>| field.name().as_str())
}

fn nearest_column<'a>(schema: &'a Schema, name: &str) -> Option<&'a str> {
    let name = name.to_lowercase();
    let similarity = |known: &str| strsim::jaro_winkler(&name, known);
    let best = names(schema).max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    // Below this, the list of names is more helpful than a suggestion.
    (similarity(best) > 0.85).then_some(best)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, AsArray, StringArray};
    use arrow::datatypes::DataType;

    use super::*;

    fn schema() -> SchemaRef {
        let text = |name: &str| Field::new(name, DataType::Utf8, true);
        Arc::new(Schema::new(vec![text("id"), text("format_e164"), text("opt_out")]))
    }

    fn select(names: &str) -> Result<Projection, ColumnError> {
        Projection::select(&schema(), names.split(','))
    }

    #[test]
    fn columns_are_taken_in_the_order_given() {
        let projection = select("opt_out, id").unwrap();
        assert_eq!(names(projection.schema()).collect::<Vec<_>>(), ["opt_out", "id"]);
        let column = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
        let batch = RecordBatch::try_new(schema(), vec![column("a"), column("+1"), column("true")]).unwrap();
        let projected = projection.project(&batch).unwrap();
        assert_eq!(projected.schema(), *projection.schema());
        assert_eq!(projected.column(0).as_string::<i32>().value(0), "true");
        assert_eq!(Projection::all(schema()).project(&batch).unwrap(), batch);
        assert!(projection.project(&projected).is_err(), "a batch of another schema is no panic");
    }

    #[test]
    fn unknown_repeated_and_no_columns_are_refused() {
        let error = select("id,format_e16").unwrap_err();
        assert_eq!(error.to_string(), r#"unknown column "format_e16", did you mean "format_e164"?"#);
        for strange in ["zzz", "fone"] {
            let error = select(strange).unwrap_err();
            assert!(error.to_string().contains("the columns are id,format_e164,opt_out"), "{error}");
        }
        assert_eq!(select("id,id"), Err(ColumnError::Repeated("id".into())));
        assert_eq!(select(" , "), Err(ColumnError::Empty));
    }
}

//! The columns of a table, derived from the Arrow schema of a resource.

use arrow::datatypes::{DataType, Field, Schema};

use super::error::SqlError;

/// A column, or a member of a nested one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SqlColumn {
    pub(super) name: String,
    pub(super) kind: SqlType,
    /// Whether it is never null.
    pub(super) is_required: bool,
}

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SqlType {
    Text,
    Flag,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    Float,
    /// Microseconds, UTC.
    Time,
    Decimal {
        precision: u8,
        scale: i8,
    },
    /// In CSV: joined with commas.
    Texts,
    /// A list of structs with these members. In CSV: JSON.
    Structs(Vec<SqlColumn>),
}

impl SqlColumn {
    /// All columns of a schema.
    ///
    /// # Errors
    /// When a column has an unsupported type.
    pub(super) fn all_of(schema: &Schema) -> Result<Vec<Self>, SqlError> {
        let column = |field: &std::sync::Arc<Field>| {
            Self::new(field).ok_or_else(|| SqlError::UnsupportedColumn {
                column: field.name().clone(),
                data_type: field.data_type().to_string(),
            })
        };
        schema.fields().iter().map(column).collect()
    }

    fn new(field: &Field) -> Option<Self> {
        let kind = SqlType::new(field.data_type())?;
        Some(Self { name: field.name().clone(), kind, is_required: !field.is_nullable() })
    }
}

impl SqlType {
    fn new(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Utf8 => Self::Text,
            DataType::Boolean => Self::Flag,
            DataType::Int32 => Self::Int,
            DataType::Int64 => Self::Long,
            DataType::Float64 => Self::Float,
            // `format` writes times only in UTC.
            DataType::Timestamp(_, Some(_)) => Self::Time,
            DataType::Decimal128(precision, scale) => Self::Decimal { precision: *precision, scale: *scale },
            DataType::List(item) => match item.data_type() {
                DataType::Utf8 => Self::Texts,
                DataType::Struct(members) => {
                    let members = members.iter().map(|member| SqlColumn::new(member)).collect::<Option<Vec<_>>>()?;
                    // Most engines do not support lists of lists.
                    let is_flat = !members.iter().any(|member| member.kind.is_list());
                    return is_flat.then_some(Self::Structs(members));
                }
                _ => return None,
            },
            _ => return None,
        })
    }

    /// Whether it is a list, which text formats and many engines do not support.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::Texts | Self::Structs(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::ResourceTable;

    #[test]
    fn every_column_of_every_resource_has_an_sql_type() {
        for name in ResourceTable::NAMES {
            let schema = ResourceTable::named(name).unwrap().schema;
            let columns = SqlColumn::all_of(&schema).unwrap();
            assert_eq!(columns.len(), schema.fields().len());
            for (column, field) in columns.iter().zip(schema.fields()) {
                assert_eq!((&column.name, column.is_required), (field.name(), !field.is_nullable()));
            }
        }
    }

    #[test]
    fn an_unsupported_type_is_named_in_the_error() {
        let schema = Schema::new(vec![Field::new("raw", DataType::Binary, true)]);
        let error = SqlColumn::all_of(&schema).unwrap_err().to_string();
        assert_eq!(error, "no SQL can be written for the column raw of type Binary");
    }
}

//! The columns of changes.

use std::sync::Arc;

use arrow::array::{ArrayRef, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};

use super::key::KeyColumns;

/// The layout of old and new values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChangeLayout {
    /// Two structs, `old` and `new`.
    #[default]
    Structs,
    /// Columns `old_X` and `new_X` for each column `X`.
    Wide,
    /// The whole new row in separate columns, after the time from which it is valid: the layout of histories.
    Log {
        /// In microseconds UTC.
        valid_from: i64,
    },
}

/// How ids that only the old snapshot has are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GoneAs {
    /// `removed`: the new snapshot is complete.
    #[default]
    Removed,
    /// `missing`: the new snapshot may lack rows.
    Missing,
}

impl GoneAs {
    /// The value of the column `change`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Missing => "missing",
        }
    }
}

/// The column of contacts with the opt-out.
pub(super) const OPT_OUT: &str = "opt_out";

/// The column of a history with the time from which a row is valid.
pub const VALID_FROM: &str = "valid_from";
/// The column with the kind of change.
pub const CHANGE: &str = "change";

/// The columns of the changes between snapshots with this schema: `id`, and `profile_id` if the schema has it; in a history
/// `valid_from`; `change` and `changed_fields`; `opt_out_change` if the schema has `opt_out`; then the values of all other
/// columns in the given layout.
pub fn changes_schema(schema: &Schema, layout: ChangeLayout) -> SchemaRef {
    let key = KeyColumns::of(schema);
    schema_of((key, &key.others(schema)), layout)
}

/// Like [`changes_schema`], but takes the key and the other columns.
pub(super) fn schema_of((key, values): (KeyColumns, &[FieldRef]), layout: ChangeLayout) -> SchemaRef {
    let names = DataType::List(name_field());
    let mut fields = key.fields();
    if matches!(layout, ChangeLayout::Log { .. }) {
        fields.push(Field::new(VALID_FROM, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false));
    }
    fields.extend([Field::new(CHANGE, DataType::Utf8, false), Field::new("changed_fields", names, true)]);
    if values.iter().any(|field| field.name() == OPT_OUT) {
        fields.push(Field::new("opt_out_change", DataType::Utf8, true));
    }
    match layout {
        ChangeLayout::Structs => {
            let members = DataType::Struct(nullable(values));
            fields.extend(["old", "new"].map(|name| Field::new(name, members.clone(), true)));
        }
        ChangeLayout::Wide => {
            for field in values {
                let of_side =
                    |side: &str| Field::new(format!("{side}_{}", field.name()), field.data_type().clone(), true);
                fields.extend([of_side("old"), of_side("new")]);
            }
        }
        ChangeLayout::Log { .. } => fields.extend(nullable(values).iter().map(|field| field.as_ref().clone())),
    }
    Arc::new(Schema::new(fields))
}

/// The child of `changed_fields`.
pub(super) fn name_field() -> FieldRef {
    Arc::new(Field::new("element", DataType::Utf8, false))
}

fn nullable(values: &[FieldRef]) -> Fields {
    values.iter().map(|field| field.as_ref().clone().with_nullable(true)).collect()
}

/// The columns of old and new values; `is_there` selects the rows that a side has.
pub(super) fn value_columns(
    values: &[FieldRef],
    layout: ChangeLayout,
    [old, new]: [Vec<ArrayRef>; 2],
    [has_old, has_new]: [Vec<bool>; 2],
) -> Vec<ArrayRef> {
    match layout {
        ChangeLayout::Structs => {
            let fields = nullable(values);
            let side = |arrays: Vec<ArrayRef>, is_there: Vec<bool>| -> ArrayRef {
                Arc::new(StructArray::new(fields.clone(), arrays, Some(NullBuffer::from(is_there))))
            };
            vec![side(old, has_old), side(new, has_new)]
        }
        ChangeLayout::Wide => old.into_iter().zip(new).flat_map(|(old, new)| [old, new]).collect(),
        ChangeLayout::Log { .. } => new,
    }
}

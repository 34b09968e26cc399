//! The Arrow types that can be written. Every format supports the same ones, so that a resource can be written in each.

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};

/// The first column with an unsupported type.
pub(super) fn find_unsupported(schema: &Schema) -> Option<&Field> {
    schema.fields().iter().map(AsRef::as_ref).find(|field: &&Field| !is_supported(field.data_type()))
}

/// Text, flags, numbers, times in UTC, exact decimals, and lists and structs of them.
fn is_supported(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::Boolean | DataType::Int32 | DataType::Int64 | DataType::Float64 => true,
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) => zone.as_ref() == "UTC",
        DataType::Decimal128(_, scale) => *scale >= 0,
        DataType::List(item) => is_supported(item.data_type()),
        DataType::Struct(members) => {
            !members.is_empty() && members.iter().all(|member| is_supported(member.data_type()))
        }
        _ => false,
    }
}

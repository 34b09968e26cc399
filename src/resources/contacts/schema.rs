//! The Arrow schema of contacts: one definition, used by every format and by the report.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::resources::Personal;

/// Indices of the columns in [`contacts_schema`].
pub mod column {
    /// `id`
    pub const ID: usize = 0;
    /// `phone_number`
    pub const PHONE_NUMBER: usize = 1;
    /// `format_e164`
    pub const FORMAT_E164: usize = 2;
    /// `format_international`
    pub const FORMAT_INTERNATIONAL: usize = 3;
    /// `format_national`
    pub const FORMAT_NATIONAL: usize = 4;
    /// `format_rfc`
    pub const FORMAT_RFC: usize = 5;
    /// `country_code`
    pub const COUNTRY_CODE: usize = 6;
    /// `region_code`
    pub const REGION_CODE: usize = 7;
    /// `available_channels`
    pub const AVAILABLE_CHANNELS: usize = 8;
    /// `default_channel`
    pub const DEFAULT_CHANNEL: usize = 9;
    /// `opt_out`
    pub const OPT_OUT: usize = 10;
    /// `is_inherited`
    pub const IS_INHERITED: usize = 11;
    /// `created_at`
    pub const CREATED_AT: usize = 12;
    /// `updated_at`
    pub const UPDATED_AT: usize = 13;
    /// `customer_id`
    pub const CUSTOMER_ID: usize = 14;
    /// Number of columns.
    pub const COUNT: usize = 15;
    /// `extra`: what no other column holds, as JSON text. The last column, and only in
    /// [`contacts_schema_with_extra`](super::contacts_schema_with_extra).
    pub const EXTRA: usize = COUNT;
}

/// The documented fields, which are the columns, in the order of the schema.
pub(super) const FIELD_NAMES: [&str; column::COUNT] = [
    "id",
    "phone_number",
    "format_e164",
    "format_international",
    "format_national",
    "format_rfc",
    "country_code",
    "region_code",
    "available_channels",
    "default_channel",
    "opt_out",
    "is_inherited",
    "created_at",
    "updated_at",
    "customer_id",
];

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let field = |(column, name): (usize, &str)| match column {
        column::ID => Field::new(name, DataType::Utf8, false),
        column::AVAILABLE_CHANNELS => Field::new(name, DataType::List(channel_field()), false),
        column::OPT_OUT | column::IS_INHERITED => Field::new(name, DataType::Boolean, true),
        column::CREATED_AT | column::UPDATED_AT => {
            Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true)
        }
        column::PHONE_NUMBER..=column::FORMAT_RFC => Personal::Number.mark(Field::new(name, DataType::Utf8, true)),
        // A calling code has at most three digits, but a server could send a whole number.
        column::COUNTRY_CODE => Personal::Quotes.mark(Field::new(name, DataType::Utf8, true)),
        _ => Field::new(name, DataType::Utf8, true),
    };
    Arc::new(Schema::new(FIELD_NAMES.into_iter().enumerate().map(field).collect::<Vec<_>>()))
});

static SCHEMA_WITH_EXTRA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let extra = Personal::FreeText.mark(Field::new(EXTRA_NAME, DataType::Utf8, true));
    Arc::new(Schema::new(SCHEMA.fields().iter().cloned().chain([Arc::new(extra)]).collect::<Vec<_>>()))
});

/// The name of the column for what no other column holds.
const EXTRA_NAME: &str = "extra";

/// Columns whose values rarely repeat, for which formats skip dictionary encoding.
pub const UNIQUE_COLUMNS: &[&str] = &[
    "id",
    "phone_number",
    "format_e164",
    "format_international",
    "format_national",
    "format_rfc",
    "created_at",
    "updated_at",
];

/// The columns that identify a contact.
pub const KEY_COLUMNS: &[&str] = &[FIELD_NAMES[column::ID]];
/// When a contact was last changed.
pub const CHANGED_AT_COLUMN: &str = FIELD_NAMES[column::UPDATED_AT];

/// The name of a column.
pub fn column_name(column: usize) -> &'static str {
    FIELD_NAMES[column]
}

/// The schema of contacts. Text columns are plain Utf8, times are microseconds in UTC.
pub fn contacts_schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// The same with `extra` as the last column.
pub fn contacts_schema_with_extra() -> SchemaRef {
    Arc::clone(&SCHEMA_WITH_EXTRA)
}

/// The schema of contacts, with or without `extra`. The column is absent unless it was requested, so that neither rows nor
/// their hashes change for users who do not request it.
pub(super) fn schema_of(has_extra: bool) -> SchemaRef {
    if has_extra { contacts_schema_with_extra() } else { contacts_schema() }
}

/// The child of `available_channels`, named `element` as the Parquet format requires for lists (`LogicalTypes.md`).
pub(super) fn channel_field() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Utf8, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_indices_match_the_schema() {
        let schema = contacts_schema();
        assert_eq!(schema.fields().len(), column::COUNT);
        assert_eq!(schema.index_of("available_channels").unwrap(), column::AVAILABLE_CHANNELS);
        assert_eq!(schema.index_of("updated_at").unwrap(), column::UPDATED_AT);
        assert_eq!(schema.index_of("customer_id").unwrap(), column::CUSTOMER_ID);
        let with_extra = contacts_schema_with_extra();
        assert_eq!(with_extra.index_of("extra").unwrap(), column::EXTRA);
        assert_eq!(with_extra.fields()[..column::COUNT], schema.fields()[..]);
    }
}

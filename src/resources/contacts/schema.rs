//! The Arrow schema of contacts: one definition, used by every sink and by the summary.

use std::sync::{Arc, LazyLock};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Places of the columns in [`contacts_schema`].
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
    /// How many there are.
    pub const COUNT: usize = 15;
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
        _ => Field::new(name, DataType::Utf8, true),
    };
    Arc::new(Schema::new(FIELD_NAMES.into_iter().enumerate().map(field).collect::<Vec<_>>()))
});

/// The name of a column.
pub fn column_name(column: usize) -> &'static str {
    FIELD_NAMES[column]
}

/// The schema of contacts. Text columns are plain Utf8, times are microseconds in UTC.
pub fn contacts_schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// The child of `available_channels`, named `element` as the Parquet format asks for lists (`LogicalTypes.md`).
pub(super) fn channel_field() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Utf8, false))
}

/// Some columns of [`contacts_schema`] in the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSelection {
    columns: Vec<usize>,
}

/// Why a list of column names was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ColumnError {
    /// There is no such column.
    #[error("unknown column {name:?}, {}", suggestion(nearest.as_deref()))]
    Unknown {
        /// As it was given.
        name: String,
        /// The name that was probably meant.
        nearest: Option<String>,
    },
    /// A column was named twice.
    #[error("column {0:?} is named twice")]
    Repeated(String),
    /// No column was named.
    #[error("no column is named")]
    Empty,
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || {
            format!(
                "the columns are {}",
                contacts_schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(",")
            )
        },
        |nearest| format!("did you mean {nearest:?}?"),
    )
}

impl Default for ColumnSelection {
    /// All columns in the order of the schema.
    fn default() -> Self {
        Self { columns: (0..column::COUNT).collect() }
    }
}

impl std::str::FromStr for ColumnSelection {
    type Err = ColumnError;

    /// Reads names with commas between them.
    fn from_str(names: &str) -> Result<Self, ColumnError> {
        let schema = contacts_schema();
        let mut columns = Vec::new();
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let column = schema
                .index_of(name)
                .map_err(|_| ColumnError::Unknown { name: name.to_owned(), nearest: nearest_column(name) })?;
            if columns.contains(&column) {
                return Err(ColumnError::Repeated(name.to_owned()));
            }
            columns.push(column);
        }
        if columns.is_empty() { Err(ColumnError::Empty) } else { Ok(Self { columns }) }
    }
}

impl ColumnSelection {
    /// The selected columns of a batch in [`contacts_schema`].
    pub fn project(&self, batch: &RecordBatch) -> RecordBatch {
        batch.project(&self.columns).expect("a selection holds places of the contacts schema only")
    }

    /// The schema of what [`project`](Self::project) gives.
    pub fn schema(&self) -> SchemaRef {
        let schema = contacts_schema();
        Arc::new(schema.project(&self.columns).expect("a selection holds places of the contacts schema only"))
    }
}

fn nearest_column(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let schema = contacts_schema();
    let similarity = |field: &Arc<Field>| strsim::jaro_winkler(&name, field.name());
    let best = schema.fields().iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    // Below this, the suggestion is further from the mark than the plain list of names.
    (similarity(best) > 0.85).then(|| best.name().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_those_of_the_schema() {
        let schema = contacts_schema();
        assert_eq!(schema.fields().len(), column::COUNT);
        assert_eq!(schema.index_of("available_channels").unwrap(), column::AVAILABLE_CHANNELS);
        assert_eq!(schema.index_of("updated_at").unwrap(), column::UPDATED_AT);
        assert_eq!(schema.index_of("customer_id").unwrap(), column::CUSTOMER_ID);
    }

    #[test]
    fn columns_are_taken_in_the_order_given() {
        let selection: ColumnSelection = "opt_out, id".parse().unwrap();
        let names: Vec<_> = selection.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["opt_out", "id"]);
    }

    #[test]
    fn unknown_repeated_and_no_columns_are_refused() {
        let error = "id,format_e16".parse::<ColumnSelection>().unwrap_err();
        assert_eq!(error.to_string(), r#"unknown column "format_e16", did you mean "format_e164"?"#);
        for strange in ["zzz", "fone"] {
            let error = strange.parse::<ColumnSelection>().unwrap_err();
            assert!(error.to_string().contains("the columns are id,phone_number,"), "{error}");
        }
        assert_eq!("id,id".parse::<ColumnSelection>(), Err(ColumnError::Repeated("id".into())));
        assert_eq!(" , ".parse::<ColumnSelection>(), Err(ColumnError::Empty));
    }
}

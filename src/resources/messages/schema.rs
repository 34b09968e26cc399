//! The Arrow schema of messages: one definition, used by every format and by the report.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

use crate::resources::Personal;
use crate::resources::decimal::{DECIMAL_PRECISION, DECIMAL_SCALE};

/// Indices of the columns in [`messages_schema`].
pub mod column {
    /// `id`
    pub const ID: usize = 0;
    /// `customer_id`
    pub const CUSTOMER_ID: usize = 1;
    /// `contact_id`
    pub const CONTACT_ID: usize = 2;
    /// `phone`
    pub const PHONE: usize = 3;
    /// `phone_international`
    pub const PHONE_INTERNATIONAL: usize = 4;
    /// `region_code`
    pub const REGION_CODE: usize = 5;
    /// `template_id`
    pub const TEMPLATE_ID: usize = 6;
    /// `template_name`
    pub const TEMPLATE_NAME: usize = 7;
    /// `template_category`
    pub const TEMPLATE_CATEGORY: usize = 8;
    /// `channel`
    pub const CHANNEL: usize = 9;
    /// `direction`
    pub const DIRECTION: usize = 10;
    /// `status`
    pub const STATUS: usize = 11;
    /// `reason_code`
    pub const REASON_CODE: usize = 12;
    /// `reason`
    pub const REASON: usize = 13;
    /// `created_at`
    pub const CREATED_AT: usize = 14;
    /// `scheduled_at`
    pub const SCHEDULED_AT: usize = 15;
    /// `price`
    pub const PRICE: usize = 16;
    /// `active_contact_price`
    pub const ACTIVE_CONTACT_PRICE: usize = 17;
    /// `body_text`: `content` of `message_body`.
    pub const BODY_TEXT: usize = 18;
    /// `body`: all of `message_body`, as JSON text.
    pub const BODY: usize = 19;
    /// `events`
    pub const EVENTS: usize = 20;
    /// `extra`: what no other column holds, as JSON text.
    pub const EXTRA: usize = 21;
    /// Number of columns.
    pub const COUNT: usize = 22;
}

/// Indices of the fields of an event.
pub mod event_column {
    /// `status`
    pub const STATUS: usize = 0;
    /// `timestamp`
    pub const TIMESTAMP: usize = 1;
    /// `description`
    pub const DESCRIPTION: usize = 2;
    /// `reason_code`
    pub const REASON_CODE: usize = 3;
    /// `reason`
    pub const REASON: usize = 4;
    /// Number of fields.
    pub const COUNT: usize = 5;
}

/// The columns in the order of the schema.
const COLUMN_NAMES: [&str; column::COUNT] = [
    "id",
    "customer_id",
    "contact_id",
    "phone",
    "phone_international",
    "region_code",
    "template_id",
    "template_name",
    "template_category",
    "channel",
    "direction",
    "status",
    "reason_code",
    "reason",
    "created_at",
    "scheduled_at",
    "price",
    "active_contact_price",
    "body_text",
    "body",
    "events",
    "extra",
];

/// The documented fields and their columns, in the order in which the service writes them.
pub(super) const FIELDS: [(&str, usize); column::COUNT - 2] = [
    ("id", column::ID),
    ("customer_id", column::CUSTOMER_ID),
    ("contact_id", column::CONTACT_ID),
    ("phone", column::PHONE),
    ("phone_international", column::PHONE_INTERNATIONAL),
    ("region_code", column::REGION_CODE),
    ("template_id", column::TEMPLATE_ID),
    ("template_name", column::TEMPLATE_NAME),
    ("template_category", column::TEMPLATE_CATEGORY),
    ("channel", column::CHANNEL),
    ("direction", column::DIRECTION),
    ("status", column::STATUS),
    ("message_body", column::BODY),
    ("reason_code", column::REASON_CODE),
    ("reason", column::REASON),
    ("created_at", column::CREATED_AT),
    ("price", column::PRICE),
    ("active_contact_price", column::ACTIVE_CONTACT_PRICE),
    ("events", column::EVENTS),
    ("scheduled_at", column::SCHEDULED_AT),
];

/// The documented fields of an event, in the order of their columns.
pub(super) const EVENT_FIELDS: [&str; event_column::COUNT] =
    ["status", "timestamp", "description", "reason_code", "reason"];

/// Columns whose values rarely repeat, for which formats skip dictionary encoding.
pub(super) const UNIQUE_COLUMNS: &[&str] = &["id", "created_at", "scheduled_at"];

/// The columns that identify a message.
pub const KEY_COLUMNS: &[&str] = &[COLUMN_NAMES[column::ID]];

/// Every documented status, in both directions. More may be added.
const STATUSES: [&str; 12] = [
    "QUEUED",
    "PROCESSED",
    "ROUTED",
    "SCHEDULED",
    "SENT",
    "DELIVERED",
    "READ",
    "FAILED",
    "FILTERED",
    "BLOCKED",
    "CANCELLED",
    "RECEIVED",
];

/// Whether a status is documented (API reference, "Message statuses").
pub fn is_documented_status(status: &str) -> bool {
    STATUSES.contains(&status)
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let field = |(column, name): (usize, &str)| match column {
        column::ID => Field::new(name, DataType::Utf8, false),
        column::CREATED_AT | column::SCHEDULED_AT => Field::new(name, time_type(), true),
        column::PRICE | column::ACTIVE_CONTACT_PRICE => {
            Field::new(name, DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE), true)
        }
        column::EVENTS => Personal::Quotes.mark(Field::new(name, DataType::List(event_field()), true)),
        column::PHONE | column::PHONE_INTERNATIONAL => Personal::Number.mark(Field::new(name, DataType::Utf8, true)),
        column::REASON => Personal::Quotes.mark(Field::new(name, DataType::Utf8, true)),
        column::BODY_TEXT | column::BODY | column::EXTRA => {
            Personal::FreeText.mark(Field::new(name, DataType::Utf8, true))
        }
        _ => Field::new(name, DataType::Utf8, true),
    };
    Arc::new(Schema::new(COLUMN_NAMES.into_iter().enumerate().map(field).collect::<Vec<_>>()))
});

fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The schema of messages. Text columns are plain Utf8, times are microseconds in UTC, prices are exact decimals.
pub fn messages_schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// The fields of an event, at the indices in [`event_column`]; all may be null.
pub fn event_fields() -> Fields {
    let field = |(column, name)| match column {
        event_column::TIMESTAMP => Field::new(name, time_type(), true),
        _ => Field::new(name, DataType::Utf8, true),
    };
    EVENT_FIELDS.into_iter().enumerate().map(field).collect()
}

/// The child of `events`, named `element` as the Parquet format requires for lists (`LogicalTypes.md`).
pub(super) fn event_field() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(event_fields()), false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_indices_match_the_schema() {
        let schema = messages_schema();
        assert_eq!(schema.fields().len(), column::COUNT);
        for (name, place) in [("id", column::ID), ("status", column::STATUS), ("extra", column::EXTRA)] {
            assert_eq!(schema.index_of(name).unwrap(), place);
        }
        for (name, place) in FIELDS.into_iter().filter(|&(_, place)| place != column::BODY) {
            assert_eq!(schema.field(place).name(), name);
        }
    }
}

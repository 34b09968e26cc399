//! The Arrow schema of activities.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::resources::Personal;
use crate::resources::decimal::{DECIMAL_PRECISION, DECIMAL_SCALE};

/// Indices of the columns in [`activities_schema`].
pub(super) mod column {
    pub(in super::super) const STATUS: usize = 2;
    pub(in super::super) const DESCRIPTION: usize = 3;
    pub(in super::super) const FROM: usize = 4;
    pub(in super::super) const REASON_CODE: usize = 5;
    pub(in super::super) const REASON: usize = 6;
    pub(in super::super) const TIMESTAMP: usize = 7;
    pub(in super::super) const SCHEDULED_AT: usize = 8;
    pub(in super::super) const PRICE: usize = 9;
    pub(in super::super) const ACTIVE_CONTACT_PRICE: usize = 10;
}

/// The columns that identify a step of a message.
pub const KEY_COLUMNS: &[&str] = &["message_id", "position"];

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let time = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let money = || DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE);
    Arc::new(Schema::new(vec![
        Field::new("message_id", DataType::Utf8, false),
        Field::new("position", DataType::Int32, false),
        Field::new("status", DataType::Utf8, true),
        Personal::Quotes.mark(Field::new("description", DataType::Utf8, true)),
        Personal::Sender.mark(Field::new("from", DataType::Utf8, true)),
        Field::new("reason_code", DataType::Utf8, true),
        Personal::Quotes.mark(Field::new("reason", DataType::Utf8, true)),
        Field::new("timestamp", time(), true),
        Field::new("scheduled_at", time(), true),
        Field::new("price", money(), true),
        Field::new("active_contact_price", money(), true),
    ]))
});

/// The schema of activities: one row per step of a message, `position` 0 for the oldest. Times are microseconds UTC,
/// prices are decimals with six places (the API sends four).
pub fn activities_schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_at_their_indices() {
        let names = [
            (column::STATUS, "status"),
            (column::DESCRIPTION, "description"),
            (column::FROM, "from"),
            (column::REASON_CODE, "reason_code"),
            (column::REASON, "reason"),
            (column::TIMESTAMP, "timestamp"),
            (column::SCHEDULED_AT, "scheduled_at"),
            (column::PRICE, "price"),
            (column::ACTIVE_CONTACT_PRICE, "active_contact_price"),
        ];
        for (column, name) in names {
            assert_eq!(activities_schema().field(column).name(), name);
        }
    }
}

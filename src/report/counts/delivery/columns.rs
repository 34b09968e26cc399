//! The columns of messages that are counted, taken from the schema of messages.
//!
//! They include neither the text of a message nor a phone number, so a report never reads these.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, AsArray, Decimal128Array, ListArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};

use crate::resources::DECIMAL_SCALE;
use crate::resources::messages::{column, event_column, event_fields, messages_schema};

/// The counted columns except [`column::EVENTS`], in the order of [`delivery_schema`].
const COLUMNS: [usize; 14] = [
    column::ID,
    column::CONTACT_ID,
    column::REGION_CODE,
    column::TEMPLATE_ID,
    column::TEMPLATE_NAME,
    column::TEMPLATE_CATEGORY,
    column::CHANNEL,
    column::DIRECTION,
    column::STATUS,
    column::REASON_CODE,
    column::REASON,
    column::CREATED_AT,
    column::PRICE,
    column::ACTIVE_CONTACT_PRICE,
];

/// The counted fields of an event.
const EVENT_COLUMNS: [usize; 2] = [event_column::STATUS, event_column::TIMESTAMP];

// All nullable: files of other programs may lack any value.
static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let (messages, event) = (messages_schema(), event_fields());
    let nullable = |field: &Field| field.clone().with_nullable(true);
    let event: Fields = EVENT_COLUMNS.into_iter().map(|place| nullable(&event[place])).collect();
    let element = Arc::new(Field::new("element", DataType::Struct(event), true));
    let events = Field::new(messages.field(column::EVENTS).name(), DataType::List(element), true);
    let columns = COLUMNS.into_iter().map(|place| nullable(messages.field(place)));
    Arc::new(Schema::new(columns.chain([events]).collect::<Vec<_>>()))
});

/// The schema of the counted columns of messages. Events have only a status and a timestamp.
pub fn delivery_schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// The columns of a batch by name; `None` if the batch lacks one or has it with another type.
pub(super) struct MessageColumns<'a> {
    batch: &'a RecordBatch,
}

impl<'a> MessageColumns<'a> {
    pub(super) fn new(batch: &'a RecordBatch) -> Self {
        Self { batch }
    }

    pub(super) fn any(&self, name: &str) -> Option<&'a dyn Array> {
        self.batch.column_by_name(name).map(AsRef::as_ref)
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a StringArray> {
        self.any(name)?.as_string_opt()
    }

    pub(super) fn time(&self, name: &str) -> Option<&'a TimestampMicrosecondArray> {
        self.any(name)?.as_primitive_opt()
    }

    /// Prices, if their scale is that of the schema.
    pub(super) fn price(&self, name: &str) -> Option<&'a Decimal128Array> {
        self.any(name)?.as_primitive_opt().filter(|prices: &&Decimal128Array| prices.scale() == DECIMAL_SCALE)
    }

    pub(super) fn events(&self) -> Option<Events<'a>> {
        let lists: &ListArray = self.any("events")?.as_list_opt()?;
        let structs: &StructArray = lists.values().as_struct_opt()?;
        let statuses = structs.column_by_name("status")?.as_string_opt()?;
        let times = structs.column_by_name("timestamp")?.as_primitive_opt()?;
        Some(Events { lists, structs, statuses, times })
    }
}

/// The events of all messages of a batch.
#[derive(Clone, Copy)]
pub(super) struct Events<'a> {
    lists: &'a ListArray,
    structs: &'a StructArray,
    pub(super) statuses: &'a StringArray,
    times: &'a TimestampMicrosecondArray,
}

impl Events<'_> {
    /// Indices of the events of a message among those of the batch; empty for a null.
    pub(super) fn of(&self, row: usize) -> std::ops::Range<usize> {
        if self.lists.is_null(row) {
            return 0..0;
        }
        let ends = self.lists.value_offsets();
        let index = |offset: i32| usize::try_from(offset).expect("an offset is never negative");
        index(ends[row])..index(ends[row + 1])
    }

    /// Whether an event is not null.
    pub(super) fn is_there(&self, event: usize) -> bool {
        self.structs.is_valid(event)
    }

    /// The time of an event, in microseconds UTC.
    pub(super) fn time(&self, event: usize) -> Option<i64> {
        (self.times.is_valid(event) && self.is_there(event)).then(|| self.times.value(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_columns_have_the_names_and_types_of_the_schema_of_messages() {
        let messages = messages_schema();
        for field in delivery_schema().fields() {
            let exported = messages.field_with_name(field.name()).unwrap();
            assert!(field.is_nullable(), "{}", field.name());
            if field.name() != "events" {
                assert_eq!(field.data_type(), exported.data_type(), "{}", field.name());
            }
        }
    }

    #[test]
    fn batches_of_an_export_have_every_column_that_is_counted() {
        let batch = RecordBatch::new_empty(messages_schema());
        let columns = MessageColumns::new(&batch);
        assert!(columns.events().is_some());
        for name in ["price", "active_contact_price"] {
            assert!(columns.price(name).is_some(), "{name}");
        }
        assert!(columns.time("created_at").is_some());
        for field in delivery_schema().fields().iter().filter(|field| *field.data_type() == DataType::Utf8) {
            assert!(columns.text(field.name()).is_some(), "{}", field.name());
        }
    }
}

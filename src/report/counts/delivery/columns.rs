//! The columns of messages that are counted: names and types as in the schema of messages.
//!
//! Neither the text of a message nor a phone number is among them, so a report never reads one.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, ListArray, PrimitiveArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{
    DataType, Decimal128Type, Field, Fields, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType,
};

/// Digits of a price, and those behind the decimal point.
const PRICE: (u8, i8) = (18, 6);

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let texts = [
        "id",
        "contact_id",
        "region_code",
        "template_id",
        "template_name",
        "template_category",
        "channel",
        "direction",
        "status",
        "reason_code",
        "reason",
    ];
    let time = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let price = || DataType::Decimal128(PRICE.0, PRICE.1);
    let event: Fields = vec![Field::new("status", DataType::Utf8, true), Field::new("timestamp", time(), true)].into();
    let events = DataType::List(Arc::new(Field::new("element", DataType::Struct(event), true)));
    let others = [("created_at", time()), ("price", price()), ("active_contact_price", price()), ("events", events)];
    let texts = texts.map(|name| (name, DataType::Utf8)).into_iter();
    Arc::new(Schema::new(texts.chain(others).map(|(name, kind)| Field::new(name, kind, true)).collect::<Vec<_>>()))
});

/// The schema of what is counted of messages: some columns of theirs, of the events only status and time.
pub fn delivery_schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// The columns of a batch by their names. What a batch does not have, or has in another type, is nothing.
pub(super) struct MessageColumns<'a> {
    batch: &'a RecordBatch,
}

pub(super) type Times = PrimitiveArray<TimestampMicrosecondType>;
pub(super) type Prices = PrimitiveArray<Decimal128Type>;

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

    pub(super) fn time(&self, name: &str) -> Option<&'a Times> {
        self.any(name)?.as_primitive_opt()
    }

    /// Prices, whose scale must be that of the schema.
    pub(super) fn price(&self, name: &str) -> Option<&'a Prices> {
        self.any(name)?.as_primitive_opt().filter(|prices: &&Prices| prices.scale() == PRICE.1)
    }

    pub(super) fn events(&self) -> Option<Events<'a>> {
        let lists: &ListArray = self.any("events")?.as_list_opt()?;
        let structs: &StructArray = lists.values().as_struct_opt()?;
        let statuses = structs.column_by_name("status")?.as_string_opt()?;
        let times = structs.column_by_name("timestamp")?.as_primitive_opt()?;
        Some(Events { lists, structs, statuses, times })
    }
}

/// The events of the messages of a batch, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Events<'a> {
    lists: &'a ListArray,
    structs: &'a StructArray,
    pub(super) statuses: &'a StringArray,
    times: &'a Times,
}

impl Events<'_> {
    /// Places of the events of a message among all of the batch; none for a null.
    pub(super) fn of(&self, row: usize) -> std::ops::Range<usize> {
        if self.lists.is_null(row) {
            return 0..0;
        }
        let ends = self.lists.value_offsets();
        let place = |offset: i32| usize::try_from(offset).expect("an offset is never negative");
        place(ends[row])..place(ends[row + 1])
    }

    /// Whether there is an event, and no null in its place.
    pub(super) fn is_there(&self, event: usize) -> bool {
        self.structs.is_valid(event)
    }

    /// When an event was, in microseconds UTC.
    pub(super) fn time(&self, event: usize) -> Option<i64> {
        (self.times.is_valid(event) && self.is_there(event)).then(|| self.times.value(event))
    }
}

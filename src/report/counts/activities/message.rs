//! Combines the activities of a message into one row of messages.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Decimal128Builder, Int32Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder, StructBuilder, TimestampMicrosecondArray, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Decimal128Type, Int32Type};

use super::super::delivery::{YEAR_TWO, delivery_schema};
use crate::resources::DECIMAL_SCALE;

/// The columns of a row, in order, each with the column of activities whose missing values count for it.
pub(super) const MESSAGE_COLUMNS: [(&str, Option<&str>); 9] = [
    ("id", Some("message_id")),
    ("status", Some("status")),
    ("direction", None),
    ("reason_code", Some("reason_code")),
    ("reason", Some("reason")),
    ("created_at", Some("timestamp")),
    ("price", Some("price")),
    ("active_contact_price", Some("active_contact_price")),
    ("events", None),
];

/// The columns of a batch of activities by name; `None` if the batch lacks one or has it with another type.
pub(super) struct ActivityColumns<'a> {
    ids: Option<&'a StringArray>,
    positions: Option<Positions<'a>>,
    statuses: Option<&'a StringArray>,
    reason_codes: Option<&'a StringArray>,
    reasons: Option<&'a StringArray>,
    times: Option<&'a TimestampMicrosecondArray>,
    prices: [Option<&'a Decimal128Array>; 2],
    rows: usize,
}

/// Positions: numbers in an export, texts when they are read from files.
enum Positions<'a> {
    Numbers(&'a Int32Array),
    Texts(&'a StringArray),
}

impl<'a> ActivityColumns<'a> {
    pub(super) fn new(batch: &'a RecordBatch) -> Self {
        let any = |name: &str| batch.column_by_name(name).map(AsRef::as_ref);
        let text = |name: &str| any(name).and_then(|column: &dyn Array| column.as_string_opt());
        let price = |name: &str| -> Option<&'a Decimal128Array> {
            any(name)?.as_primitive_opt::<Decimal128Type>().filter(|prices| prices.scale() == DECIMAL_SCALE)
        };
        let numbers = any("position").and_then(|column| column.as_primitive_opt::<Int32Type>());
        Self {
            ids: text("message_id"),
            positions: numbers.map(Positions::Numbers).or_else(|| text("position").map(Positions::Texts)),
            statuses: text("status"),
            reason_codes: text("reason_code"),
            reasons: text("reason"),
            times: any("timestamp").and_then(|column| column.as_primitive_opt()),
            prices: [price("price"), price("active_contact_price")],
            rows: batch.num_rows(),
        }
    }

    /// The rows of each message: neighboring rows with the same id.
    pub(super) fn messages(&self) -> Vec<Range<usize>> {
        let mut messages: Vec<Range<usize>> = Vec::new();
        let id = |row: usize| value(self.ids, row);
        for row in 0..self.rows {
            match messages.last_mut() {
                Some(last) if id(last.start) == id(row) => last.end = row + 1,
                _ => messages.push(row..row + 1),
            }
        }
        messages
    }

    /// The rows of a message, oldest activity first; in the order of the file if positions are missing.
    fn in_order(&self, activities: Range<usize>) -> Vec<usize> {
        let mut rows: Vec<usize> = activities.collect();
        if rows.iter().all(|&row| self.position(row).is_some()) {
            rows.sort_by_key(|&row| self.position(row));
        }
        rows
    }

    fn position(&self, row: usize) -> Option<i64> {
        match self.positions.as_ref()? {
            Positions::Numbers(numbers) => numbers.is_valid(row).then(|| numbers.value(row).into()),
            Positions::Texts(texts) => value(Some(texts), row)?.parse().ok(),
        }
    }
}

fn value(texts: Option<&StringArray>, row: usize) -> Option<&str> {
    texts.filter(|texts| texts.is_valid(row)).map(|texts| texts.value(row))
}

/// Builds a batch with one row for each message.
pub(super) struct MessageRows {
    ids: StringBuilder,
    statuses: StringBuilder,
    directions: StringBuilder,
    reason_codes: StringBuilder,
    reasons: StringBuilder,
    created: TimestampMicrosecondBuilder,
    prices: [Decimal128Builder; 2],
    events: ListBuilder<StructBuilder>,
}

impl MessageRows {
    pub(super) fn new() -> Self {
        let schema = delivery_schema();
        let type_of = |name: &str| schema.field_with_name(name).expect("it is counted").data_type().clone();
        let DataType::List(item) = type_of("events") else { unreachable!("events are a list") };
        let DataType::Struct(fields) = item.data_type().clone() else { unreachable!("an event is a struct") };
        let price = |name: &str| Decimal128Builder::new().with_data_type(type_of(name));
        Self {
            ids: StringBuilder::new(),
            statuses: StringBuilder::new(),
            directions: StringBuilder::new(),
            reason_codes: StringBuilder::new(),
            reasons: StringBuilder::new(),
            created: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            prices: [price("price"), price("active_contact_price")],
            events: ListBuilder::new(StructBuilder::from_fields(fields, 0)).with_field(item),
        }
    }

    /// Adds the message whose activities are these rows; there is at least one.
    pub(super) fn add(&mut self, columns: &ActivityColumns<'_>, activities: Range<usize>) {
        let rows = columns.in_order(activities);
        let Some(&last) = rows.last() else { return };
        let status = |row: usize| value(columns.statuses, row).filter(|status| !status.is_empty());
        let time = |row: usize| columns.times.filter(|times| times.is_valid(row)).map(|times| times.value(row));
        self.ids.append_option(value(columns.ids, last));
        self.statuses.append_option(status(last));
        let statuses = || rows.iter().filter_map(|&row| status(row));
        let is_inbound = statuses().any(|status| status.eq_ignore_ascii_case("RECEIVED"));
        let is_known = statuses().next().is_some();
        self.directions.append_option(is_known.then_some(if is_inbound { "INBOUND" } else { "OUTBOUND" }));
        self.reason_codes.append_option(value(columns.reason_codes, last));
        self.reasons.append_option(value(columns.reasons, last));
        let times = || rows.iter().filter_map(|&row| time(row));
        self.created.append_option(times().filter(|&micros| micros >= YEAR_TWO).min().or_else(|| times().min()));
        for (built, prices) in self.prices.iter_mut().zip(columns.prices) {
            let stated = |row: usize| prices.filter(|prices| prices.is_valid(row)).map(|prices| prices.value(row));
            built.append_option(rows.iter().rev().find_map(|&row| stated(row)));
        }
        for &row in &rows {
            let event = self.events.values();
            event.field_builder::<StringBuilder>(0).expect("a status is a text").append_option(status(row));
            let times = event.field_builder::<TimestampMicrosecondBuilder>(1);
            times.expect("a timestamp is a time").append_option(time(row));
            event.append(true);
        }
        self.events.append(true);
    }

    /// The batch, with the columns of [`MESSAGE_COLUMNS`].
    pub(super) fn finish(mut self) -> RecordBatch {
        let [price, active_contact_price] = &mut self.prices;
        let arrays: [ArrayRef; 9] = [
            Arc::new(self.ids.finish()),
            Arc::new(self.statuses.finish()),
            Arc::new(self.directions.finish()),
            Arc::new(self.reason_codes.finish()),
            Arc::new(self.reasons.finish()),
            Arc::new(self.created.finish()),
            Arc::new(price.finish()),
            Arc::new(active_contact_price.finish()),
            Arc::new(self.events.finish()),
        ];
        let columns = MESSAGE_COLUMNS.iter().zip(arrays).map(|((name, _), array)| (*name, array, true));
        RecordBatch::try_from_iter_with_nullable(columns).expect("all columns have one row for each message")
    }
}

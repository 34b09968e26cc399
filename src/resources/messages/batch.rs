//! Builds record batches from the messages of pages. [`contacts`](crate::resources::contacts) explains why pages are
//! combined.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Builder, ListArray, RecordBatch, StringBuilder, StructArray, TimestampMicrosecondBuilder,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};

use super::MessagePage;
use super::page::{EventRow, MessageRow};
use super::schema::{column, event_column, event_field, event_fields, messages_schema};
use crate::resources::BuildBatches;
use crate::resources::decimal::{DECIMAL_PRECISION, DECIMAL_SCALE};

/// Number of rows in a full batch, as for contacts.
const BATCH_ROWS: usize = 8192;

/// Bytes of text after which a batch ends. A message has about two kilobytes of text, and several batches exist at a time.
const MAX_TEXT_BYTES: usize = 24 << 20;

/// The text columns, with the usual size of their values in bytes.
const TEXTS: [(usize, usize); 17] = [
    (column::ID, 36),
    (column::CUSTOMER_ID, 36),
    (column::CONTACT_ID, 36),
    (column::PHONE, 14),
    (column::PHONE_INTERNATIONAL, 18),
    (column::REGION_CODE, 2),
    (column::TEMPLATE_ID, 36),
    (column::TEMPLATE_NAME, 20),
    (column::TEMPLATE_CATEGORY, 10),
    (column::CHANNEL, 8),
    (column::DIRECTION, 8),
    (column::STATUS, 9),
    (column::REASON_CODE, 4),
    (column::REASON, 4),
    (column::BODY_TEXT, 100),
    (column::BODY, 300),
    (column::EXTRA, 0),
];

/// Collects the kept rows of pages in record batches with the schema [`messages_schema`].
#[derive(Debug)]
pub struct MessageBatches {
    batch_rows: usize,
    columns: MessageBuilders,
    has_body: bool,
    has_extra: bool,
}

impl MessageBatches {
    /// Creates a builder for batches of the usual size. The columns of bodies are null unless `has_body`, and `extra` is null
    /// unless `has_extra`.
    pub fn new(has_body: bool, has_extra: bool) -> Self {
        Self { batch_rows: BATCH_ROWS, columns: MessageBuilders::with_capacity(BATCH_ROWS), has_body, has_extra }
    }
}

impl BuildBatches for MessageBatches {
    type Page = MessagePage;

    fn append(&mut self, page: &MessagePage, keep: &[bool]) -> Vec<RecordBatch> {
        let mut full = Vec::new();
        if self.columns.rows > 0 && self.columns.text_bytes() + page.text_bytes() > MAX_TEXT_BYTES {
            full.push(self.columns.take());
        }
        for (row, _) in page.rows.iter().zip(keep).filter(|&(_, &keep)| keep) {
            self.columns.append(page, row, self.has_body, self.has_extra);
            if self.columns.rows == self.batch_rows {
                full.push(self.columns.take());
            }
        }
        full
    }

    fn finish(&mut self) -> Option<RecordBatch> {
        (self.columns.rows > 0).then(|| self.columns.take())
    }
}

/// Builders for all columns of the schema.
#[derive(Debug)]
struct MessageBuilders {
    rows: usize,
    texts: [StringBuilder; TEXTS.len()],
    created_at: TimestampMicrosecondBuilder,
    scheduled_at: TimestampMicrosecondBuilder,
    price: Decimal128Builder,
    active_contact_price: Decimal128Builder,
    events: EventColumns,
}

/// Builders for the events of all messages.
#[derive(Debug)]
struct EventColumns {
    ends: Vec<i32>,
    are_known: Vec<bool>,
    timestamp: TimestampMicrosecondBuilder,
    texts: [StringBuilder; event_column::COUNT - 1],
}

fn times(rows: usize) -> TimestampMicrosecondBuilder {
    TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC")
}

fn prices(rows: usize) -> Decimal128Builder {
    let builder = Decimal128Builder::with_capacity(rows);
    builder.with_precision_and_scale(DECIMAL_PRECISION, DECIMAL_SCALE).expect("a scale within a small precision")
}

impl MessageBuilders {
    fn with_capacity(rows: usize) -> Self {
        Self {
            rows: 0,
            texts: TEXTS.map(|(_, bytes)| StringBuilder::with_capacity(rows, rows * bytes)),
            created_at: times(rows),
            scheduled_at: times(rows),
            price: prices(rows),
            active_contact_price: prices(rows),
            events: EventColumns::with_capacity(rows),
        }
    }

    fn append(&mut self, page: &MessagePage, row: &MessageRow, has_body: bool, has_extra: bool) {
        for (builder, (column, _)) in self.texts.iter_mut().zip(TEXTS) {
            let text = page.text(row[column]);
            match column {
                column::REGION_CODE => builder
                    .append_option(text.and_then(|text| cleaned(text, u8::is_ascii_uppercase, str::to_uppercase))),
                column::CHANNEL => builder
                    .append_option(text.and_then(|text| cleaned(text, u8::is_ascii_lowercase, str::to_lowercase))),
                column::BODY | column::BODY_TEXT if !has_body => builder.append_null(),
                column::EXTRA if !has_extra => builder.append_null(),
                _ => builder.append_option(text),
            }
        }
        self.created_at.append_option(row[column::CREATED_AT].as_number());
        self.scheduled_at.append_option(row[column::SCHEDULED_AT].as_number());
        self.price.append_option(row[column::PRICE].as_number().map(i128::from));
        self.active_contact_price.append_option(row[column::ACTIVE_CONTACT_PRICE].as_number().map(i128::from));
        let events = row[column::EVENTS].as_range();
        self.events.append(page, events.map(|range| &page.events[range]));
        self.rows += 1;
    }

    fn text_bytes(&self) -> usize {
        let texts = self.texts.iter().chain(&self.events.texts);
        texts.map(|texts| texts.values_slice().len()).sum()
    }

    /// Returns the batch and starts a new one.
    fn take(&mut self) -> RecordBatch {
        self.rows = 0;
        let mut columns: Vec<Option<ArrayRef>> = vec![None; column::COUNT];
        for (builder, (column, _)) in self.texts.iter_mut().zip(TEXTS) {
            columns[column] = Some(take_texts(builder));
        }
        columns[column::CREATED_AT] = Some(Arc::new(self.created_at.finish()));
        columns[column::SCHEDULED_AT] = Some(Arc::new(self.scheduled_at.finish()));
        columns[column::PRICE] = Some(Arc::new(self.price.finish()));
        columns[column::ACTIVE_CONTACT_PRICE] = Some(Arc::new(self.active_contact_price.finish()));
        columns[column::EVENTS] = Some(self.events.take());
        let columns = columns.into_iter().flatten().collect();
        RecordBatch::try_new(messages_schema(), columns).expect("every row was appended to every column")
    }
}

impl EventColumns {
    fn with_capacity(rows: usize) -> Self {
        Self {
            ends: Vec::with_capacity(rows),
            are_known: Vec::with_capacity(rows),
            timestamp: times(rows * 4),
            texts: std::array::from_fn(|_| StringBuilder::with_capacity(rows * 4, rows * 32)),
        }
    }

    fn append(&mut self, page: &MessagePage, events: Option<&[EventRow]>) {
        self.are_known.push(events.is_some());
        for event in events.unwrap_or_default() {
            self.timestamp.append_option(event[event_column::TIMESTAMP].as_number());
            let [status, others @ ..] = &mut self.texts;
            status.append_option(page.text(event[event_column::STATUS]));
            for (builder, column) in others.iter_mut().zip(event_column::DESCRIPTION..) {
                builder.append_option(page.text(event[column]));
            }
        }
        // Batches end long before they have two billion events.
        self.ends.push(i32::try_from(arrow::array::ArrayBuilder::len(&self.timestamp)).unwrap_or(i32::MAX));
    }

    fn take(&mut self) -> ArrayRef {
        let timestamp: ArrayRef = Arc::new(self.timestamp.finish());
        let [status, description, reason_code, reason] = self.texts.each_mut().map(take_texts);
        let events = StructArray::new(event_fields(), vec![status, timestamp, description, reason_code, reason], None);
        let ends = std::mem::take(&mut self.ends);
        let offsets = OffsetBuffer::new(std::iter::once(0).chain(ends).collect());
        let nulls = NullBuffer::from(std::mem::take(&mut self.are_known));
        let nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
        Arc::new(ListArray::new(event_field(), offsets, Arc::new(events), nulls))
    }
}

/// A trimmed code in the case of its column; `None` if it is blank.
fn cleaned(text: &str, is_usual: fn(&u8) -> bool, change: fn(&str) -> String) -> Option<Cow<'_, str>> {
    if !text.is_empty() && text.bytes().all(|byte| is_usual(&byte)) {
        return Some(text.into());
    }
    let text = text.trim();
    (!text.is_empty()).then(|| change(text).into())
}

/// Returns the texts and starts a new column, with capacity for a little more than the last one.
fn take_texts(builder: &mut StringBuilder) -> ArrayRef {
    let (rows, bytes) = (arrow::array::ArrayBuilder::len(builder), builder.values_slice().len());
    let next = StringBuilder::with_capacity(rows, bytes + bytes / 8);
    Arc::new(std::mem::replace(builder, next).finish())
}

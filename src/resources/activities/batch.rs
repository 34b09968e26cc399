//! Builds record batches from the activities of messages.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Builder, Int32Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};

use super::ActivityPage;
use super::decode::Activity;
use super::schema::activities_schema;
use crate::resources::BuildBatches;
use crate::resources::decimal::{DECIMAL_PRECISION, DECIMAL_SCALE};

/// Number of rows in a full batch.
const BATCH_ROWS: usize = 8192;

/// Bytes of text after which a batch ends, so that very long texts do not exhaust memory.
const MAX_TEXT_BYTES: usize = 8 << 20;

/// Collects activities in record batches with the schema [`activities_schema`].
#[derive(Debug)]
pub struct ActivityBatches {
    rows: usize,
    text_bytes: usize,
    message_id: StringBuilder,
    position: Int32Builder,
    /// For `status`, `description`, `from`, `reason_code` and `reason`.
    texts: [StringBuilder; 5],
    /// For `timestamp` and `scheduled_at`.
    times: [TimestampMicrosecondBuilder; 2],
    /// For `price` and `active_contact_price`.
    amounts: [Decimal128Builder; 2],
}

impl Default for ActivityBatches {
    fn default() -> Self {
        let money = || {
            Decimal128Builder::new()
                .with_precision_and_scale(DECIMAL_PRECISION, DECIMAL_SCALE)
                .expect("eighteen digits with six places are a decimal")
        };
        Self {
            rows: 0,
            text_bytes: 0,
            message_id: StringBuilder::new(),
            position: Int32Builder::new(),
            texts: std::array::from_fn(|_| StringBuilder::new()),
            times: std::array::from_fn(|_| TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            amounts: [money(), money()],
        }
    }
}

impl BuildBatches for ActivityBatches {
    type Page = ActivityPage;

    fn append(&mut self, page: &ActivityPage, keep: &[bool]) -> Vec<RecordBatch> {
        let mut full = Vec::new();
        let message_id = page.message_id.to_string();
        for ((position, activity), _) in page.rows.iter().enumerate().zip(keep).filter(|&(_, &keep)| keep) {
            self.append_row(&message_id, position, activity);
            if self.rows == BATCH_ROWS || self.text_bytes > MAX_TEXT_BYTES {
                full.extend(self.finish());
            }
        }
        full
    }

    fn finish(&mut self) -> Option<RecordBatch> {
        if self.rows == 0 {
            return None;
        }
        (self.rows, self.text_bytes) = (0, 0);
        let mut columns: Vec<ArrayRef> = vec![Arc::new(self.message_id.finish()), Arc::new(self.position.finish())];
        columns.extend(self.texts.iter_mut().map(|texts| Arc::new(texts.finish()) as ArrayRef));
        columns.extend(self.times.iter_mut().map(|times| Arc::new(times.finish()) as ArrayRef));
        columns.extend(self.amounts.iter_mut().map(|amounts| Arc::new(amounts.finish()) as ArrayRef));
        Some(RecordBatch::try_new(activities_schema(), columns).expect("the builders are those of the schema"))
    }
}

impl ActivityBatches {
    fn append_row(&mut self, message_id: &str, position: usize, activity: &Activity) {
        let Activity { status, description, from, reason_code, reason, timestamp, scheduled_at, .. } = activity;
        self.message_id.append_value(message_id);
        // A page has far fewer.
        self.position.append_value(i32::try_from(position).unwrap_or(i32::MAX));
        for (builder, text) in self.texts.iter_mut().zip([status, description, from, reason_code, reason]) {
            builder.append_option(text.as_deref());
            self.text_bytes += text.as_deref().map_or(0, str::len);
        }
        for (builder, time) in self.times.iter_mut().zip([timestamp, scheduled_at]) {
            builder.append_option(*time);
        }
        for (builder, amount) in self.amounts.iter_mut().zip([activity.price, activity.active_contact_price]) {
            builder.append_option(amount.map(i128::from));
        }
        self.rows += 1;
    }
}

//! Counters over messages, filled from their activities.
//!
//! The activities of a message are its events. [`ActivityCounts`] combines those of each message into one row of
//! [`delivery_schema`](super::delivery_schema), which [`DeliveryCounts`] counts like any message. Status, reason and price
//! are the last that the activities state, and the message counts on the day of its first activity. A message with an
//! activity `RECEIVED` is inbound, any other outbound. Activities do not state channel, region, template and contact, so the
//! document omits these.
//!
//! *Easy to get wrong:* a message can continue in the next batch, so the last message of a batch is kept until another one
//! begins.

mod message;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use self::message::{ActivityColumns, MESSAGE_COLUMNS, MessageRows};
use super::DeliveryCounts;
use crate::report::document::delivery::activities::FromActivities;
use crate::report::document::delivery::summary::DeliverySummary;
use crate::resources::activities::activities_schema;

/// Maximum number of activities that are kept for one message; real messages have about ten. Further activities count as
/// another message with the same id.
const MAX_KEPT: usize = 10_000;

/// The columns of activities that are counted.
const COUNTED: [&str; 8] =
    ["message_id", "position", "status", "reason_code", "reason", "timestamp", "price", "active_contact_price"];

// All nullable: files of other programs may lack any value. Positions are only compared, and read as texts like any number.
static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let activities = activities_schema();
    let field = |name: &str| {
        let field = activities.field_with_name(name).expect("it is a column of activities");
        let is_number = *field.data_type() == DataType::Int32;
        let data_type = if is_number { DataType::Utf8 } else { field.data_type().clone() };
        Field::new(name, data_type, true)
    };
    Arc::new(Schema::new(COUNTED.map(field).to_vec()))
});

/// The schema of the counted columns of activities.
pub fn activity_schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// Counts of messages, made from their activities.
#[derive(Debug, Default)]
pub struct ActivityCounts {
    messages: DeliveryCounts,
    activities: u64,
    /// The activities of the last message so far.
    last: Option<RecordBatch>,
    /// Time in microseconds UTC; only wrong dates are later.
    until_micros: i64,
}

impl ActivityCounts {
    /// Counters for files, which can repeat messages.
    pub fn for_files() -> Self {
        Self { messages: DeliveryCounts::for_files(), ..Self::default() }
    }

    /// Activities so far.
    pub(in crate::report) fn activities(&self) -> u64 {
        self.activities
    }

    /// Counts the activities of a batch. The activities of a message must be next to each other. Only wrong dates are later
    /// than `until_micros`, in microseconds UTC. `is_read` returns whether the column of a name was read.
    pub(in crate::report) fn add(&mut self, batch: &RecordBatch, until_micros: i64, is_read: impl Fn(&str) -> bool) {
        self.activities += batch.num_rows() as u64;
        self.until_micros = until_micros;
        if batch.num_rows() == 0 {
            return;
        }
        let batch = match self.last.take() {
            Some(last) => concat_batches(batch.schema_ref(), [&last, batch]).expect("all batches have one schema"),
            None => batch.clone(),
        };
        let columns = ActivityColumns::new(&batch);
        let mut messages = columns.messages();
        if let Some(last) = messages.pop_if(|last| last.len() <= MAX_KEPT) {
            self.last = Some(batch.slice(last.start, last.len()));
        }
        self.count(&columns, &messages, is_read);
    }

    fn count(&mut self, columns: &ActivityColumns<'_>, messages: &[Range<usize>], is_read: impl Fn(&str) -> bool) {
        let mut rows = MessageRows::new();
        for activities in messages {
            rows.add(columns, activities.clone());
        }
        let are_read = MESSAGE_COLUMNS.map(|(_, from)| from.is_some_and(&is_read));
        self.messages.add_columns(&rows.finish(), self.until_micros, &are_read);
    }

    /// The summary of the messages, without the facts about the run or the files.
    pub(in crate::report) fn summary(mut self) -> DeliverySummary {
        if let Some(last) = self.last.take() {
            let columns = ActivityColumns::new(&last);
            let is_read =
                |name: &str| last.column_by_name(name).is_some_and(|column| column.null_count() < column.len());
            self.count(&columns, std::slice::from_ref(&(0..last.num_rows())), is_read);
        }
        let from_activities = FromActivities { activities: self.activities, ..FromActivities::default() };
        DeliverySummary { from_activities: Some(from_activities), ..self.messages.summary() }
    }
}

/// The columns of messages that cannot be known if `absent` columns of activities are not in the files.
pub(in crate::report) fn columns_not_known(absent: &[String]) -> Vec<String> {
    let is_absent = |from: &str| absent.iter().any(|name| name == from);
    let lost = MESSAGE_COLUMNS.iter().filter(|(_, from)| from.is_some_and(is_absent)).map(|(name, _)| *name);
    let direction = is_absent("status").then_some("direction");
    FromActivities::NEVER_STATED.into_iter().chain(lost).chain(direction).map(str::to_owned).collect()
}

//! Plain counters over contacts, filled batch by batch.
//!
//! *Easy to get wrong:* a contact counts once for each of its channels, so the channels' numbers add up to more than the
//! contacts; every other table adds up to the number of contacts exactly.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, BooleanArray, ListArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, Datelike};

use crate::contacts::column;

/// Distinct keys that one table keeps. There are about 250 regions and a handful of channels; beyond this the account
/// holds something else, and is counted under [`OTHER_KEY`].
pub const MAX_KEYS: usize = 2048;
/// Name for what exceeds [`MAX_KEYS`].
pub const OTHER_KEY: &str = "(other)";
/// Name for contacts whose field is null.
pub(super) const UNKNOWN_KEY: &str = "unknown";
/// Name for contacts without any channel.
pub(super) const NONE_KEY: &str = "none";

/// A table of counts in the order of its keys.
pub type Table = BTreeMap<String, u64>;

/// Everything counted over the contacts themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Contacts.
    pub contacts: u64,
    /// Contacts by available channel; `none` has those without any.
    pub channels: Table,
    /// Contacts by default channel.
    pub default_channels: Table,
    /// Contacts by region.
    pub regions: Table,
    /// Contacts by calling code.
    pub country_codes: Table,
    /// Contacts that opted out.
    pub opted_out: u64,
    /// Contacts that did not opt out.
    pub opted_in: u64,
    /// Contacts by region and available channel.
    pub channels_by_region: BTreeMap<String, Table>,
    /// Contacts by the month of `created_at`, UTC, as `2026-03`.
    pub created_by_month: Table,
    /// Contacts by the age of `updated_at` when the run started.
    pub updated: UpdatedCounts,
}

/// Contacts by how long ago they were changed; each is counted in one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct UpdatedCounts {
    /// `updated_at` is null.
    pub never: u64,
    /// Within 7 days before the start of the run, or after it.
    pub last_7_days: u64,
    /// 8 to 30 days.
    pub last_30_days: u64,
    /// 31 to 90 days.
    pub last_90_days: u64,
    /// 91 to 365 days.
    pub last_365_days: u64,
    /// Longer ago.
    pub older: u64,
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

impl Counts {
    /// Counts the contacts of a batch with all columns of the contacts schema.
    ///
    /// `now_micros` is the moment that ages are measured from, in microseconds UTC.
    pub fn add_batch(&mut self, batch: &RecordBatch, now_micros: i64) {
        let text = |column: usize| -> &StringArray { batch.column(column).as_string() };
        let time = |column: usize| -> &PrimitiveArray<TimestampMicrosecondType> { batch.column(column).as_primitive() };
        self.contacts += batch.num_rows() as u64;
        count_texts(&mut self.default_channels, text(column::DEFAULT_CHANNEL));
        count_texts(&mut self.regions, text(column::REGION_CODE));
        count_texts(&mut self.country_codes, text(column::COUNTRY_CODE));
        self.count_channels(batch.column(column::AVAILABLE_CHANNELS).as_list(), text(column::REGION_CODE));
        let opt_out: &BooleanArray = batch.column(column::OPT_OUT).as_boolean();
        self.opted_out += opt_out.true_count() as u64;
        self.opted_in += opt_out.false_count() as u64;
        self.count_months(time(column::CREATED_AT));
        for updated_at in time(column::UPDATED_AT) {
            *self.updated.bucket(updated_at, now_micros) += 1;
        }
    }

    fn count_channels(&mut self, channels: &ListArray, regions: &StringArray) {
        for (row, list) in channels.iter().enumerate() {
            let region = if regions.is_null(row) { UNKNOWN_KEY } else { regions.value(row) };
            let by_region = table_of(&mut self.channels_by_region, region);
            let list = list.unwrap_or_else(|| arrow::array::new_empty_array(&channels.value_type()));
            let names: &StringArray = list.as_string();
            if names.is_empty() {
                add(&mut self.channels, NONE_KEY, 1);
                add(by_region, NONE_KEY, 1);
            }
            for name in names.iter().flatten() {
                add(&mut self.channels, name, 1);
                add(by_region, name, 1);
            }
        }
    }

    fn count_months(&mut self, created: &PrimitiveArray<TimestampMicrosecondType>) {
        // Neighbours are mostly of one month, so a run of equal months is added at once.
        let mut run: (Option<(i32, u32)>, u64) = (None, 0);
        for micros in created {
            let date = micros.and_then(DateTime::from_timestamp_micros);
            let month = date.map(|date| (date.year(), date.month()));
            if month != run.0 {
                self.add_month(run);
                run = (month, 0);
            }
            run.1 += 1;
        }
        self.add_month(run);
    }

    fn add_month(&mut self, (month, count): (Option<(i32, u32)>, u64)) {
        if count == 0 {
            return;
        }
        let key = month.map_or(UNKNOWN_KEY.to_owned(), |(year, month)| format!("{year:04}-{month:02}"));
        add(&mut self.created_by_month, &key, count);
    }

    /// Contacts whose `opt_out` is null.
    pub fn opt_out_unknown(&self) -> u64 {
        self.contacts - self.opted_out - self.opted_in
    }
}

impl UpdatedCounts {
    fn bucket(&mut self, updated_at: Option<i64>, now_micros: i64) -> &mut u64 {
        let Some(updated_at) = updated_at else { return &mut self.never };
        match now_micros.saturating_sub(updated_at).div_euclid(MICROS_PER_DAY) {
            ..7 => &mut self.last_7_days,
            7..30 => &mut self.last_30_days,
            30..90 => &mut self.last_90_days,
            90..365 => &mut self.last_365_days,
            _ => &mut self.older,
        }
    }
}

fn count_texts(table: &mut Table, values: &StringArray) {
    for value in values {
        add(table, value.unwrap_or(UNKNOWN_KEY), 1);
    }
}

/// Adds to the count of a key; a key beyond the bound is counted as [`OTHER_KEY`].
pub(super) fn add(table: &mut Table, key: &str, count: u64) {
    if let Some(counter) = table.get_mut(key) {
        *counter += count;
        return;
    }
    let key = if table.len() < MAX_KEYS { key } else { OTHER_KEY };
    *table.entry(key.to_owned()).or_default() += count;
}

fn table_of<'a>(tables: &'a mut BTreeMap<String, Table>, key: &str) -> &'a mut Table {
    let key = if tables.len() < MAX_KEYS || tables.contains_key(key) { key } else { OTHER_KEY };
    if !tables.contains_key(key) {
        tables.insert(key.to_owned(), Table::new());
    }
    tables.get_mut(key).expect("the table was inserted above")
}

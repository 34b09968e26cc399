//! Counters over messages, filled batch by batch in one pass.
//!
//! [`DeliveryCounts::add_batch`] takes batches with all columns of the schema of messages or only those of
//! [`delivery_schema`]; columns are found by name. A message is added to the groups of its channel, its region, its
//! template and its day, which are looked up by small numbers instead of texts. No message is kept.
//!
//! *Easy to get wrong:* money is added as integer millionths, never as a binary fraction. Memory must not grow with the
//! account: tables have at most [`MAX_KEYS`] keys. Durations, contacts and ids are counted in bounded memory; if there are
//! too many, their counts are estimates and marked as such.
//!
//! Compared with `DuckDB` in `tests/it/peers/numbers.rs`.

mod columns;
mod durations;
mod failures;
mod kinds;
mod reach;
mod summary;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::DataType;

pub use self::columns::delivery_schema;
use self::columns::{Events, MessageColumns};
use self::durations::Durations;
use self::failures::Failures;
use self::kinds::{Direction, Meanings, Status};
use self::reach::Reach;
use self::tally::{Days, Tallies, Tally};
use super::names::{Names, UNKNOWN};
use super::repeats::{Repeats, hash, owner_hash};
use crate::report::document::delivery::money::{Money, Spending};
use crate::report::table::MAX_KEYS;
use crate::resources::PROFILE_ID;
use crate::time::Timestamp;
use crate::time::calendar::date_of_day;

const MICROS_PER_DAY: i64 = 86_400_000_000;
const MICROS_PER_HOUR: i64 = MICROS_PER_DAY / 24;
/// The start of the year 2 in microseconds since 1970. An earlier time stands for one that was never set.
pub(super) const YEAR_TWO: i64 = -719_162 * MICROS_PER_DAY + 365 * MICROS_PER_DAY;
/// How far the server's clock may be ahead of this one; see the counts of contacts.
const CLOCK_SLACK: i64 = 5 * 60 * 1_000_000;
/// Maximum number of channels whose durations are counted separately; all others are counted together. The API has three.
const MAX_TIMED_CHANNELS: u16 = 8;

/// Everything counted over messages.
#[derive(Debug, Clone)]
pub struct DeliveryCounts {
    /// Messages.
    pub messages: u64,
    total: Tally,
    directions: Meanings<Direction>,
    statuses: Meanings<Status>,
    event_statuses: Meanings<Status>,
    channels: Names,
    regions: Names,
    templates: Names,
    categories: Names,
    reason_codes: Names,
    by_direction: Vec<u64>,
    by_status: Vec<u64>,
    by_category: Vec<u64>,
    by_channel: Tallies,
    by_region: Tallies,
    by_template: Tallies,
    /// Messages without a template; a message can have a template whose name is missing.
    free_form: Tally,
    days: Days,
    /// Messages by weekday, from Monday, and by hour.
    hours: [[u64; 24]; 7],
    oldest: Option<i64>,
    newest: Option<i64>,
    /// Outbound messages by how far they got, from queued to read.
    stages: [u64; 4],
    failures: Failures,
    times: TimesOfChannel,
    times_by_channel: BTreeMap<u16, TimesOfChannel>,
    reach: Reach,
    ids: Option<Repeats>,
    year_one: u64,
    in_future: u64,
    outbound_without_price: u64,
    events_before_queued: u64,
    missing: BTreeMap<String, u64>,
    scratch: DeliveryBuffers,
}

/// Durations of the messages of a channel.
#[derive(Debug, Clone, Default)]
struct TimesOfChannel {
    to_delivered: Durations,
    to_read: Durations,
}

/// Buffers that are reused for every batch: the numbers of the texts of each row.
#[derive(Debug, Clone, Default)]
struct DeliveryBuffers {
    channels: Vec<u16>,
    regions: Vec<u16>,
    templates: Vec<u16>,
    categories: Vec<u16>,
    reason_codes: Vec<u16>,
}

impl Default for DeliveryCounts {
    /// Counters for an export, which removes repeated ids.
    fn default() -> Self {
        let names = || Names::new(MAX_KEYS);
        Self {
            messages: 0,
            total: Tally::default(),
            directions: Meanings::new(MAX_KEYS),
            statuses: Meanings::new(MAX_KEYS),
            event_statuses: Meanings::new(MAX_KEYS),
            channels: names(),
            regions: names(),
            templates: names(),
            categories: names(),
            reason_codes: names(),
            by_direction: Vec::new(),
            by_status: Vec::new(),
            by_category: Vec::new(),
            by_channel: Tallies::default(),
            by_region: Tallies::default(),
            by_template: Tallies::default(),
            free_form: Tally::default(),
            days: Days::default(),
            hours: [[0; 24]; 7],
            oldest: None,
            newest: None,
            stages: [0; 4],
            failures: Failures::default(),
            times: TimesOfChannel::default(),
            times_by_channel: BTreeMap::new(),
            reach: Reach::default(),
            ids: None,
            year_one: 0,
            in_future: 0,
            outbound_without_price: 0,
            events_before_queued: 0,
            missing: BTreeMap::new(),
            scratch: DeliveryBuffers::default(),
        }
    }
}

/// The values of a message that select its groups.
struct CountedMessage {
    place: usize,
    status: Status,
    /// When it was created, in microseconds UTC; `None` if that was never set.
    created: Option<i64>,
    day: Option<i64>,
    channel: u16,
}

impl DeliveryCounts {
    /// Counters for files, which can repeat ids.
    pub fn for_files() -> Self {
        Self { ids: Some(Repeats::default()), ..Self::default() }
    }

    /// Stops counting repeated ids.
    pub fn ignore_repeated_ids(&mut self) {
        self.ids = None;
    }

    /// Counts the messages of a batch. `now_micros` is the time of the report, the start of the run, in microseconds UTC.
    /// Messages that were created during the run do not count as being in the future.
    pub fn add_batch(&mut self, batch: &RecordBatch, now_micros: i64) {
        self.count(batch, now_micros.max(Timestamp::now().micros()), |_| true);
    }

    /// Counts the messages of a batch of a file. Columns that are false in `columns` were filled with nulls, which do not
    /// count as missing. Only wrong dates are later than `until_micros`.
    pub fn add_columns(&mut self, batch: &RecordBatch, until_micros: i64, columns: &[bool]) {
        self.count(batch, until_micros, |column| columns.get(column).copied().unwrap_or(false));
    }

    /// Counts missing values of a column of [`delivery_schema`] that was not read because the file states their number.
    pub fn add_missing(&mut self, column: usize, values: u64) {
        // Files that are read in full, such as CSV and NDJSON, have no entry for a column without missing values.
        if values > 0 {
            *self.missing.entry(delivery_schema().field(column).name().clone()).or_default() += values;
        }
    }

    fn count(&mut self, batch: &RecordBatch, latest: i64, is_read: impl Fn(usize) -> bool) {
        let columns = MessageColumns::new(batch);
        let rows = batch.num_rows();
        self.messages += rows as u64;
        self.count_missing(batch, is_read);
        self.number(&columns, rows);
        let events = columns.events();
        if let Some(events) = &events {
            self.event_statuses.names.numbers(events.statuses, &mut self.event_statuses.numbers);
            self.event_statuses.refresh();
        }
        let (created, reasons) = (columns.time("created_at"), columns.text("reason"));
        let (contacts, template_ids) = (columns.text("contact_id"), columns.text("template_id"));
        let prices = [columns.price("price"), columns.price("active_contact_price")];
        for row in 0..rows {
            let micros = created.filter(|times| times.is_valid(row)).map(|times| times.value(row));
            self.in_future += u64::from(micros.is_some_and(|micros| micros > latest.saturating_add(CLOCK_SLACK)));
            let created = micros.filter(|&micros| micros >= YEAR_TWO);
            self.year_one += u64::from(micros.is_some() && created.is_none());
            let price = |column: usize| prices[column].filter(|prices| prices.is_valid(row)).map(|p| p.value(row));
            let (direction, status) =
                (self.directions.of(self.directions.numbers[row]), self.statuses.of(self.statuses.numbers[row]));
            let spent = Spending {
                price: Money(price(0).unwrap_or_default()),
                active_contact_price: Money(price(1).unwrap_or_default()),
            };
            let day = created.map(|micros| micros.div_euclid(MICROS_PER_DAY));
            let channel = self.scratch.channels[row];
            let this = CountedMessage { place: row, status, created, day, channel };
            let tally = Tally::of(direction, status, spent);
            let has_template = template_ids.is_some_and(|ids| ids.is_valid(row) && !ids.value(row).is_empty());
            self.add_to_groups(&this, tally, has_template);
            self.add_time(created);
            if direction == Direction::Outbound {
                self.outbound_without_price += u64::from(price(0).is_none());
                self.add_progress(&this, events.as_ref());
            }
            let reason = || reasons.filter(|texts| texts.is_valid(row)).map(|texts| texts.value(row).to_owned());
            self.failures.add(self.scratch.reason_codes[row], status, day, reason);
            let has_contact = |ids: &&StringArray| ids.is_valid(row) && !ids.value(row).is_empty();
            if let (Some(ids), Some(micros)) = (contacts.filter(has_contact), created) {
                self.reach.add(ids.value(row), direction, micros);
            }
        }
        if let (Some(repeats), Some(ids)) = (&mut self.ids, columns.text("id")) {
            // Two profiles may have the same message; this is not a repeated id.
            let profiles = columns.text(PROFILE_ID).filter(|profiles| profiles.null_count() < profiles.len());
            let profile = |row| profiles.filter(|of| of.is_valid(row)).map_or(0, |of| owner_hash(of.value(row)));
            let of_rows = ids.iter().enumerate();
            of_rows.for_each(|(row, id)| id.into_iter().for_each(|id| repeats.add(hash(id) ^ profile(row))));
        }
    }

    /// Finds the numbers of the texts of all rows.
    fn number(&mut self, columns: &MessageColumns<'_>, rows: usize) {
        fn number(names: &mut Names, texts: Option<&StringArray>, numbers: &mut Vec<u16>, rows: usize) {
            if let Some(texts) = texts {
                names.numbers(texts, numbers);
                // An empty text counts as missing, too: CSV cannot distinguish it from null.
                if let Some(empty) = names.known("") {
                    numbers.iter_mut().filter(|number| **number == empty).for_each(|number| *number = UNKNOWN);
                }
            } else {
                numbers.clear();
                numbers.resize(rows, UNKNOWN);
            }
        }
        number(&mut self.directions.names, columns.text("direction"), &mut self.directions.numbers, rows);
        self.directions.refresh();
        number(&mut self.statuses.names, columns.text("status"), &mut self.statuses.numbers, rows);
        self.statuses.refresh();
        number(&mut self.channels, columns.text("channel"), &mut self.scratch.channels, rows);
        number(&mut self.regions, columns.text("region_code"), &mut self.scratch.regions, rows);
        number(&mut self.templates, columns.text("template_name"), &mut self.scratch.templates, rows);
        number(&mut self.categories, columns.text("template_category"), &mut self.scratch.categories, rows);
        number(&mut self.reason_codes, columns.text("reason_code"), &mut self.scratch.reason_codes, rows);
    }

    fn add_to_groups(&mut self, this: &CountedMessage, tally: Tally, has_template: bool) {
        fn add_one(counts: &mut Vec<u64>, number: u16) {
            let place = usize::from(number);
            if counts.len() <= place {
                counts.resize(place + 1, 0);
            }
            counts[place] += 1;
        }
        let row = this.place;
        self.total += tally;
        add_one(&mut self.by_direction, self.directions.numbers[row]);
        add_one(&mut self.by_status, self.statuses.numbers[row]);
        self.by_channel.add(this.channel, tally);
        self.by_region.add(self.scratch.regions[row], tally);
        let template = self.scratch.templates[row];
        if template == UNKNOWN && !has_template {
            self.free_form += tally;
        } else {
            self.by_template.add(template, tally);
            add_one(&mut self.by_category, self.scratch.categories[row]);
        }
        // Days of other years cannot be written as `YYYY-MM-DD`.
        let is_named = |day: &i64| (0..10_000).contains(&date_of_day(*day).0);
        let max_days = if this.day.as_ref().is_none_or(is_named) { MAX_KEYS } else { 0 };
        self.days.add(this.day, max_days, tally);
    }

    fn add_time(&mut self, created: Option<i64>) {
        let Some(micros) = created else { return };
        // 1970-01-01 was a Thursday.
        let weekday = (micros.div_euclid(MICROS_PER_DAY) + 3).rem_euclid(7);
        let hour = micros.rem_euclid(MICROS_PER_DAY) / MICROS_PER_HOUR;
        let [weekday, hour] = [weekday, hour].map(|number| usize::try_from(number).expect("never negative"));
        self.hours[weekday][hour] += 1;
        self.oldest = Some(self.oldest.map_or(micros, |oldest| oldest.min(micros)));
        self.newest = Some(self.newest.map_or(micros, |newest| newest.max(micros)));
    }

    /// Counts how far an outbound message got, and how long that took.
    fn add_progress(&mut self, this: &CountedMessage, events: Option<&Events<'_>>) {
        let mut stage = this.status.stage();
        let (mut queued, mut delivered, mut read): (Option<i64>, Option<i64>, Option<i64>) = (None, None, None);
        let earliest = |known: &mut Option<i64>, time: Option<i64>| {
            if let Some(time) = time.filter(|&time| time >= YEAR_TWO) {
                *known = Some(known.map_or(time, |known| known.min(time)));
            }
        };
        for event in events.map_or(0..0, |events| events.of(this.place)) {
            let Some(events) = events.filter(|events| events.is_there(event)) else { continue };
            let status = self.event_statuses.of(self.event_statuses.numbers[event]);
            stage = stage.max(status.stage());
            match status {
                Status::Queued => earliest(&mut queued, events.time(event)),
                Status::Delivered => earliest(&mut delivered, events.time(event)),
                Status::Read => earliest(&mut read, events.time(event)),
                _ => {}
            }
        }
        self.stages[..=stage].iter_mut().for_each(|reached| *reached += 1);
        let Some(start) = queued.or(this.created) else { return };
        let took = |end: Option<i64>| end.map(|end| u64::try_from(end.saturating_sub(start)));
        let (delivered, read) = (took(delivered), took(read));
        self.events_before_queued +=
            u64::from([&delivered, &read].into_iter().any(|took| matches!(took, Some(Err(_)))));
        let of_channel =
            (this.channel < MAX_TIMED_CHANNELS + 2).then(|| self.times_by_channel.entry(this.channel).or_default());
        for times in [Some(&mut self.times), of_channel].into_iter().flatten() {
            if let Some(Ok(micros)) = delivered {
                times.to_delivered.add(micros);
            }
            if let Some(Ok(micros)) = read {
                times.to_read.add(micros);
            }
        }
    }

    /// Counts nulls and empty texts of the columns.
    fn count_missing(&mut self, batch: &RecordBatch, is_read: impl Fn(usize) -> bool) {
        for field in delivery_schema().fields() {
            let Ok(place) = batch.schema_ref().index_of(field.name()) else { continue };
            if !is_read(place) {
                continue;
            }
            let column = batch.column(place);
            let empty = match column.data_type() {
                DataType::Utf8 => {
                    let texts: &StringArray = column.as_string();
                    texts.iter().flatten().filter(|text| text.is_empty()).count()
                }
                _ => 0,
            };
            let missing = (column.null_count() + empty) as u64;
            if missing > 0 {
                *self.missing.entry(field.name().clone()).or_default() += missing;
            }
        }
    }
}

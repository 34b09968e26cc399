//! Counts of times: by month, by age, and the range.
//!
//! Times are integer microseconds. A month is computed from the day number by the 400-year cycle of the calendar and cached,
//! because neighboring contacts usually have the same month.
//!
//! *Easy to get wrong:* a date in the year 1 was never set. It is counted separately and has no month. A date in the future
//! has no age. But clocks differ, and contacts can change after the start of an export, so [`Clock`] decides what is in the
//! future.

use std::collections::BTreeMap;

use arrow::array::{Array, TimestampMicrosecondArray};

use crate::report::document::contacts::summary::UpdatedCounts;
use crate::report::document::values::TimeRange;
use crate::report::table::{MAX_KEYS, OTHER_KEY, Table, UNKNOWN_KEY, add};
use crate::time::calendar::{date_of_day, day_of_date};
use crate::time::{MICROS_PER_DAY, Timestamp};

/// The start of the year 2 in microseconds since 1970. An earlier time stands for one that was never set.
const YEAR_TWO: i64 = -719_162 * MICROS_PER_DAY + 365 * MICROS_PER_DAY;

/// The month after 9999-12; later years have more than four digits.
const END_OF_MONTHS: i64 = 10_000 * 12;
/// How far the clock of the server may be ahead, in microseconds: more than the difference between synchronized clocks, and
/// less than that of an obviously wrong date.
const CLOCK_SLACK: i64 = 5 * 60 * 1_000_000;

/// The time that ages are measured from, and the time after which dates are in the future.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    as_of: i64,
    /// The last time that is not in the future.
    latest: i64,
}

impl Clock {
    /// A clock for which times later than both of these, in microseconds UTC, are in the future.
    pub(super) fn between(as_of: i64, until: i64) -> Self {
        Self { as_of, latest: as_of.max(until).saturating_add(CLOCK_SLACK) }
    }

    /// The clock of a run that started at `as_of`; contacts can change until now.
    pub(super) fn since(as_of: i64) -> Self {
        Self::between(as_of, Timestamp::now().micros())
    }
}

/// Contacts by the month of a time.
#[derive(Debug, Clone, Default)]
pub(super) struct MonthCounts {
    /// By months since the year 0.
    table: BTreeMap<i64, u64>,
    beyond: u64,
    unset: u64,
    missing: u64,
    in_future: u64,
    oldest: Option<i64>,
    newest: Option<i64>,
}

impl MonthCounts {
    pub(super) fn add(&mut self, times: &TimestampMicrosecondArray, clock: Clock) {
        self.missing += times.null_count() as u64;
        let later = |&&micros: &&i64| micros > clock.latest;
        self.in_future += match times.nulls() {
            None => times.values().iter().filter(later).count() as u64,
            Some(nulls) => {
                let times = times.values().iter().zip(nulls);
                times.filter(|(micros, is_there)| *is_there && later(micros)).count() as u64
            }
        };
        let mut run = MonthRun::default();
        if times.null_count() == 0 {
            times.values().iter().for_each(|&micros| self.step(&mut run, micros));
        } else {
            times.iter().flatten().for_each(|micros| self.step(&mut run, micros));
        }
        self.end(&run);
    }

    #[inline]
    fn step(&mut self, run: &mut MonthRun, micros: i64) {
        if !(run.start..run.end).contains(&micros) {
            self.end(run);
            if micros < YEAR_TWO {
                self.unset += 1;
                *run = MonthRun::default();
                return;
            }
            *run = MonthRun::at(micros);
        }
        run.count += 1;
        run.oldest = run.oldest.min(micros);
        run.newest = run.newest.max(micros);
    }

    /// Adds a run of contacts of one month.
    fn end(&mut self, run: &MonthRun) {
        if run.count == 0 {
            return;
        }
        // Later times cannot be written as RFC 3339.
        if run.month < END_OF_MONTHS {
            self.oldest = Some(self.oldest.map_or(run.oldest, |oldest| oldest.min(run.oldest)));
            self.newest = Some(self.newest.map_or(run.newest, |newest| newest.max(run.newest)));
        }
        let has_room = self.table.len() < MAX_KEYS && run.month < END_OF_MONTHS;
        if has_room || self.table.contains_key(&run.month) {
            *self.table.entry(run.month).or_default() += run.count;
        } else {
            self.beyond += run.count;
        }
    }

    /// Contacts whose time is in the year 1, which means that it was never set.
    pub(super) fn unset(&self) -> u64 {
        self.unset
    }

    /// Contacts whose time is in the future.
    pub(super) fn in_future(&self) -> u64 {
        self.in_future
    }

    /// Contacts by month, as `2026-03`.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new();
        for (&month, &count) in &self.table {
            add(&mut table, &format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1), count);
        }
        for (key, count) in [(OTHER_KEY, self.beyond), (UNKNOWN_KEY, self.missing + self.unset)] {
            if count > 0 {
                table.insert(key.to_owned(), count);
            }
        }
        table
    }

    /// The earliest and the latest time.
    pub(super) fn range(&self) -> TimeRange {
        let text = |micros: Option<i64>| micros.map(|micros| Timestamp::from_micros(micros).to_seconds());
        TimeRange { oldest: text(self.oldest), newest: text(self.newest) }
    }
}

/// A run of neighboring contacts of the same month.
#[derive(Debug)]
struct MonthRun {
    start: i64,
    end: i64,
    month: i64,
    count: u64,
    oldest: i64,
    newest: i64,
}

impl Default for MonthRun {
    /// An empty run.
    fn default() -> Self {
        Self { start: 0, end: 0, month: 0, count: 0, oldest: i64::MAX, newest: i64::MIN }
    }
}

impl MonthRun {
    fn at(micros: i64) -> Self {
        let (year, month, _) = date_of_day(micros.div_euclid(MICROS_PER_DAY));
        let index = year * 12 + i64::from(month) - 1;
        let day = |index: i64| day_of_date(index.div_euclid(12), index.rem_euclid(12) + 1, 1);
        // The last month in the range of the integers has no end.
        let first = |index: i64| day(index).saturating_mul(MICROS_PER_DAY);
        Self { start: first(index), end: first(index + 1), month: index, ..Self::default() }
    }
}

impl UpdatedCounts {
    /// Counts times by their age.
    pub(super) fn add(&mut self, times: &TimestampMicrosecondArray, clock: Clock) {
        // By array index, because the processor would mispredict a branch by age.
        let mut counts = [0; 6];
        let [week, month, quarter, year] = [7, 30, 90, 365].map(|days| days * MICROS_PER_DAY);
        // A time is in the future if its age is less than the first limit.
        let limits = [clock.as_of.saturating_sub(clock.latest), week, month, quarter, year];
        let mut count = |micros: i64, is_there: bool| {
            let age = clock.as_of.saturating_sub(micros);
            counts[limits.iter().map(|&limit| usize::from(age >= limit)).sum::<usize>()] += u64::from(is_there);
        };
        match times.nulls() {
            None => times.values().iter().for_each(|&micros| count(micros, true)),
            Some(nulls) => times.values().iter().zip(nulls).for_each(|(&micros, is_there)| count(micros, is_there)),
        }
        self.never += times.null_count() as u64;
        self.in_future += counts[0];
        self.last_7_days += counts[1];
        self.last_30_days += counts[2];
        self.last_90_days += counts[3];
        self.last_365_days += counts[4];
        self.older += counts[5];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_one_date_belongs_to_no_month() {
        let year_two = Timestamp::parse("0002-01-01T00:00:00Z").unwrap().micros();
        assert_eq!(YEAR_TWO, year_two);
        let mut months = MonthCounts::default();
        months.add(
            &TimestampMicrosecondArray::from(vec![Some(YEAR_TWO - 1), Some(YEAR_TWO), None, Some(0), Some(-1)]),
            Clock::between(0, 0),
        );
        let wanted = [("0002-01", 1), ("1969-12", 1), ("1970-01", 1), ("unknown", 2)];
        assert_eq!(months.table(), wanted.map(|(month, count)| (month.to_owned(), count)).into());
        assert_eq!(months.unset(), 1);
        assert_eq!(months.range().oldest.as_deref(), Some("0002-01-01T00:00:00Z"));
        assert_eq!(months.range().newest.as_deref(), Some("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn a_future_time_has_no_age_unless_clocks_may_differ_by_that_much() {
        let now = 1_775_000_000_000_000;
        let times = [now - MICROS_PER_DAY, now, now + CLOCK_SLACK, now + CLOCK_SLACK + 1, i64::MAX];
        for nulls in [0, 2] {
            let times = times
                .map(Some)
                .into_iter()
                .chain(std::iter::repeat_n(None, nulls))
                .collect::<TimestampMicrosecondArray>();
            let (mut updated, mut months) = (UpdatedCounts::default(), MonthCounts::default());
            updated.add(&times, Clock::between(now, now));
            months.add(&times, Clock::between(now, now));
            let wanted =
                UpdatedCounts { never: nulls as u64, in_future: 2, last_7_days: 3, ..UpdatedCounts::default() };
            assert_eq!(updated, wanted);
            assert_eq!(months.in_future(), 2);
            // Its year has more than four digits.
            assert_eq!(months.table()[OTHER_KEY], 1);
        }
    }

    #[test]
    fn changes_during_an_export_are_not_in_the_future() {
        let now = Timestamp::now().micros();
        let an_hour_ago = now - MICROS_PER_DAY / 24;
        let mut updated = UpdatedCounts::default();
        updated.add(
            &TimestampMicrosecondArray::from(vec![now - 1_000_000, now + MICROS_PER_DAY]),
            Clock::since(an_hour_ago),
        );
        assert_eq!((updated.last_7_days, updated.in_future), (1, 1));
    }
}

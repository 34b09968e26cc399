//! Converts between day numbers and dates of the Gregorian calendar, fast enough for millions of rows.
//!
//! Here, years begin in March, so that the leap day is the last day of its year and the start of a month is a linear
//! function of its number. The calendar repeats every 400 years. The tests compare every day of eleven thousand years with
//! chrono.

/// Days from March 1 of the year 0 to January 1, 1970.
const DAYS_TO_1970: i64 = 719_468;
/// Days in 400 years.
const CYCLE_DAYS: u32 = 146_097;
/// Number of cycles to add so that every day whose time in microseconds fits into 64 bits becomes positive.
const CYCLES_BEFORE: u32 = 800;

/// The year, month and day of a day number counted from 1970-01-01. Its time in microseconds must fit into 64 bits.
#[inline]
pub(crate) fn date_of_day(day: i64) -> (i64, u32, u32) {
    // Division is faster for small positive numbers.
    let shifted = day + DAYS_TO_1970 + i64::from(CYCLES_BEFORE * CYCLE_DAYS);
    let days = u32::try_from(shifted).expect("a day within 300,000 years");
    let (cycle, day_of_cycle) = (days / CYCLE_DAYS, days % CYCLE_DAYS);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = i64::from(cycle * 400 + year_of_cycle + u32::from(month < 3)) - i64::from(CYCLES_BEFORE * 400);
    (year, month, day)
}

/// The day number of a date, counted from 1970-01-01: the inverse of [`date_of_day`].
#[inline]
pub(crate) fn day_of_date(year: i64, month: i64, day: i64) -> i64 {
    let march_year = if month < 3 { year - 1 } else { year };
    let from_march = (month + 9) % 12;
    let leap_days = march_year.div_euclid(4) - march_year.div_euclid(100) + march_year.div_euclid(400);
    march_year * 365 + leap_days + (from_march * 153 + 2) / 5 + day - 1 - DAYS_TO_1970
}

/// Formats a day number counted from 1970-01-01, such as `2026-03-01`.
pub(crate) fn date_text(day: i64) -> String {
    let (year, month, day) = date_of_day(day);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Datelike};

    use super::*;

    #[test]
    fn days_and_dates_match_chrono() {
        for day in -1_000_000..3_000_000 {
            let date = DateTime::from_timestamp(day * 86_400, 0).unwrap();
            let (year, month, of_month) = (i64::from(date.year()), date.month(), date.day());
            assert_eq!(date_of_day(day), (year, month, of_month), "{date}");
            assert_eq!(day_of_date(year, month.into(), of_month.into()), day, "{date}");
        }
    }

    #[test]
    fn every_timestamp_in_64_bits_has_a_date() {
        for micros in [i64::MIN, i64::MAX] {
            let day = micros.div_euclid(86_400_000_000);
            let (year, month, of_month) = date_of_day(day);
            assert_eq!(day_of_date(year, month.into(), of_month.into()), day);
        }
    }
}

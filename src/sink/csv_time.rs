//! Moments as RFC 3339 in UTC, written without going through a formatter.
//!
//! [`push_time`] is called by the CSV encoder for every cell with a time, where chrono's formatting took a quarter of
//! the encoder's whole time. Years of four digits are written here, all others by chrono.
//!
//! *Easy to get wrong:* a moment before 1970 is negative, and its fraction still counts forward.
//!
//! The calendar is the Gregorian one, counted from the first of March of the year 0 so that leap days come last.
//! The tests hold it against chrono, day by day and at random.

use chrono::{DateTime, SecondsFormat};

/// Microseconds since 1970 of the years 0 to 9999.
const FOUR_DIGIT_YEARS: std::ops::Range<i64> = -62_167_219_200_000_000..253_402_300_800_000_000;
/// Days from the first of March of year 0 to the first of January of 1970.
const DAYS_TO_1970: i64 = 719_468;
/// Days in 400 years.
const ERA_DAYS: i64 = 146_097;

/// Appends a moment with `Z`, and with six digits of a second where there is a fraction.
pub(super) fn push_time(micros: i64, line: &mut Vec<u8>) {
    let fraction = micros.rem_euclid(1_000_000);
    if !FOUR_DIGIT_YEARS.contains(&micros) {
        let moment = DateTime::from_timestamp_micros(micros).expect("a time came from a date that chrono could read");
        let format = if fraction == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
        line.extend_from_slice(moment.to_rfc3339_opts(format, true).as_bytes());
        return;
    }
    let seconds = micros.div_euclid(1_000_000);
    let (year, month, day) = date(seconds.div_euclid(86_400));
    let second_of_day = seconds.rem_euclid(86_400);
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    write_digits(&mut text[0..4], year);
    write_digits(&mut text[5..7], month);
    write_digits(&mut text[8..10], day);
    write_digits(&mut text[11..13], second_of_day / 3600);
    write_digits(&mut text[14..16], second_of_day / 60 % 60);
    write_digits(&mut text[17..19], second_of_day % 60);
    if fraction == 0 {
        line.extend_from_slice(&text[..19]);
        line.push(b'Z');
    } else {
        write_digits(&mut text[20..26], fraction);
        line.extend_from_slice(&text);
    }
}

/// Year, month and day of a day counted from 1970, for years from 0 on.
fn date(days: i64) -> (i64, i64, i64) {
    // Before March of the year 0 lies the end of the era before.
    let days = days + DAYS_TO_1970;
    let era = days.div_euclid(ERA_DAYS);
    let day_of_era = days.rem_euclid(ERA_DAYS);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + i64::from(month < 3), month, day)
}

/// Writes a number with leading zeros.
fn write_digits(places: &mut [u8], mut number: i64) {
    for place in places.iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(micros: i64) -> String {
        let mut line = Vec::new();
        push_time(micros, &mut line);
        String::from_utf8(line).unwrap()
    }

    fn by_chrono(micros: i64) -> String {
        let format = if micros % 1_000_000 == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
        DateTime::from_timestamp_micros(micros).unwrap().to_rfc3339_opts(format, true)
    }

    #[test]
    fn every_day_of_four_digit_years_is_written_as_chrono_writes_it() {
        let day_micros = 86_400_000_000;
        for day in FOUR_DIGIT_YEARS.start / day_micros..FOUR_DIGIT_YEARS.end / day_micros {
            let micros = day * day_micros + (day % 3).abs() * 28_799_999_999;
            assert_eq!(written(micros), by_chrono(micros));
        }
    }

    #[test]
    fn years_of_more_digits_are_left_to_chrono() {
        for micros in [FOUR_DIGIT_YEARS.start - 1, FOUR_DIGIT_YEARS.start, FOUR_DIGIT_YEARS.end - 1, FOUR_DIGIT_YEARS.end] {
            assert_eq!(written(micros), by_chrono(micros));
        }
    }

    proptest! {
        #[test]
        fn any_moment_is_written_as_chrono_writes_it(micros in -70_000_000_000_000_000_i64..260_000_000_000_000_000) {
            prop_assert_eq!(written(micros), by_chrono(micros));
            let whole = micros - micros % 1_000_000;
            prop_assert_eq!(written(whole), by_chrono(whole));
        }
    }
}

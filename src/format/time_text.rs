//! Times as RFC 3339 in UTC, written without going through a formatter.
//!
//! [`push_time`] is called by the text encoders for every time, where chrono's formatting took a quarter of
//! the CSV encoder's whole time. Years of four digits are written here, all others by chrono.
//!
//! *Easy to get wrong:* a moment before 1970 is negative, and its fraction still counts forward.
//!
//! The tests hold it against chrono, day by day and at random.

use chrono::{DateTime, SecondsFormat};

use crate::time::calendar::date_of_day;

/// Microseconds since 1970 of the years 0 to 9999.
const FOUR_DIGIT_YEARS: std::ops::Range<i64> = -62_167_219_200_000_000..253_402_300_800_000_000;

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
    let second_of_day = small(seconds.rem_euclid(86_400));
    let (year, month, day) = date_of_day(seconds.div_euclid(86_400));
    let year = small(year);
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    let pairs = [
        (0, year / 100),
        (2, year % 100),
        (5, month),
        (8, day),
        (11, second_of_day / 3600),
        (14, second_of_day / 60 % 60),
        (17, second_of_day % 60),
    ];
    write_pairs(&mut text, pairs);
    if fraction == 0 {
        line.extend_from_slice(&text[..19]);
        line.push(b'Z');
    } else {
        let fraction = small(fraction);
        write_pairs(&mut text, [(20, fraction / 10_000), (22, fraction / 100 % 100), (24, fraction % 100)]);
        line.extend_from_slice(&text);
    }
}

fn small(number: i64) -> u32 {
    u32::try_from(number).expect("years of four digits and seconds of a day are small and positive")
}

/// Writes numbers below 100 as two digits at their places.
fn write_pairs<const PAIRS: usize>(text: &mut [u8; 27], pairs: [(usize, u32); PAIRS]) {
    for (at, number) in pairs {
        [text[at], text[at + 1]] = TWO_DIGITS[(number % 100) as usize];
    }
}

static TWO_DIGITS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
};

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
        for micros in
            [FOUR_DIGIT_YEARS.start - 1, FOUR_DIGIT_YEARS.start, FOUR_DIGIT_YEARS.end - 1, FOUR_DIGIT_YEARS.end]
        {
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

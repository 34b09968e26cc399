//! Timestamps as RFC 3339 in UTC, written without going through a formatter.
//!
//! [`push_timestamp`] is called by the text encoders for every cell with a time, where chrono's formatting took a quarter
//! of the CSV encoder's whole time.
//!
//! *Easy to get wrong:* a timestamp before 1970 is negative, and its fraction still counts forward.
//!
//! The tests compare it with chrono, day by day and at random.

use super::calendar::date_of_day;

/// Appends a timestamp (microseconds since 1970) with `Z`, and with six digits of a second where there is a fraction.
///
/// A year outside of 0 to 9999 has a sign, as in ISO 8601: RFC 3339 has no form for it.
pub fn push_timestamp(micros: i64, line: &mut Vec<u8>) {
    let fraction = small(micros.rem_euclid(1_000_000));
    let seconds = micros.div_euclid(1_000_000);
    let second_of_day = small(seconds.rem_euclid(86_400));
    let (year, month, day) = date_of_day(seconds.div_euclid(86_400));
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    let pairs =
        [(5, month), (8, day), (11, second_of_day / 3600), (14, second_of_day / 60 % 60), (17, second_of_day % 60)];
    write_pairs(&mut text, pairs);
    if fraction == 0 {
        text[19] = b'Z';
    } else {
        write_pairs(&mut text, [(20, fraction / 10_000), (22, fraction / 100 % 100), (24, fraction % 100)]);
    }
    if let Ok(year @ 0..=9999) = u32::try_from(year) {
        write_pairs(&mut text, [(0, year / 100), (2, year % 100)]);
        line.extend_from_slice(&text);
    } else {
        line.extend_from_slice(format!("{year:+05}").as_bytes());
        line.extend_from_slice(&text[4..]);
    }
    if fraction == 0 {
        // Copying a fixed number of bytes is faster than copying only those before.
        line.truncate(line.len() - ".000000".len());
    }
}

fn small(number: i64) -> u32 {
    u32::try_from(number).expect("parts of a second and of a day are small and not negative")
}

/// Writes numbers below 100 as two digits at their offsets.
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
    use chrono::{DateTime, SecondsFormat};
    use proptest::prelude::*;

    use super::*;

    /// Microseconds since 1970 of the years 0 to 9999.
    const FOUR_DIGIT_YEARS: std::ops::Range<i64> = -62_167_219_200_000_000..253_402_300_800_000_000;

    fn written(micros: i64) -> String {
        let mut line = Vec::new();
        push_timestamp(micros, &mut line);
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
    fn years_of_more_digits_and_before_year_0_have_a_sign() {
        for micros in
            [FOUR_DIGIT_YEARS.start - 1, FOUR_DIGIT_YEARS.start, FOUR_DIGIT_YEARS.end - 1, FOUR_DIGIT_YEARS.end]
        {
            assert_eq!(written(micros), by_chrono(micros));
        }
        // Beyond what chrono knows.
        assert_eq!(written(i64::MIN), "-290308-12-21T19:59:05.224192Z");
        assert_eq!(written(i64::MAX), "+294247-01-10T04:00:54.775807Z");
    }

    proptest! {
        #[test]
        fn any_timestamp_is_written_as_chrono_writes_it(
            micros in -70_000_000_000_000_000_i64..260_000_000_000_000_000,
        ) {
            prop_assert_eq!(written(micros), by_chrono(micros));
            let whole = micros - micros % 1_000_000;
            prop_assert_eq!(written(whole), by_chrono(whole));
        }
    }
}

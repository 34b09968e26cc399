//! Times as the API writes them.
//!
//! They are .NET's: zero to seven digits of a second, with or without an offset, and the year 1 for a date that was never
//! set.

use chrono::{DateTime, Datelike, NaiveDateTime};

use crate::time::calendar::day_of_date;

/// A moment in microseconds since 1970, UTC.
///
/// `Ok(None)` is a date that was never set (year 1).
///
/// # Errors
/// When the text is no date.
pub fn timestamp(text: &str) -> Result<Option<i64>, NotATime> {
    if let Some(micros) = usual_timestamp(text.as_bytes()) {
        return Ok(Some(micros));
    }
    let moment = any_timestamp(text)?;
    Ok((moment.year() > 1).then(|| moment.and_utc().timestamp_micros()))
}

/// The same for a date that may be of the year 1.
///
/// # Errors
/// When the text is no date.
pub fn moment(text: &str) -> Result<i64, NotATime> {
    let usual = usual_timestamp(text.as_bytes()).map(Ok);
    usual.unwrap_or_else(|| any_timestamp(text).map(|moment| moment.and_utc().timestamp_micros()))
}

/// Years of more than four digits are no dates of RFC 3339, and few programs could read them.
fn any_timestamp(text: &str) -> Result<NaiveDateTime, NotATime> {
    let text = text.trim();
    let moment = if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        moment.naive_utc()
    } else {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map_err(|_| NotATime)?
    };
    if moment.year() > 9999 { Err(NotATime) } else { Ok(moment) }
}

/// The form that .NET writes, `2026-03-01T00:00:00.1234567Z` with 0 to 7 digits of a second, without the steps that chrono
/// needs for all others; `None` for every other form and for what may be no moment.
fn usual_timestamp(text: &[u8]) -> Option<i64> {
    let (start, rest) = text.split_first_chunk::<19>()?;
    let fraction_and_zone = rest.strip_suffix(b"Z").or_else(|| rest.strip_suffix(b"+00:00"))?;
    let fraction = match fraction_and_zone {
        [] => fraction_and_zone,
        [b'.', digits @ ..] if (1..=7).contains(&digits.len()) => digits,
        _ => return None,
    };
    let mut are_digits = true;
    let mut digit = |byte: u8| {
        are_digits &= byte.is_ascii_digit();
        i64::from(byte.wrapping_sub(b'0'))
    };
    let mut two_digits = |at: usize| 10 * digit(start[at]) + digit(start[at + 1]);
    let (year, month, day) = (100 * two_digits(0) + two_digits(2), two_digits(5), two_digits(8));
    let (hour, minute, second) = (two_digits(11), two_digits(14), two_digits(17));
    let known = fraction.iter().take(6).fold(0, |micros, &byte| micros * 10 + digit(byte));
    are_digits &= fraction.last().is_none_or(u8::is_ascii_digit);
    let micros = known * [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1, 1][fraction.len()];
    let are_marks_in_place = [start[4], start[7], start[10], start[13], start[16]] == *b"--T::";
    // The 29th to 31st depend on the month, and the second 60 on the calendar: chrono knows those.
    let is_plain = year > 1 && (1..=12).contains(&month) && (1..=28).contains(&day);
    if !(are_digits && are_marks_in_place && is_plain && hour < 24 && minute < 60 && second < 60) {
        return None;
    }
    let days = day_of_date(year, month, day);
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + micros)
}

/// The text is not a date and time.
#[derive(Debug, PartialEq, Eq)]
pub struct NotATime;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_zero_to_nine_fraction_digits_and_are_truncated() {
        let second = 1_772_323_200_000_000;
        let table = [
            ("2026-03-01T00:00:00Z", Ok(Some(second))),
            ("2026-03-01T00:00:00", Ok(Some(second))),
            ("2026-03-01T00:00:00.1Z", Ok(Some(second + 100_000))),
            ("2026-03-01T00:00:00.1234567Z", Ok(Some(second + 123_456))),
            ("2026-03-01T00:00:00.1234567", Ok(Some(second + 123_456))),
            ("2026-03-01T00:00:00.999999999+00:00", Ok(Some(second + 999_999))),
            ("2026-03-01T02:00:00+02:00", Ok(Some(second))),
            ("0001-01-01T00:00:00", Ok(None)),
            ("0001-01-01T00:00:00Z", Ok(None)),
            ("0001-01-01T00:00:00+00:00", Ok(None)),
            ("2026-03-01T00:00:60Z", Ok(Some(second + 60_000_000))),
            ("2024-02-29T00:00:00Z", Ok(Some(1_709_164_800_000_000))),
            ("1969-12-31T23:59:59.5Z", Ok(Some(-500_000))),
            ("9999-12-31T23:59:59.9999999", Ok(Some(253_402_300_799_999_999))),
            ("9999-12-31T23:59:59-01:00", Err(NotATime)),
            ("+12026-03-01T00:00:00", Err(NotATime)),
            ("2026-02-29T00:00:00Z", Err(NotATime)),
            ("2026-03-01T00:00:00.Z", Err(NotATime)),
            ("2026-03-01T0x:00:00Z", Err(NotATime)),
            ("2026-13-01T00:00:00Z", Err(NotATime)),
            ("yesterday", Err(NotATime)),
            ("", Err(NotATime)),
        ];
        for (given, wanted) in table {
            assert_eq!(timestamp(given), wanted, "{given:?}");
        }
    }

    #[test]
    fn every_usual_day_is_read_as_chrono_reads_it() {
        let mut day = chrono::NaiveDate::from_ymd_opt(2, 1, 1).unwrap();
        while day.year() < 2500 {
            let text = format!("{day:?}T01:02:03.456789Z");
            let wanted = day.and_hms_micro_opt(1, 2, 3, 456_789).unwrap().and_utc().timestamp_micros();
            let usual = usual_timestamp(text.as_bytes());
            assert_eq!(usual, (day.day() < 29).then_some(wanted), "{text}");
            day = day.succ_opt().unwrap();
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_read_as_usual_is_what_chrono_reads(
            text in "[0-2][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,9})?(Z|\\+00:00|-01:30|z|)",
            place in 0..40_usize,
            replacement in "[ -~]",
        ) {
            let mut broken = text.clone();
            if place < broken.len() {
                broken.replace_range(place..=place, &replacement);
            }
            for text in [text, broken] {
                if let Some(micros) = usual_timestamp(text.as_bytes()) {
                    let wanted = DateTime::parse_from_rfc3339(&text).map(|time| time.timestamp_micros());
                    proptest::prop_assert_eq!(Ok(micros), wanted, "{}", text);
                }
            }
        }
    }
}

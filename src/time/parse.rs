//! Parses timestamps: RFC 3339, the API's variants of it, and the forms that databases write.
//!
//! The API writes timestamps like .NET: zero to seven fractional digits, with or without an offset, and the year 1 for a
//! date that was never set. Databases and data frames that rewrite an export use other forms.
//!
//! *Easy to get wrong:* the fast path must only accept texts that chrono reads with the same result. A property test
//! checks that.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};

use super::calendar::day_of_date;
use super::timestamp::Timestamp;

/// Last year of RFC 3339; few programs can read a later one.
const MAX_YEAR: i32 = 9999;

/// The text is not a date and time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date and time")]
pub struct NotATimestamp;

impl Timestamp {
    /// Parses RFC 3339 and the API's variants of it. A time without an offset is UTC. Digits beyond microseconds are
    /// truncated.
    ///
    /// # Errors
    /// When the text is no date and time, or the year has more than four digits.
    pub fn parse(text: &str) -> Result<Self, NotATimestamp> {
        let usual = usual_timestamp(text.as_bytes()).map(Ok);
        usual
            .unwrap_or_else(|| any_timestamp(text).map(|time| time.and_utc().timestamp_micros()))
            .map(Self::from_micros)
    }

    /// Like [`parse`](Self::parse), but returns `None` for a date that was never set, which .NET writes as the year 1.
    ///
    /// # Errors
    /// When the text is no date and time, or the year has more than four digits.
    pub fn parse_set(text: &str) -> Result<Option<Self>, NotATimestamp> {
        if let Some(micros) = usual_timestamp(text.as_bytes()) {
            return Ok(Some(Self::from_micros(micros)));
        }
        let time = any_timestamp(text)?;
        Ok((time.year() > 1).then(|| Self::from_micros(time.and_utc().timestamp_micros())))
    }

    /// Parses everything that [`parse`](Self::parse) does, a date alone (midnight UTC), and the forms of databases and data
    /// frames, such as `2026-03-01 00:00:00+00` or `2026-03-01 00:00:00 UTC`.
    pub fn parse_in_table(text: &str) -> Option<Self> {
        Self::parse(text).ok().or_else(|| table_timestamp(text.trim()).map(Self::from_micros))
    }
}

fn any_timestamp(text: &str) -> Result<NaiveDateTime, NotATimestamp> {
    let text = text.trim();
    let time = if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        time.naive_utc()
    } else {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map_err(|_| NotATimestamp)?
    };
    if time.year() > MAX_YEAR { Err(NotATimestamp) } else { Ok(time) }
}

/// A fast path for the form that .NET writes, `2026-03-01T00:00:00.1234567Z` with 0 to 7 fractional digits. `None` for
/// every other form, and for what may not be a valid date.
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
    // Whether days 29 to 31 and the second 60 are valid depends on the date, so chrono handles them.
    let is_plain = year > 1 && (1..=12).contains(&month) && (1..=28).contains(&day);
    if !(are_digits && are_marks_in_place && is_plain && hour < 24 && minute < 60 && second < 60) {
        return None;
    }
    let days = day_of_date(year, month, day);
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + micros)
}

fn table_timestamp(text: &str) -> Option<i64> {
    const DATE_LENGTH: usize = "2026-03-01".len();
    let (date, rest) = (text.get(..DATE_LENGTH)?, text.get(DATE_LENGTH..)?);
    let (year, month, day) =
        (date.get(..4)?.parse().ok()?, date.get(5..7)?.parse().ok()?, date.get(8..)?.parse().ok()?);
    let is_in_place = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    let has_form = date.bytes().enumerate().all(is_in_place);
    let date = NaiveDate::from_ymd_opt(year, month, day).filter(|_| has_form)?;
    let (time, offset_seconds) = match rest {
        "" => (NaiveTime::MIN, 0),
        rest => {
            let (time, offset) = without_zone(rest.strip_prefix([' ', 'T', 't'])?)?;
            let time = NaiveTime::parse_from_str(time, "%H:%M:%S%.f");
            (time.ok()?, offset)
        }
    };
    Some(date.and_time(time).and_utc().timestamp_micros() - offset_seconds * 1_000_000)
}

/// The time of day, and the offset of its zone from UTC in seconds: 0 if no zone is given.
fn without_zone(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = ["Z", "z", "UTC", "GMT"].iter().find_map(|zone| text.strip_suffix(zone)) {
        return Some((time.trim_end(), 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let (time, zone) = text.split_at(at);
    let (sign, digits) = (if zone.starts_with('-') { -1 } else { 1 }, zone[1..].replacen(':', "", 1));
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (digits[..2].parse().ok()?, digits.get(2..4).map_or(Ok(0), str::parse).ok()?);
    (hours < 24 && minutes < 60).then_some((time.trim_end(), sign * (hours * 3600 + minutes * 60)))
}

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
            ("9999-12-31T23:59:59-01:00", Err(NotATimestamp)),
            ("+12026-03-01T00:00:00", Err(NotATimestamp)),
            ("2026-02-29T00:00:00Z", Err(NotATimestamp)),
            ("2026-03-01T00:00:00.Z", Err(NotATimestamp)),
            ("2026-03-01T0x:00:00Z", Err(NotATimestamp)),
            ("2026-13-01T00:00:00Z", Err(NotATimestamp)),
            ("yesterday", Err(NotATimestamp)),
            ("", Err(NotATimestamp)),
        ];
        for (given, wanted) in table {
            let wanted = wanted.map(|micros| micros.map(Timestamp::from_micros));
            assert_eq!(Timestamp::parse_set(given), wanted, "{given:?}");
            let year_one = Timestamp::from_micros(-62_135_596_800_000_000);
            assert_eq!(Timestamp::parse(given), wanted.map(|time| time.unwrap_or(year_one)), "{given:?}");
        }
    }

    #[test]
    fn timestamps_in_tables_are_read_in_every_form() {
        let midnight = 1_772_323_200_000_000;
        for (text, wanted) in [
            ("2026-03-01T00:00:00Z", Some(midnight)),
            ("2026-03-01T00:00:00", Some(midnight)),
            ("2026-03-01", Some(midnight)),
            (" 2026-03-01 ", Some(midnight)),
            ("2026-03-01 00:00:00", Some(midnight)),
            ("2026-03-01 00:00:00.25", Some(midnight + 250_000)),
            ("2026-03-01 00:00:00+00", Some(midnight)),
            ("2026-03-01 00:00:00+00:00", Some(midnight)),
            ("2026-03-01 00:00:00 +0000", Some(midnight)),
            ("2026-03-01 00:00:00 UTC", Some(midnight)),
            ("2026-03-01 02:00:00+02", Some(midnight)),
            ("2026-02-28 18:30:00-05:30", Some(midnight)),
            ("2026-03-01T02:00:00+02:00", Some(midnight)),
            ("0001-01-01T00:00:00Z", Some(-62_135_596_800_000_000)),
            ("+12026-03-01T00:00:00Z", None),
            ("12026-03-01", None),
            ("2026-02-30", None),
            ("2026-03-01 25:00:00", None),
            ("2026-03-01 00:00:00+2", None),
            ("2026-03-01 00:00:00+é", None),
            ("01/02/2026", None),
            ("+026-03-01", None),
            ("1772323200", None),
            ("", None),
        ] {
            assert_eq!(Timestamp::parse_in_table(text), wanted.map(Timestamp::from_micros), "{text:?}");
        }
    }

    #[test]
    fn the_fast_path_reads_every_day_like_chrono() {
        let mut day = NaiveDate::from_ymd_opt(2, 1, 1).unwrap();
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
        fn the_fast_path_agrees_with_chrono(
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

//! Timestamps as a .NET server stores and writes them.
//!
//! A [`Ticks`] counts steps of 100 ns, so it holds every fraction that .NET can send (0 to 7 digits) without loss.
//! `contact` computes with them; `json` and the response headers write them.
//!
//! *Easy to get wrong:* .NET removes trailing zeros from the fraction, and also the decimal point if no digit is left. A date
//! that was never set is January 1 of year 1, not null.
//!
//! The unit tests check the text for each number of digits.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::calendar::Date;

/// Ticks in a second.
pub(super) const SECOND: i64 = 10_000_000;

/// Ticks in a day.
pub(super) const DAY: i64 = 86_400 * SECOND;

/// A time: steps of 100 ns since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticks(pub(super) i64);

/// The suffix after the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZoneSuffix {
    /// `Z`.
    Letter,
    /// `+00:00`.
    Offset,
    /// Nothing.
    Missing,
}

impl Ticks {
    /// A .NET date that was never set.
    pub(super) const UNSET: Self = Self(-62_135_596_800 * SECOND);

    /// The current time, to the microsecond, as a database would store it.
    pub(super) fn now() -> Self {
        Self::from_system(SystemTime::now())
    }

    /// The time of a system clock, to the microsecond.
    pub(super) fn from_system(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self(i64::try_from(since.as_micros()).unwrap_or(i64::MAX / 10).saturating_mul(10))
    }

    /// The same time, truncated to `digits` fractional digits.
    pub(super) fn cut_to(self, digits: u32) -> Self {
        let step = 10_i64.pow(7_u32.saturating_sub(digits));
        Self(self.0 - self.0.rem_euclid(step))
    }

    /// Appends the time as .NET writes it.
    pub(super) fn write(self, zone: ZoneSuffix, text: &mut String) {
        let fraction = self.0.rem_euclid(SECOND);
        let date = Date::of_day(self.0.div_euclid(DAY));
        let second = u32::try_from(self.0.rem_euclid(DAY) / SECOND).unwrap_or_default();
        write_digits(text, date.year, 4);
        for (mark, number) in
            [('-', date.month), ('-', date.day), ('T', second / 3_600), (':', second / 60 % 60), (':', second % 60)]
        {
            text.push(mark);
            write_digits(text, number, 2);
        }
        if fraction != 0 {
            text.push('.');
            write_digits(text, u32::try_from(fraction).unwrap_or_default(), 7);
            text.truncate(text.trim_end_matches('0').len());
        }
        text.push_str(match zone {
            ZoneSuffix::Letter => "Z",
            ZoneSuffix::Offset => "+00:00",
            ZoneSuffix::Missing => "",
        });
    }

    /// The time as .NET writes it.
    pub(super) fn text(self, zone: ZoneSuffix) -> String {
        let mut text = String::with_capacity(33);
        self.write(zone, &mut text);
        text
    }
}

/// Appends a number with leading zeros.
fn write_digits(text: &mut String, number: u32, count: u32) {
    for place in (0..count).rev() {
        let digit = u8::try_from(number / 10_u32.pow(place) % 10).unwrap_or_default();
        text.push(char::from(b'0' + digit));
    }
}

/// A time in the form of HTTP headers.
pub(super) fn http_date(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let date = Date::of_day(i64::try_from(seconds / 86_400).unwrap_or(i64::MAX));
    let (weekday, day, month, year) = (date.weekday(), date.day, date.month_name(), date.year);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Whole seconds since 1970, rounded up.
pub(super) fn unix_seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    since.as_secs() + u64::from(since.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_have_no_trailing_zeros() {
        let noon = Ticks(1_767_268_800 * SECOND);
        for (ticks, expected) in [
            (0, "2026-01-01T12:00:00Z"),
            (5_000_000, "2026-01-01T12:00:00.5Z"),
            (1_230_000, "2026-01-01T12:00:00.123Z"),
            (1, "2026-01-01T12:00:00.0000001Z"),
            (9_999_999, "2026-01-01T12:00:00.9999999Z"),
        ] {
            assert_eq!(Ticks(noon.0 + ticks).text(ZoneSuffix::Letter), expected);
        }
    }

    #[test]
    fn a_date_that_was_never_set_is_in_year_one() {
        assert_eq!(Ticks::UNSET.text(ZoneSuffix::Missing), "0001-01-01T00:00:00");
        assert_eq!(Ticks::UNSET.text(ZoneSuffix::Offset), "0001-01-01T00:00:00+00:00");
    }

    #[test]
    fn digits_are_cut_not_rounded() {
        assert_eq!(Ticks(9_999_999).cut_to(3).text(ZoneSuffix::Letter), "1970-01-01T00:00:00.999Z");
        assert_eq!(Ticks(9_999_999).cut_to(0).text(ZoneSuffix::Letter), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn headers_use_the_form_of_http() {
        assert_eq!(http_date(UNIX_EPOCH + Duration::from_secs(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(unix_seconds(UNIX_EPOCH + Duration::from_millis(1_001)), 2);
    }
}

//! A point in time.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{Deserialize, Deserializer, Error};

use super::calendar::date_of_day;
use super::write::push_timestamp;

const MICROS_PER_SECOND: i64 = 1_000_000;
/// Microseconds in a day.
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
///
/// Displayed as RFC 3339 in UTC, with six fractional digits if the fraction is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Creates a timestamp from microseconds since 1970-01-01, which are negative for earlier times.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The current time of the system clock.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// The timestamp that is earlier by a duration, but not before the earliest representable one.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The date in UTC, such as `2026-03-01`; a year outside of 0 to 9999 has a sign.
    pub fn to_date(self) -> String {
        let (year, month, day) = date_of_day(self.0.div_euclid(MICROS_PER_DAY));
        if (0..=9999).contains(&year) {
            format!("{year:04}-{month:02}-{day:02}")
        } else {
            format!("{year:+05}-{month:02}-{day:02}")
        }
    }

    /// Formats it like `2026-03-01T08:30:15Z`, truncated to seconds.
    pub fn to_seconds(self) -> String {
        Self(self.0 - self.0.rem_euclid(MICROS_PER_SECOND)).to_string()
    }

    /// Formats it like `2026-03-01T08:30:15.250Z`, truncated to three fractional digits.
    pub fn to_millis(self) -> String {
        let mut text = self.to_seconds();
        text.pop();
        text + &format!(".{:03}Z", self.0.rem_euclid(MICROS_PER_SECOND) / 1000)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        push_timestamp(self.0, &mut text);
        formatter.write_str(&String::from_utf8_lossy(&text))
    }
}

impl From<SystemTime> for Timestamp {
    /// Times more than 292,000 years from 1970 are clamped.
    fn from(time: SystemTime) -> Self {
        let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(match time.duration_since(UNIX_EPOCH) {
            Ok(since) => micros(since),
            // Rounded down, like every other fraction.
            Err(before) => -micros(before.duration() + Duration::from_nanos(999)),
        })
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_truncated_also_before_1970() {
        let timestamp = Timestamp::parse("2026-03-01T08:30:15.2509Z").unwrap();
        assert_eq!(timestamp.to_seconds(), "2026-03-01T08:30:15Z");
        assert_eq!(timestamp.to_millis(), "2026-03-01T08:30:15.250Z");
        assert_eq!(timestamp.to_string(), "2026-03-01T08:30:15.250900Z");
        let before = Timestamp::from_micros(-1);
        assert_eq!(before.to_seconds(), "1969-12-31T23:59:59Z");
        assert_eq!(before.to_millis(), "1969-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_micros(0).to_millis(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn dates_are_those_of_utc() {
        for (text, date) in [("2026-03-01T23:59:59Z", "2026-03-01"), ("2026-03-01T00:30:00+02:00", "2026-02-28")] {
            assert_eq!(Timestamp::parse(text).unwrap().to_date(), date);
        }
        assert_eq!(Timestamp::from_micros(-1).to_date(), "1969-12-31");
        assert_eq!(Timestamp::from_micros(253_402_300_800_000_000).to_date(), "+10000-01-01");
    }

    #[test]
    fn earlier_times_are_clamped_to_the_earliest_timestamp() {
        let timestamp = Timestamp::from_micros(5_000_000);
        assert_eq!(timestamp.saturating_sub(Duration::from_secs(7)).micros(), -2_000_000);
        assert_eq!(timestamp.saturating_sub(Duration::MAX).micros(), 5_000_000 - i64::MAX);
    }

    #[test]
    fn system_times_are_rounded_down_to_microseconds() {
        for nanos in [0, 1, 999, 1000, 1_000_000_001] {
            let duration = Duration::from_nanos(nanos);
            let micros = i64::try_from(nanos).unwrap().div_euclid(1000);
            assert_eq!(Timestamp::from(UNIX_EPOCH + duration).micros(), micros);
            let before = (-i64::try_from(nanos).unwrap()).div_euclid(1000);
            assert_eq!(Timestamp::from(UNIX_EPOCH - duration).micros(), before, "{nanos} ns before");
        }
    }

    #[test]
    fn a_timestamp_in_json_is_a_text_in_rfc_3339() {
        let timestamp: Timestamp = serde_json::from_str("\"2026-03-01T00:00:00Z\"").unwrap();
        assert_eq!(timestamp, Timestamp::from_micros(1_772_323_200_000_000));
        let error = serde_json::from_str::<Timestamp>("\"yesterday\"").unwrap_err();
        assert!(error.to_string().starts_with("not a date and time"), "{error}");
    }
}

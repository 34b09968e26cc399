//! Time zones for names of files.

use std::str::FromStr;

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;

use super::timestamp::Timestamp;

/// A time zone: `UTC`, a name of the IANA database such as `Europe/Berlin`, or an offset such as `+02:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// With the rules of a place.
    Named(Tz),
    /// Always as far from UTC.
    Fixed(FixedOffset),
}

impl Default for Zone {
    fn default() -> Self {
        Self::Named(Tz::UTC)
    }
}

impl Zone {
    /// Date and time of a moment as the clocks of the zone show them, in a form for names of files: `2026-11-28` and
    /// `23-30-05`.
    pub fn date_and_time(self, moment: Timestamp) -> (String, String) {
        let moment = DateTime::from_timestamp_micros(moment.micros()).unwrap_or_default();
        let local = match self {
            Self::Fixed(offset) => moment.naive_utc() + offset,
            Self::Named(zone) => moment.with_timezone(&zone).naive_local(),
        };
        (local.format("%Y-%m-%d").to_string(), local.format("%H-%M-%S").to_string())
    }
}

impl FromStr for Zone {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = text.parse().map(Self::Named);
        named.or_else(|_| text.parse().map(Self::Fixed)).map_err(|_| "write UTC, a name like Europe/Berlin, or +02:00")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_names_or_offsets() {
        let moment = Timestamp::parse("2026-03-01T00:00:00Z").unwrap();
        for (zone, date, time) in [
            ("UTC", "2026-03-01", "00-00-00"),
            ("America/New_York", "2026-02-28", "19-00-00"),
            ("+05:30", "2026-03-01", "05-30-00"),
        ] {
            let found = zone.parse::<Zone>().unwrap().date_and_time(moment);
            assert_eq!(found, (date.to_owned(), time.to_owned()));
        }
        "Mars/Olympus".parse::<Zone>().unwrap_err();
    }
}

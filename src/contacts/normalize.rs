//! The rules that clean a field: pure functions from the server's text to ours.
//!
//! The rules are those of the README's table of columns. Dates are .NET's: zero to seven digits of a second, with or
//! without an offset, and the year 1 for a date that was never set.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, NaiveDateTime};

/// A trimmed code, or nothing when it is blank.
pub(super) fn trimmed(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// A region as ISO 3166-1 writes it: trimmed, in upper case.
pub(super) fn region(text: &str) -> Option<Cow<'_, str>> {
    trimmed(text).map(|text| {
        if text.bytes().any(|byte| !byte.is_ascii_uppercase()) { text.to_uppercase().into() } else { text.into() }
    })
}

/// A channel's name: trimmed, in lower case.
pub(super) fn channel(text: &str) -> Option<Cow<'_, str>> {
    trimmed(text).map(|text| {
        if text.bytes().any(|byte| !byte.is_ascii_lowercase()) { text.to_lowercase().into() } else { text.into() }
    })
}

/// The channels of a comma-separated text in their order, each once.
pub(super) fn channels(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let nth = move |index: usize| text.split(',').filter_map(channel).nth(index);
    // A contact has a handful of channels, so looking back costs less than a set.
    text.split(',')
        .filter_map(channel)
        .enumerate()
        .filter(move |(index, name)| !(0..*index).any(|earlier| nth(earlier).as_ref() == Some(name)))
        .map(|(_, name)| name)
}

/// A moment in microseconds since 1970, UTC.
///
/// `Ok(None)` is a date that was never set (year 1), `Err` a text that is no date.
pub(super) fn timestamp(text: &str) -> Result<Option<i64>, NotATime> {
    let text = text.trim();
    let moment = if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        moment.naive_utc()
    } else {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map_err(|_| NotATime)?
    };
    Ok((moment.year() > 1).then(|| moment.and_utc().timestamp_micros()))
}

/// The text is not a date and time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotATime;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_trimmed_and_upper_case() {
        let table = [("US", Some("US")), (" na ", Some("NA")), ("", None), ("  ", None), ("é", Some("É"))];
        for (given, wanted) in table {
            assert_eq!(region(given).as_deref(), wanted, "{given:?}");
        }
    }

    #[test]
    fn channels_are_split_trimmed_lowered_and_kept_once_in_order() {
        let table: [(&str, &[&str]); 6] = [
            ("sms,whatsapp", &["sms", "whatsapp"]),
            (" SMS , WhatsApp,", &["sms", "whatsapp"]),
            ("sms,SMS,rcs,sms,rcs", &["sms", "rcs"]),
            ("", &[]),
            (" , ,", &[]),
            ("carrier pigeon", &["carrier pigeon"]),
        ];
        for (given, wanted) in table {
            assert_eq!(channels(given).collect::<Vec<_>>(), wanted, "{given:?}");
        }
    }

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
            ("2026-13-01T00:00:00Z", Err(NotATime)),
            ("yesterday", Err(NotATime)),
            ("", Err(NotATime)),
        ];
        for (given, wanted) in table {
            assert_eq!(timestamp(given), wanted, "{given:?}");
        }
    }
}

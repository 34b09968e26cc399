//! What a text in a table means, whichever program wrote it.
//!
//! An export writes one form of each; databases and data frames that read an export and write it again write others. All
//! forms of the API are read by `contacts::normalize`, and these are only added for files.

use chrono::{NaiveDate, NaiveTime};

use crate::resources::contacts::flag;
use crate::resources::moment;

/// A flag: `true`, `True`, `t` as Postgres writes, `1` as `SQLite` does, `1.0` as pandas does where some are missing, and their opposites.
pub(super) fn flag_of(text: &str) -> Option<bool> {
    flag(text).or_else(|| match text.trim() {
        "1" | "1.0" | "t" | "T" => Some(true),
        "0" | "0.0" | "f" | "F" => Some(false),
        _ => None,
    })
}

/// A moment in microseconds since 1970, UTC: all that the API writes, a date alone (its first moment, UTC), and the forms
/// of databases, as `2026-03-01 00:00:00+00` or `2026-03-01 00:00:00 UTC`.
pub(super) fn moment_of(text: &str) -> Option<i64> {
    moment(text).ok().or_else(|| moment_of_table(text.trim()))
}

fn moment_of_table(text: &str) -> Option<i64> {
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

/// The time of day, and how many seconds its zone is ahead of UTC: none where none is named.
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

/// The names in a list that is written as one text: `sms,whatsapp` as an export writes it, or `[sms, whatsapp]`,
/// `["sms","whatsapp"]`, `['sms' 'whatsapp']` and `{sms,whatsapp}` as databases and data frames do.
pub(super) fn names_of(text: &str) -> impl Iterator<Item = &str> {
    let text = text.trim();
    let bare = |start: char, end: char| text.strip_prefix(start)?.strip_suffix(end);
    let bare = bare('[', ']').or_else(|| bare('{', '}'));
    let has_quotes = bare.is_some_and(|bare| bare.contains(['"', '\'']));
    let is_between = move |c: char| if has_quotes { matches!(c, '"' | '\'') } else { c == ',' };
    // Between quoted names, the comma or space is what is left.
    bare.unwrap_or(text).split(is_between).map(str::trim).filter(|name| !name.is_empty() && *name != ",")
}

/// An amount in decimal digits, as millionths: `0.0079`, `-1.50`, `12`. What does not fit exactly into the schema of messages,
/// 18 digits of which 6 are behind the point, is none.
pub(super) fn amount_of(text: &str) -> Option<i128> {
    const PLACES: usize = 6;
    const END: i128 = 1_000_000_000_000_000_000;
    let text = text.trim();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let rest = rest.trim_end_matches('0');
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || rest.len() > PLACES || !are_digits(whole) || !are_digits(rest) {
        return None;
    }
    let micros: i128 = format!("{whole}{rest:0<PLACES$}").parse().ok()?;
    (micros < END).then_some(sign * micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_moment_is_the_same_moment() {
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
            assert_eq!(moment_of(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn amounts_are_exact_or_none() {
        for (text, wanted) in [
            ("0.0079", Some(7_900)),
            (" -1.50 ", Some(-1_500_000)),
            ("12", Some(12_000_000)),
            ("0.123456000", Some(123_456)),
            ("999999999999.999999", Some(999_999_999_999_999_999)),
            ("1000000000000", None),
            ("0.1234567", None),
            ("1e3", None),
            (".5", None),
            ("+1", None),
            ("1.2.3", None),
            ("NaN", None),
            ("", None),
        ] {
            assert_eq!(amount_of(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn flags_and_names_are_read_in_the_forms_of_many_programs() {
        for (text, wanted) in [("true", Some(true)), ("False", Some(false)), ("t", Some(true)), ("0.0", Some(false))] {
            assert_eq!(flag_of(text), wanted, "{text}");
        }
        assert_eq!([flag_of("perhaps"), flag_of("2")], [None, None]);
        let both = ["sms", "whatsapp"];
        for text in [
            "sms,whatsapp",
            "sms, whatsapp,",
            "[sms, whatsapp]",
            "[\"sms\",\"whatsapp\"]",
            "['sms' 'whatsapp']",
            "{sms,whatsapp}",
        ] {
            assert_eq!(names_of(text).collect::<Vec<_>>(), both, "{text}");
        }
        assert_eq!(names_of("[]").count() + names_of(" , ").count(), 0);
        assert_eq!(names_of("[sms").collect::<Vec<_>>(), ["[sms"]);
    }
}

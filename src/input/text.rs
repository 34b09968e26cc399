//! Parses texts in tables written by any program.
//!
//! An export writes one form of each value; databases and data frames that rewrite an export use others.
//! Forms of the API are read by [`crate::resources`]; these are only accepted in files. Timestamps are read by
//! [`Timestamp::parse_in_table`](crate::time::Timestamp::parse_in_table).

use crate::resources::contacts::flag;

/// A flag: `true`, `True`, `t` as Postgres writes, `1` as `SQLite` does, `1.0` as pandas does if some are missing, and
/// their opposites.
pub(super) fn flag_of(text: &str) -> Option<bool> {
    flag(text).or_else(|| match text.trim() {
        "1" | "1.0" | "t" | "T" => Some(true),
        "0" | "0.0" | "f" | "F" => Some(false),
        _ => None,
    })
}

/// The names in a list that is written as one text: `sms,whatsapp` as an export writes it, or `[sms, whatsapp]`,
/// `["sms","whatsapp"]`, `['sms' 'whatsapp']` and `{sms,whatsapp}` as databases and data frames do.
pub(super) fn names_of(text: &str) -> impl Iterator<Item = &str> {
    let text = text.trim();
    let bare = |start: char, end: char| text.strip_prefix(start)?.strip_suffix(end);
    let bare = bare('[', ']').or_else(|| bare('{', '}'));
    let has_quotes = bare.is_some_and(|bare| bare.contains(['"', '\'']));
    let is_between = move |c: char| if has_quotes { matches!(c, '"' | '\'') } else { c == ',' };
    // Between quoted names, only the comma or space is left.
    bare.unwrap_or(text).split(is_between).map(str::trim).filter(|name| !name.is_empty() && *name != ",")
}

/// An amount in decimal digits, as millionths: `0.0079`, `-1.50`, `12`. `None` for an amount that does not fit exactly into
/// the 18 digits with 6 decimal places of the schema of messages.
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

//! The rules that normalize a field, as pure functions of the text from the server.
//!
//! They are documented in the table of columns in the README.

use std::borrow::Cow;
use std::collections::HashSet;

/// A trimmed code; `None` if it is blank.
pub(super) fn trimmed(text: &str) -> Option<&str> {
    // Nearly all texts begin and end with a visible ASCII character, and checking that is faster than trimming.
    if let [first, .., last] | [first @ last] = text.as_bytes()
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return Some(text);
    }
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// A region code as in ISO 3166-1: trimmed, in upper case.
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

/// The channels of a comma-separated text, in order and without duplicates.
pub(super) fn channels(text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let names = text.split(',').filter_map(channel).filter(|name| seen.insert(name.clone()));
    names.map(Cow::into_owned).collect()
}

/// A flag that is written as text in any case, as spreadsheets and other servers do.
pub fn flag(text: &str) -> Option<bool> {
    let text = text.trim();
    [("true", true), ("false", false)]
        .into_iter()
        .find(|(name, _)| text.eq_ignore_ascii_case(name))
        .map(|(_, flag)| flag)
}

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
    fn channels_are_split_trimmed_lowered_and_in_order() {
        let table: [(&str, &[&str]); 6] = [
            ("sms,whatsapp", &["sms", "whatsapp"]),
            (" SMS , WhatsApp,", &["sms", "whatsapp"]),
            ("sms,SMS,é", &["sms", "é"]),
            ("", &[]),
            (" , ,", &[]),
            ("carrier pigeon", &["carrier pigeon"]),
        ];
        for (given, wanted) in table {
            assert_eq!(channels(given), wanted, "{given:?}");
        }
    }
}

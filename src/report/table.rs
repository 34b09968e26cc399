//! Tables of counts, and which texts from a server may become their keys.
//!
//! *Easy to get wrong:* keys come from the server. A table holds at most [`MAX_KEYS`] of them, and a text that could be a
//! phone number or an address never becomes one. Rows of all other texts count as [`OTHER_KEY`], so that a table still
//! adds up.
//!
//! *Easy to get wrong:* a value can equal [`NONE_KEY`], [`UNKNOWN_KEY`] or [`OTHER_KEY`], and must not be counted with the
//! rows that these stand for. So values become keys only by [`key_of`].

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Counts in the order of their keys.
pub type Table = BTreeMap<String, u64>;

/// Maximum number of distinct keys of a table, above the number of real ones: there are about 250 regions and a handful of
/// channels. Further keys count as [`OTHER_KEY`].
pub const MAX_KEYS: usize = 2048;
/// Key for rows whose key exceeds [`MAX_KEYS`] or may contain a phone number or an address.
pub const OTHER_KEY: &str = "(other)";
/// Key for rows whose field is null.
pub(super) const UNKNOWN_KEY: &str = "unknown";
/// Key for rows that have none of what is counted, such as contacts without any channel.
pub(super) const NONE_KEY: &str = "none";

/// Longest text that is kept as a key, in bytes.
const MAX_KEY_BYTES: usize = 64;
/// Digits that make a text look like a phone number: the shortest numbers in use have seven.
const MIN_PERSONAL_DIGITS: usize = 7;

/// Whether a text may become a key of the report. Real codes never look like an address, which viewers would turn into a
/// link.
pub(super) fn is_countable(text: &str) -> bool {
    text.len() <= MAX_KEY_BYTES
        && !text.contains(['@', '/', ':', '.'])
        && text.chars().filter(|c| c.is_numeric()).count() < MIN_PERSONAL_DIGITS
}

/// Whether a key stands for rows without a group of their own; such keys come last, whatever their count.
pub(super) fn is_leftover(key: &str) -> bool {
    key == NONE_KEY || key == UNKNOWN_KEY || key == OTHER_KEY
}

/// The key of a value. One that equals a key for rows without a group of their own is put in quotation marks, as in
/// `"none"`. One that is in quotation marks already gets another pair, so different values have different keys.
pub(super) fn key_of(value: &str) -> Cow<'_, str> {
    if is_ambiguous(value) { format!("\"{value}\"").into() } else { value.into() }
}

/// The value of a key.
pub(super) fn value_of(key: &str) -> &str {
    unquoted(key).filter(|value| is_ambiguous(value)).unwrap_or(key)
}

/// Whether a value, without any quotation marks around it, equals a key for rows without a group of their own.
fn is_ambiguous(value: &str) -> bool {
    let mut inner = value;
    while let Some(unquoted) = unquoted(inner) {
        inner = unquoted;
    }
    is_leftover(inner)
}

fn unquoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

/// Adds to the count of a key; a key beyond [`MAX_KEYS`], or one that could be personal, counts as [`OTHER_KEY`].
pub(super) fn add(table: &mut Table, key: &str, count: u64) {
    if count == 0 {
        return;
    }
    if let Some(counter) = table.get_mut(key) {
        *counter += count;
        return;
    }
    let is_kept = table.len() < MAX_KEYS && is_countable(key);
    *table.entry(if is_kept { key } else { OTHER_KEY }.to_owned()).or_default() += count;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_value_has_the_key_of_rows_without_one_or_of_another_value() {
        let reserved = [NONE_KEY, UNKNOWN_KEY, OTHER_KEY];
        let quoted = |marks: usize| reserved.map(|key| format!("{0}{key}{0}", "\"".repeat(marks)));
        let others = ["", "\"", "\"\"", "\"none", "none\"", "\"sms\"", "None", "sms"].map(str::to_owned);
        let values: Vec<String> = (0..4).flat_map(quoted).chain(others).collect();
        let keys: BTreeSet<String> = values.iter().map(|value| key_of(value).into_owned()).collect();
        assert_eq!(keys.len(), values.len(), "{keys:?}");
        assert!(!keys.iter().any(|key| is_leftover(key)), "{keys:?}");
        for value in &values {
            assert_eq!(value_of(&key_of(value)), value);
        }
        assert_eq!((key_of("none").as_ref(), key_of("sms").as_ref()), ("\"none\"", "sms"));
        assert_eq!(reserved.map(value_of), reserved);
    }
}

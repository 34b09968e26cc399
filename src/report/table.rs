//! Tables of counts, and which texts from a server may become their keys.
//!
//! *Easy to get wrong:* keys come from the server. A table holds at most [`MAX_KEYS`] of them, and a text that could be a
//! phone number or an address never becomes one. Rows of all other texts count as [`OTHER_KEY`], so that a table still
//! adds up.

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

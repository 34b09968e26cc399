//! Numbers for the few different texts of a column, so that rows are counted by array place and not by text.
//!
//! A column of regions or channels holds the same dozens of texts again and again. [`Names::number`] finds most of them
//! by one comparison with the text that last had the same few bytes, and the rest in a hash table.
//!
//! *Easy to get wrong:* what is counted here becomes a key of the report. A text that could hold a phone number or an
//! address, or is longer than any code, is counted as [`OTHER_KEY`], and so is every text beyond the limit.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::{OTHER_KEY, UNKNOWN_KEY};

/// Number of null.
pub(super) const UNKNOWN: u16 = 0;
/// Number of everything that gets no number of its own.
pub(super) const OTHER: u16 = 1;

/// Longest text that is kept as a key, in bytes.
const MAX_KEY_BYTES: usize = 64;
/// Digits that make a text look like a phone number: the shortest numbers in use have seven.
const MIN_PERSONAL_DIGITS: usize = 7;
/// Remembered places; more than there are regions, so that two of them rarely share one.
const RECENT: usize = 512;

/// The different texts of a column in the order of their first appearance.
#[derive(Debug, Clone)]
pub(super) struct Names {
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u16, FixedState>,
    recent: Box<[u16; RECENT]>,
    limit: usize,
}

impl Names {
    /// Gives numbers to at most `limit` texts.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            texts: vec![UNKNOWN_KEY.into(), OTHER_KEY.into()],
            numbers: HashMap::default(),
            recent: Box::new([UNKNOWN; RECENT]),
            limit,
        }
    }

    /// The number of a text.
    #[inline]
    pub(super) fn number(&mut self, text: &str) -> u16 {
        let place = place(text.as_bytes());
        let recent = self.recent[place];
        if *self.texts[usize::from(recent)] == *text { recent } else { self.look_up(text, place) }
    }

    #[cold]
    fn look_up(&mut self, text: &str, place: usize) -> u16 {
        let number = match self.numbers.get(text) {
            Some(&number) => number,
            None if self.numbers.len() < self.limit && is_countable(text) => {
                let number = u16::try_from(self.texts.len()).expect("limits are far below the range of the numbers");
                self.texts.push(text.into());
                self.numbers.insert(text.into(), number);
                number
            }
            None => return OTHER,
        };
        self.recent[place] = number;
        number
    }

    /// The number of a text that has one.
    pub(super) fn known(&self, text: &str) -> Option<u16> {
        self.numbers.get(text).copied()
    }

    /// The text of a number.
    pub(super) fn name(&self, number: usize) -> &str {
        &self.texts[number]
    }

    /// One more than the largest number.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }
}

/// Where a text is remembered: codes differ in their first and last bytes.
#[inline]
fn place(text: &[u8]) -> usize {
    let [Some(first), Some(last)] = [text.first(), text.last()] else { return 0 };
    let middle = text[text.len() / 2];
    (usize::from(*first) * 7 + usize::from(middle) * 31 + usize::from(*last) + text.len() * 64) % RECENT
}

/// Whether a text may become a key of the report.
pub(in crate::summary) fn is_countable(text: &str) -> bool {
    text.len() <= MAX_KEY_BYTES
        && !text.contains('@')
        && text.chars().filter(|c| c.is_numeric()).count() < MIN_PERSONAL_DIGITS
}

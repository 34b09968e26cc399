//! Numbers for the few distinct texts of a column, so that rows are counted by array index instead of by text.
//!
//! A column of regions or channels repeats a few dozen short texts. [`Names::number`] reads a text of up to eight bytes as
//! one integer and usually finds it by one comparison; other texts are looked up in a hash table.
//!
//! *Easy to get wrong:* these texts become keys of the report. A text that could contain a phone number or an address, or is
//! longer than any code, counts as [`OTHER_KEY`], and so does every text beyond the limit.

use std::collections::HashMap;

use arrow::array::{Array, StringArray};
use arrow::buffer::NullBuffer;
use foldhash::fast::FixedState;

use super::super::table::{OTHER_KEY, UNKNOWN_KEY, is_countable, key_of};

/// Number of null.
pub(super) const UNKNOWN: u16 = 0;
/// Number of all texts without a number of their own.
pub(super) const OTHER: u16 = 1;

/// Base-2 logarithm of the number of remembered texts: four times as many as there are regions, so that few share a slot.
const RECENT_BITS: u32 = 10;
const RECENT: usize = 1 << RECENT_BITS;

/// Masks for the first bytes of a word, by number of bytes.
const FIRST_BYTES: [u64; 9] =
    [0, 0xff, 0xffff, 0xff_ffff, 0xffff_ffff, 0xff_ffff_ffff, 0xffff_ffff_ffff, 0xff_ffff_ffff_ffff, u64::MAX];

/// A column of texts, and its buffers.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextColumn<'a> {
    array: &'a StringArray,
    offsets: &'a [i32],
    bytes: &'a [u8],
    nulls: Option<&'a NullBuffer>,
}

impl<'a> TextColumn<'a> {
    pub(super) fn new(array: &'a StringArray) -> Self {
        // Dropped if it has no nulls, because otherwise it would be read for every row.
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        Self { array, offsets: array.value_offsets(), bytes: array.value_data(), nulls }
    }

    pub(super) fn len(&self) -> usize {
        self.array.len()
    }

    #[inline]
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }

    /// The text of a row; unspecified for a null.
    pub(super) fn value(&self, row: usize) -> &'a str {
        self.array.value(row)
    }

    /// The bytes of a row; empty for a null.
    #[expect(clippy::inline_always, reason = "called for each contact in one place")]
    #[inline(always)]
    pub(super) fn bytes(&self, row: usize) -> &'a [u8] {
        if self.is_null(row) { &[] } else { &self.bytes[position(self.offsets[row])..position(self.offsets[row + 1])] }
    }

    /// A text of up to eight bytes as one integer; `None` if it is longer.
    #[inline]
    fn short(&self, start: usize, end: usize) -> Option<Short> {
        let length = end - start;
        let eight = self.bytes.get(start..start + 8).filter(|_| length <= 8);
        let key = if let Some(eight) = eight {
            u64::from_le_bytes(eight.try_into().expect("eight bytes")) & FIRST_BYTES[length]
        } else if length <= 8 {
            // Fewer than eight bytes are left in the buffer.
            self.bytes[start..end].iter().rev().fold(0, |key, &byte| key << 8 | u64::from(byte))
        } else {
            return None;
        };
        Some(Short { key, length: u8::try_from(length).expect("at most eight") })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Short {
    key: u64,
    length: u8,
}

impl Short {
    #[inline]
    fn place(self) -> usize {
        let hash = (self.key ^ u64::from(self.length)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - RECENT_BITS);
        usize::try_from(hash).expect("a few bits")
    }
}

pub(super) fn position(offset: i32) -> usize {
    usize::try_from(offset).expect("an offset is never negative")
}

/// The distinct texts of a column in the order of their first appearance.
#[derive(Debug, Clone)]
pub(super) struct Names {
    keys: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u16, FixedState>,
    recent: Box<[(Short, u16); RECENT]>,
    limit: usize,
}

impl Names {
    /// Assigns numbers to at most `limit` texts.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            keys: vec![UNKNOWN_KEY.into(), OTHER_KEY.into()],
            numbers: HashMap::default(),
            // No short text has this length.
            recent: vec![(Short { key: 0, length: 9 }, OTHER); RECENT].try_into().expect("it has this length"),
            limit,
        }
    }

    /// Finds the numbers of the texts of all rows; the number of null is [`UNKNOWN`].
    pub(super) fn numbers(&mut self, texts: &StringArray, numbers: &mut Vec<u16>) {
        let texts = TextColumn::new(texts);
        numbers.clear();
        numbers.extend(
            texts
                .offsets
                .windows(2)
                .enumerate()
                .map(|(row, ends)| if texts.is_null(row) { UNKNOWN } else { self.number(texts, row, ends) }),
        );
    }

    #[inline]
    fn number(&mut self, texts: TextColumn<'_>, row: usize, ends: &[i32]) -> u16 {
        let Some(short) = texts.short(position(ends[0]), position(ends[1])) else {
            return self.look_up(texts.value(row));
        };
        let (recent, number) = self.recent[short.place()];
        if recent == short {
            return number;
        }
        let number = self.look_up(texts.value(row));
        self.recent[short.place()] = (short, number);
        number
    }

    #[cold]
    fn look_up(&mut self, text: &str) -> u16 {
        match self.numbers.get(text) {
            Some(&number) => number,
            None if self.numbers.len() < self.limit && is_countable(text) => {
                let number = u16::try_from(self.keys.len()).expect("limits are far below the range of the numbers");
                self.keys.push(key_of(text).into());
                self.numbers.insert(text.into(), number);
                number
            }
            None => OTHER,
        }
    }

    /// The number of a text, if it has one.
    pub(super) fn known(&self, text: &str) -> Option<u16> {
        self.numbers.get(text).copied()
    }

    /// The key of a number in the report: its text, in quotation marks if it equals a key for rows without a text.
    pub(super) fn name(&self, number: usize) -> &str {
        &self.keys[number]
    }

    /// One more than the largest number.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}

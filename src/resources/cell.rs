//! A field of a row in one word: null, a number, a flag, or where its text stands.
//!
//! *Easy to get wrong:* a text that does not stand in the body as it is meant, because a character of it is escaped or
//! it was put together, is kept in a buffer beside the body; a [`Cell`] says by a bit which of the two it means.

/// A field: null, or what its column makes of the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell(u64);

/// Marks a text that stands beside the body, in the half of the word that holds its end.
const BESIDE: u64 = 1 << 31;

impl Cell {
    /// No text begins here, no flag is this, and no time or price is as small.
    pub(super) const NULL: Self = Self(1 << 63);

    /// A text in the body; null when it lies beyond the two gigabytes that a cell can tell.
    #[inline]
    pub(super) fn text(start: usize, end: usize) -> Self {
        let (start, end) = (start as u64, end as u64);
        if end < BESIDE { Self(start << 32 | end) } else { Self::NULL }
    }

    /// A text beside the body.
    pub(super) fn text_beside(start: usize, end: usize) -> Self {
        let cell = Self::text(start, end);
        if cell == Self::NULL { cell } else { Self(cell.0 | BESIDE) }
    }

    /// Any number but the smallest.
    pub(super) fn number(number: i64) -> Self {
        Self(number.cast_unsigned())
    }

    pub(super) fn flag(flag: bool) -> Self {
        Self(u64::from(flag))
    }

    /// The text, in the body or beside it.
    #[inline]
    pub(super) fn as_text<'a>(self, body: &'a str, beside: &'a str) -> Option<&'a str> {
        let text = if self.0 & BESIDE == 0 { body } else { beside };
        let place = |bits: u64| (bits & (BESIDE - 1)) as usize;
        (self != Self::NULL).then(|| &text[place(self.0 >> 32)..place(self.0)])
    }

    #[inline]
    pub(super) fn as_number(self) -> Option<i64> {
        (self != Self::NULL).then(|| self.0.cast_signed())
    }

    #[inline]
    pub(super) fn as_flag(self) -> Option<bool> {
        (self != Self::NULL).then_some(self.0 != 0)
    }

    /// A range of places in another list.
    pub(super) fn range(start: usize, end: usize) -> Self {
        Self::text(start, end)
    }

    /// The range, where it is one.
    pub(super) fn as_range(self) -> Option<std::ops::Range<usize>> {
        let place = |bits: u64| (bits & (BESIDE - 1)) as usize;
        (self != Self::NULL).then(|| place(self.0 >> 32)..place(self.0))
    }
}

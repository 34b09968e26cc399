//! A field of a row packed into one word: null, a number, a flag, or the position of its text.
//!
//! *Easy to get wrong:* a text that differs from its form in the body, because it has escapes or was composed, is in a
//! separate buffer. One bit of a [`PackedField`] states which of the two it refers to.

/// A field: null, or a word whose meaning depends on its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PackedField(u64);

/// Marks a text in the separate buffer, in the half of the word that holds its end.
const BESIDE: u64 = 1 << 31;

impl PackedField {
    /// No text, flag, time or price has this value.
    pub(super) const NULL: Self = Self(1 << 63);

    /// A text in the body; null if it is beyond the two gigabytes that a field can address.
    #[inline]
    pub(super) fn text(start: usize, end: usize) -> Self {
        let (start, end) = (start as u64, end as u64);
        if end < BESIDE { Self(start << 32 | end) } else { Self::NULL }
    }

    /// A text in the separate buffer.
    pub(super) fn text_beside(start: usize, end: usize) -> Self {
        let field = Self::text(start, end);
        if field == Self::NULL { field } else { Self(field.0 | BESIDE) }
    }

    /// Any number except the smallest one.
    pub(super) fn number(number: i64) -> Self {
        Self(number.cast_unsigned())
    }

    pub(super) fn flag(flag: bool) -> Self {
        Self(u64::from(flag))
    }

    /// The text, from the body or from the separate buffer.
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

    /// A range of indices into another list.
    pub(super) fn range(start: usize, end: usize) -> Self {
        Self::text(start, end)
    }

    /// The range, if it is one.
    pub(super) fn as_range(self) -> Option<std::ops::Range<usize>> {
        let place = |bits: u64| (bits & (BESIDE - 1)) as usize;
        (self != Self::NULL).then(|| place(self.0 >> 32)..place(self.0))
    }
}

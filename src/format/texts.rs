//! A column of texts, and whether any of them needs quotes or escapes.

use std::ops::Range;

use arrow::array::StringArray;

use crate::base::short_copy::push_bytes;

/// The texts of a column, after looking for special bytes.
pub(super) struct ScannedTexts<'a> {
    offsets: &'a [i32],
    data: &'a [u8],
    /// No text has a special byte.
    is_bare: bool,
}

impl<'a> ScannedTexts<'a> {
    /// Scans all texts for bytes that need quotes or escapes anywhere in a text.
    pub(super) fn new(values: &'a StringArray, needs_care: impl Fn(u8) -> bool) -> Self {
        let (offsets, data) = (values.value_offsets(), values.value_data());
        let used = position(offsets[0])..position(offsets[offsets.len() - 1]);
        // Without a decision within a chunk, the compiler can compare many bytes at once.
        let has_special = |chunk: &[u8]| chunk.iter().fold(false, |found, &byte| found | needs_care(byte));
        Self { offsets, data, is_bare: !data[used].chunks(256).any(has_special) }
    }

    #[inline]
    pub(super) fn is_bare(&self) -> bool {
        self.is_bare
    }

    #[inline]
    pub(super) fn value(&self, row: usize) -> &'a [u8] {
        &self.data[self.place(row)]
    }

    /// Appends a text as it is.
    #[inline]
    pub(super) fn push(&self, row: usize, line: &mut Vec<u8>) {
        push_bytes(line, self.data, self.place(row));
    }

    fn place(&self, row: usize) -> Range<usize> {
        position(self.offsets[row])..position(self.offsets[row + 1])
    }
}

/// An offset of an Arrow array as an index of a slice.
pub(super) fn position(offset: i32) -> usize {
    usize::try_from(offset).expect("no offset is negative")
}

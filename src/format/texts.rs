//! A column of texts, and whether any of them needs quotes or escapes.

use arrow::array::StringArray;

/// The texts of a column, after looking for special bytes.
pub(super) struct ScannedTexts<'a> {
    values: &'a StringArray,
    /// No text has a special byte.
    is_bare: bool,
}

impl<'a> ScannedTexts<'a> {
    /// Scans all texts for bytes that need quotes or escapes anywhere in a text.
    pub(super) fn new(values: &'a StringArray, needs_care: impl Fn(u8) -> bool) -> Self {
        let offsets = values.value_offsets();
        let used = position(offsets[0])..position(offsets[offsets.len() - 1]);
        // Without a decision within a chunk, the compiler can compare many bytes at once.
        let has_special = |chunk: &[u8]| chunk.iter().fold(false, |found, &byte| found | needs_care(byte));
        Self { values, is_bare: !values.value_data()[used].chunks(256).any(has_special) }
    }

    #[inline]
    pub(super) fn is_bare(&self) -> bool {
        self.is_bare
    }

    #[inline]
    pub(super) fn value(&self, row: usize) -> &'a [u8] {
        self.values.value(row).as_bytes()
    }
}

/// An offset of an Arrow array as an index of a slice.
pub(super) fn position(offset: i32) -> usize {
    usize::try_from(offset).expect("no offset is negative")
}

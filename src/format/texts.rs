//! A column of texts, and whether any of them needs care in a text format.

use arrow::array::StringArray;

/// Texts of a column, and what one look at all of them told.
pub(super) struct ScannedTexts<'a> {
    values: &'a StringArray,
    /// No text holds a byte that needs care.
    is_bare: bool,
}

impl<'a> ScannedTexts<'a> {
    /// Looks once at all texts for bytes that need quotes or escapes wherever they stand.
    pub(super) fn new(values: &'a StringArray, needs_care: impl Fn(u8) -> bool) -> Self {
        let offsets = values.value_offsets();
        let used = position(offsets[0])..position(offsets[offsets.len() - 1]);
        // Within a chunk nothing is decided, which lets the compiler compare many bytes at once.
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

/// An offset of an Arrow array as a place in a slice.
pub(super) fn position(offset: i32) -> usize {
    usize::try_from(offset).expect("no offset is negative")
}

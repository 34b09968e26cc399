//! Copies of short parts of a long buffer, which most texts of a page are.
//!
//! The length of a part is known only at run time, so copying it usually calls `memcpy`, which takes longer than the copy
//! of a few bytes. These functions copy a fixed number of bytes, which takes a few instructions, and truncate the result.

use std::ops::Range;

/// Bytes that are copied at once: enough for a UUID, the longest of the usual texts.
const CHUNK: usize = 40;

/// Appends a part of a buffer.
#[expect(clippy::inline_always, reason = "a call takes as long as the copy")]
#[inline(always)]
pub(crate) fn push_bytes(to: &mut Vec<u8>, buffer: &[u8], part: Range<usize>) {
    match buffer[part.start..].first_chunk::<CHUNK>() {
        Some(chunk) if part.len() <= CHUNK => {
            let end = to.len() + part.len();
            to.extend_from_slice(chunk);
            to.truncate(end);
        }
        _ => to.extend_from_slice(&buffer[part]),
    }
}

/// Appends a part of a text.
#[expect(clippy::inline_always, reason = "a call takes as long as the copy")]
#[inline(always)]
pub(crate) fn push_text(to: &mut String, text: &str, part: Range<usize>) {
    match text.get(part.start..part.start + CHUNK) {
        Some(chunk) if part.len() <= CHUNK => {
            let end = to.len() + part.len();
            to.push_str(chunk);
            to.truncate(end);
        }
        _ => to.push_str(&text[part]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_any_length_are_copied_from_any_place() {
        let text: String = (0..60).map(|at| if at % 7 == 0 { 'é' } else { 'a' }).collect();
        let places: Vec<usize> = (0..=text.len()).filter(|&at| text.is_char_boundary(at)).collect();
        for (from, &start) in places.iter().enumerate() {
            for &end in &places[from..] {
                let (mut bytes, mut copy) = (b"<".to_vec(), "<".to_owned());
                push_bytes(&mut bytes, text.as_bytes(), start..end);
                push_text(&mut copy, &text, start..end);
                let wanted = format!("<{}", &text[start..end]);
                assert_eq!((bytes.as_slice(), copy.as_str()), (wanted.as_bytes(), wanted.as_str()));
            }
        }
    }
}

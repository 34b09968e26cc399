//! Formats bytes as lowercase hexadecimal digits.

/// Appends the hexadecimal digits of bytes.
pub(crate) fn push_hex(bytes: &[u8], text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.extend(bytes.iter().flat_map(|byte| [byte >> 4, byte & 15].map(|at| char::from(DIGITS[usize::from(at)]))));
}

/// The hexadecimal digits of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    push_hex(bytes, &mut text);
    text
}

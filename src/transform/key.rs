//! The key for hashing phone numbers.

use std::fmt;

use ring::hmac;

use crate::base::hex::{hex, push_hex};
/// Minimum length of a key. All phone numbers of the world can be tried in minutes, so only the key protects them.
pub const MIN_KEY_BYTES: usize = 16;
/// The text whose HMAC is the fingerprint; it is not a phone number.
const FINGERPRINT_OF: &[u8] = b"sent-export key fingerprint";
/// Length of the fingerprint in bytes: enough to distinguish keys.
const FINGERPRINT_BYTES: usize = 8;

/// A secret key for HMAC-SHA-256, which is never shown.
#[derive(Clone)]
pub struct PhoneKey(hmac::Key);

impl fmt::Debug for PhoneKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("PhoneKey").field(&self.fingerprint()).finish()
    }
}

impl PhoneKey {
    /// The key in a file, without one line end at the end; `None` if it is shorter than [`MIN_KEY_BYTES`].
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        (bytes.len() >= MIN_KEY_BYTES).then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// A fingerprint that identifies the key without revealing it: 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        hex(&hmac::sign(&self.0, FINGERPRINT_OF).as_ref()[..FINGERPRINT_BYTES])
    }

    /// Appends the HMAC-SHA-256 of a text, 64 hexadecimal digits.
    pub(super) fn push_hash(&self, text: &str, hash: &mut String) {
        push_hex(hmac::sign(&self.0, text.as_bytes()).as_ref(), hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_other_implementations() {
        // printf +12025550123 | openssl dgst -sha256 -hmac 0123456789abcdef
        let key = PhoneKey::new(b"0123456789abcdef\n").unwrap();
        let mut hash = String::new();
        key.push_hash("+12025550123", &mut hash);
        assert_eq!(hash, "09fdee99295c69833319b98c92fb08b950d26ba81a53854cf9f3ad8cae274aea");
        assert_eq!(key.fingerprint(), "f9203f4ed49cd188");
        assert_eq!(format!("{key:?}"), r#"PhoneKey("f9203f4ed49cd188")"#);
    }

    #[test]
    fn short_keys_are_refused_and_one_line_break_does_not_count() {
        assert!(PhoneKey::new(b"0123456789abcde\r\n").is_none());
        let fingerprint = |bytes| PhoneKey::new(bytes).map(|key| key.fingerprint());
        assert_eq!(fingerprint(b"0123456789abcdef\r\n"), fingerprint(b"0123456789abcdef"));
        assert_ne!(fingerprint(b"0123456789abcdef\n\n"), fingerprint(b"0123456789abcdef"));
    }
}

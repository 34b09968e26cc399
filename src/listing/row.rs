//! What a walk needs to know about a row of any resource: an identity in 128 bits and two times.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The identity of a row: a UUID's own bits, or for any other text the first 128 bits of its SHA-256.
///
/// The API documents UUIDs. Among n other texts, two share a value with a probability of about n²/2¹²⁹, which is below
/// 10⁻²⁰ for a billion rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub u128);

impl RowId {
    /// The identity of a row whose id the API writes as `text`.
    pub fn new(text: &str) -> Self {
        if let Ok(uuid) = Uuid::try_parse(text) {
            return Self(uuid.as_u128());
        }
        let digest = Sha256::digest(text.as_bytes());
        let first = digest.first_chunk().expect("a SHA-256 has 32 bytes");
        Self(u128::from_be_bytes(*first))
    }
}

/// A row of a list: its identity, and when it last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowKey {
    /// Its identity.
    pub id: RowId,
    /// `created_at` in microseconds UTC.
    pub created_at: Option<i64>,
    /// `updated_at` in microseconds UTC.
    pub updated_at: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_its_own_bits_whatever_its_case() {
        let id = RowId::new("6F9619FF-8B86-D011-B42D-00CF4FC964FF");
        assert_eq!(id, RowId::new("6f9619ff-8b86-d011-b42d-00cf4fc964ff"));
        assert_eq!(id, RowId(0x6f96_19ff_8b86_d011_b42d_00cf_4fc9_64ff));
    }

    #[test]
    fn other_texts_differ_from_each_other() {
        assert_ne!(RowId::new("contact-1"), RowId::new("contact-2"));
        assert_eq!(RowId::new("contact-1"), RowId::new("contact-1"));
    }
}

//! Contact ids in 128 bits, so that millions of them can be held at once.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The identity of a contact: a UUID's own bits, or for any other text the first 128 bits of its SHA-256.
///
/// The API documents UUIDs. Two texts of another kind share a value with a probability of about n²/2¹²⁹, which for a
/// billion contacts is below 10⁻²⁰.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContactId(pub u128);

impl ContactId {
    /// The identity behind an id as the API writes it.
    pub fn new(text: &str) -> Self {
        if let Ok(uuid) = Uuid::try_parse(text) {
            return Self(uuid.as_u128());
        }
        let digest = Sha256::digest(text.as_bytes());
        let first = digest.first_chunk().expect("a SHA-256 has 32 bytes");
        Self(u128::from_be_bytes(*first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_its_own_bits_whatever_its_case() {
        let id = ContactId::new("6F9619FF-8B86-D011-B42D-00CF4FC964FF");
        assert_eq!(id, ContactId::new("6f9619ff-8b86-d011-b42d-00cf4fc964ff"));
        assert_eq!(id, ContactId(0x6f96_19ff_8b86_d011_b42d_00cf_4fc9_64ff));
    }

    #[test]
    fn other_texts_differ_from_each_other() {
        assert_ne!(ContactId::new("contact-1"), ContactId::new("contact-2"));
        assert_eq!(ContactId::new("contact-1"), ContactId::new("contact-1"));
    }
}

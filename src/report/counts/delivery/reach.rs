//! Which contacts were messaged and which replied, in bounded memory.
//!
//! Each contact is kept as the hash of its id with two times: those of its first outbound and its last inbound message. The
//! contact replied if the second is later; messages may arrive in any order. When there are too many contacts, all hashes
//! with a certain bit set, about half of them, are dropped and ignored from then on. The rest is a sample that contains
//! either all messages of a contact or none, so its counts, doubled for each halving, estimate those of all contacts.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use foldhash::quality::FixedState as IdHasher;

use super::kinds::Direction;
use crate::report::document::delivery::summary::ContactReach;

/// Maximum number of contacts that are kept: about 20 MB.
const MAX_CONTACTS: usize = 400_000;

/// The contacts of the messages.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    /// By the hash of the id.
    contacts: HashMap<u64, Moments, FixedState>,
    /// Number of halvings; as many of the highest bits are zero in all hashes that are kept.
    halvings: u32,
    max_contacts: usize,
}

#[derive(Debug, Clone, Copy)]
struct Moments {
    first_outbound: i64,
    last_inbound: i64,
}

impl Default for Reach {
    fn default() -> Self {
        Self { contacts: HashMap::default(), halvings: 0, max_contacts: MAX_CONTACTS }
    }
}

impl Reach {
    /// Counts a message; `micros` is when it was created.
    pub(super) fn add(&mut self, contact_id: &str, direction: Direction, micros: i64) {
        let hash = IdHasher::with_seed(0).hash_one(contact_id);
        if direction == Direction::Unknown || hash.leading_zeros() < self.halvings {
            return;
        }
        let none = Moments { first_outbound: i64::MAX, last_inbound: i64::MIN };
        let moments = self.contacts.entry(hash).or_insert(none);
        match direction {
            Direction::Outbound => moments.first_outbound = moments.first_outbound.min(micros),
            Direction::Inbound => moments.last_inbound = moments.last_inbound.max(micros),
            Direction::Unknown => {}
        }
        while self.contacts.len() > self.max_contacts {
            self.halvings += 1;
            let halvings = self.halvings;
            self.contacts.retain(|hash, _| hash.leading_zeros() >= halvings);
        }
    }

    /// The result.
    pub(super) fn reach(&self) -> ContactReach {
        let messaged = self.contacts.values().filter(|moments| moments.first_outbound < i64::MAX);
        let (messaged, replied) = messaged.fold((0_u64, 0_u64), |(all, replied), moments| {
            (all + 1, replied + u64::from(moments.last_inbound > moments.first_outbound))
        });
        let scale = |count: u64| count << self.halvings;
        ContactReach { messaged: scale(messaged), replied: scale(replied), approximate: self.halvings > 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_that_wrote_after_the_first_message_has_replied() {
        use Direction::{Inbound, Outbound, Unknown};
        let mut reach = Reach::default();
        let messages = [
            // The newest first, as the API lists them.
            ("replied", Inbound, 5),
            ("replied", Outbound, 3),
            ("wrote first", Outbound, 4),
            ("wrote first", Inbound, 2),
            ("silent", Outbound, 1),
            ("only wrote", Inbound, 9),
            ("unknown", Unknown, 1),
        ];
        for (id, direction, micros) in messages {
            reach.add(id, direction, micros);
        }
        assert_eq!(reach.reach(), ContactReach { messaged: 3, replied: 1, approximate: false });
    }

    #[test]
    fn too_many_contacts_become_a_sample() {
        let mut reach = Reach { max_contacts: 2000, ..Reach::default() };
        for contact in 0..100_000 {
            reach.add(&contact.to_string(), Direction::Outbound, 1);
            if contact % 4 == 0 {
                reach.add(&contact.to_string(), Direction::Inbound, 2);
            }
        }
        let ContactReach { messaged, replied, approximate } = reach.reach();
        assert!(approximate && reach.contacts.len() <= 2000);
        assert!((90_000..110_000).contains(&messaged), "{messaged}");
        assert!((20_000..30_000).contains(&replied), "{replied}");
    }
}

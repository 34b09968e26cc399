//! Pseudorandom numbers derived from a seed.
//!
//! Everything the simulator generates (contacts, faults, changes, latencies) is drawn here, so a seed reproduces a run
//! as far as the order of requests allows. [`mix`] hashes one number; [`Draws`] is a stream of numbers for one purpose
//! and one object, for instance the values of contact 17.
//!
//! *Easy to get wrong:* the result of a seed depends on the order of draws. Put a new draw at the end of a stream or give
//! it a [`DrawPurpose`] of its own; otherwise every contact of every seed changes.
//!
//! The constants are those of the `SplitMix64` generator, which is stateless and cheap and distributes bits well. It is not
//! cryptographically secure.
//!
//! The unit tests check distribution and reproducibility.

/// The purpose of a stream of draws; streams of two purposes are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(super) enum DrawPurpose {
    /// The values of a contact.
    Contact = 1,
    /// When a contact was created and updated.
    Times = 2,
    /// The id of a contact.
    Id = 3,
    /// The position of a contact in a list ordered by a random key.
    OrderKey = 4,
    /// What an update of a contact changes.
    Revision = 5,
    /// Which rows movement changes.
    Movement = 6,
    /// Whether a fault is injected.
    Fault = 7,
    /// Latency of a response.
    Latency = 8,
    /// The order of ties in an unstable sort.
    Ties = 9,
    /// Accounts: ids of organization and profiles, seeds of their lists.
    Account = 10,
    /// Request ids.
    Request = 11,
    /// Messages, activities and summaries.
    Messages = 12,
    /// Which hostile value a contact gets.
    Hostile = 13,
    /// When a message was created.
    MessageTimes = 14,
    /// Outcome and text of a message.
    Message = 15,
    /// Which hostile value a message gets.
    HostileMessage = 16,
    /// The templates of an account.
    Template = 17,
    /// Shuffles.
    Permutation = 18,
    /// Which contacts of a profile share their number with one of the organization.
    Twin = 19,
    /// How late a row becomes visible.
    Commit = 20,
    /// Which replica answers.
    Replica = 21,
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Hashes `value`; different values give different results.
pub(super) const fn mix(value: u64) -> u64 {
    let mut bits = value.wrapping_add(GOLDEN);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// One number, drawn from a seed, a purpose and the number of the object that it is for.
pub(super) const fn draw(seed: u64, purpose: DrawPurpose, number: u64) -> u64 {
    mix(mix(seed ^ (purpose as u64).wrapping_mul(GOLDEN)) ^ number)
}

/// A stream of numbers for one object.
#[derive(Debug, Clone)]
pub(super) struct Draws {
    state: u64,
}

impl Draws {
    /// The stream for a seed, a purpose and the number of an object.
    pub(super) const fn new(seed: u64, purpose: DrawPurpose, number: u64) -> Self {
        Self { state: draw(seed, purpose, number) }
    }

    /// The next 64 bits.
    pub(super) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A number from 0 up to, not including, `end`; 0 when `end` is 0.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        // The high half of a 32-by-32-bit product is distributed evenly enough and needs no division.
        let scaled = ((self.next() >> 32) * u64::from(end)) >> 32;
        u32::try_from(scaled).unwrap_or_default()
    }

    /// True in `count` of 1,000 cases.
    pub(super) fn in_thousand(&mut self, count: u32) -> bool {
        self.below(1_000) < count
    }

    /// True with the given probability.
    pub(super) fn with_probability(&mut self, probability: f64) -> bool {
        f64::from(self.below(u32::MAX)) < probability * f64::from(u32::MAX)
    }

    /// One of the items.
    ///
    /// # Panics
    /// If there are no items.
    pub(super) fn pick<'items, T>(&mut self, items: &'items [T]) -> &'items T {
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        &items[self.below(count) as usize]
    }

    /// One of the items, drawn by the weights in the first element of each pair, which add up to `total`.
    pub(super) fn pick_weighted<'items, T>(&mut self, total: u32, items: &'items [(u32, T)]) -> &'items T {
        let mut rest = self.below(total);
        for (weight, item) in items {
            if rest < *weight {
                return item;
            }
            rest -= weight;
        }
        &items[items.len() - 1].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_purpose_and_number_give_the_same_stream() {
        let mut one = Draws::new(7, DrawPurpose::Contact, 3);
        let mut other = Draws::new(7, DrawPurpose::Contact, 3);
        assert!((0..100).all(|_| one.next() == other.next()));
    }

    #[test]
    fn a_different_purpose_gives_another_stream() {
        assert_ne!(draw(7, DrawPurpose::Contact, 3), draw(7, DrawPurpose::Times, 3));
        assert_ne!(draw(7, DrawPurpose::Contact, 3), draw(8, DrawPurpose::Contact, 3));
    }

    #[test]
    fn numbers_below_a_bound_reach_every_value_about_equally_often() {
        let mut draws = Draws::new(1, DrawPurpose::Movement, 0);
        let mut counts = [0_u32; 10];
        for _ in 0..10_000 {
            counts[draws.below(10) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
        assert_eq!(draws.below(0), 0);
    }

    #[test]
    fn weights_are_kept() {
        let mut draws = Draws::new(1, DrawPurpose::Movement, 1);
        let rare = (0..10_000).filter(|_| *draws.pick_weighted(100, &[(95, 'a'), (5, 'b')]) == 'b').count();
        assert!((400..600).contains(&rare), "{rare}");
    }
}

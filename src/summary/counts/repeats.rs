//! How many keys occur more than once, in bounded memory.
//!
//! A hash table of the keys' hashes counts exactly while it has room. When it is full, half of all hashes are let go,
//! those with a certain bit set, and from then on only the others are kept: a sample that every key is in or out of
//! with all its contacts, so what is counted in it stands for the whole, times two for each halving (distinct sampling:
//! Gibbons, "Distinct Sampling for Highly-Accurate Answers to Distinct Values Queries and Event Reports").
//!
//! *Easy to get wrong:* a number that comes from a sample is an estimate and says so.

use serde::{Deserialize, Serialize};

/// Different keys that are held at once; exact numbers up to here. At most 12 MB.
const MAX_HELD: usize = (1 << 20) / 4 * 3;
/// Slots of a new table; it grows as it fills.
const FIRST_SLOTS: usize = 1 << 10;

/// Keys that several contacts share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    /// Keys that more than one contact has.
    pub keys: u64,
    /// Contacts that have them.
    pub contacts: u64,
    /// Whether both are estimates from a sample, since there were too many different keys to hold.
    pub approximate: bool,
}

/// Counts repeated keys by their hashes.
#[derive(Debug, Clone)]
pub(super) struct Repeats {
    /// Zero is a free slot.
    slots: Vec<u64>,
    /// Contacts beside the first, by slot.
    more: Vec<u32>,
    has_more: bool,
    used: usize,
    /// How often the table was halved: so many of the highest bits are zero in all hashes that are kept.
    halvings: u32,
    max_held: usize,
}

impl Default for Repeats {
    fn default() -> Self {
        Self::with_limit(MAX_HELD)
    }
}

impl Repeats {
    fn with_limit(max_held: usize) -> Self {
        Self {
            slots: vec![0; FIRST_SLOTS],
            more: vec![0; FIRST_SLOTS],
            has_more: false,
            used: 0,
            halvings: 0,
            max_held,
        }
    }

    /// Counts keys by their hashes, whose bits must be well mixed.
    pub(super) fn add(&mut self, hashes: &[u64]) {
        for &hash in hashes {
            if self.is_kept(hash) {
                self.insert(hash.max(1), 0);
            }
        }
    }

    #[inline]
    fn is_kept(&self, hash: u64) -> bool {
        hash.leading_zeros() >= self.halvings
    }

    #[inline]
    fn insert(&mut self, hash: u64, more: u32) {
        let mask = self.slots.len() - 1;
        let mut slot = usize::try_from(hash & mask as u64).expect("the mask is a place of the table");
        loop {
            match self.slots[slot] {
                held if held == hash => {
                    self.more[slot] = self.more[slot].saturating_add(1);
                    self.has_more = true;
                    return;
                }
                0 => break,
                _ => slot = (slot + 1) & mask,
            }
        }
        self.slots[slot] = hash;
        // A place that was never written to is memory that was never handed out.
        if more > 0 {
            self.more[slot] = more;
        }
        self.used += 1;
        if self.used >= self.slots.len() / 4 * 3 || self.used >= self.max_held {
            self.make_room();
        }
    }

    #[cold]
    fn make_room(&mut self) {
        let mut slots = self.slots.len() * 2;
        if self.used >= self.max_held {
            self.halvings += 1;
            slots = self.slots.len();
        }
        let held = std::mem::replace(&mut self.slots, vec![0; slots]);
        let more = std::mem::replace(&mut self.more, vec![0; slots]);
        self.used = 0;
        for (slot, hash) in held.into_iter().enumerate() {
            if hash != 0 && self.is_kept(hash) {
                self.insert(hash, if self.has_more { more[slot] } else { 0 });
            }
        }
    }

    /// What was found.
    pub(super) fn repeated(&self) -> Repeated {
        let more = self.more.iter().filter(|&&more| more > 0);
        let (keys, contacts) = more.fold((0, 0), |(keys, contacts), &more| (keys + 1, contacts + 1 + u64::from(more)));
        Repeated { keys: keys << self.halvings, contacts: contacts << self.halvings, approximate: self.halvings > 0 }
    }
}

/// Spreads a number over all bits. The finisher of `SplitMix64`.
#[inline]
pub(super) fn mix(number: u64) -> u64 {
    let hash = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_counted_exactly_while_there_is_room() {
        let mut repeats = Repeats::default();
        for key in 0..50_000 {
            repeats.add(&vec![mix(key); if key % 10 == 0 { 3 } else { 1 }]);
        }
        assert_eq!(repeats.repeated(), Repeated { keys: 5000, contacts: 15_000, approximate: false });
    }

    #[test]
    fn a_full_table_becomes_a_sample_that_stands_for_the_whole() {
        let mut repeats = Repeats::with_limit(10_000);
        for key in 0..200_000 {
            repeats.add(&vec![mix(key); if key % 10 == 0 { 3 } else { 1 }]);
        }
        let Repeated { keys, contacts, approximate } = repeats.repeated();
        assert!(approximate && repeats.slots.len() <= 1 << 14);
        assert!((18_000..22_000).contains(&keys), "{keys}");
        assert!((54_000..66_000).contains(&contacts), "{contacts}");
    }
}

//! How many keys occur more than once, in bounded memory.
//!
//! The keys' hashes are gathered in a buffer, sorted when it is full, and merged into a sorted list of different hashes
//! with their numbers; sorting costs a third of what a hash table too large for the processor's caches does. When the
//! list is full, half of all hashes are let go, those with a certain bit set, and from then on only the others are kept:
//! a sample that every key is in or out of with all its contacts, so what is counted in it stands for the whole, times
//! two for each halving (distinct sampling: Gibbons, "Distinct Sampling for Highly-Accurate Answers to Distinct Values
//! Queries and Event Reports").
//!
//! *Easy to get wrong:* a number that comes from a sample is an estimate and says so.

use serde::{Deserialize, Serialize};

/// Different keys that are held at once; exact numbers up to here. With the buffer and while merging, at most 15 MB.
const MAX_HELD: usize = 3 << 18;
/// Hashes that are gathered before they are sorted: 2 MB.
const MAX_FRESH: usize = 1 << 18;

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
    /// Hashes in the order in which they came.
    fresh: Vec<u64>,
    /// Different hashes, sorted.
    held: Vec<u64>,
    /// Contacts of each.
    contacts: Vec<u32>,
    /// How often the list was halved: so many of the highest bits are zero in all hashes that are kept.
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
        Self { fresh: Vec::new(), held: Vec::new(), contacts: Vec::new(), halvings: 0, max_held }
    }

    /// Counts a key by its hash, whose bits must be well mixed.
    #[inline]
    pub(super) fn add(&mut self, hash: u64) {
        if hash.leading_zeros() >= self.halvings {
            self.fresh.push(hash);
            if self.fresh.len() >= MAX_FRESH {
                self.merge();
            }
        }
    }

    /// Merges the fresh hashes into the sorted list, from its end on, so that no second list is needed.
    #[cold]
    fn merge(&mut self) {
        self.fresh.sort_unstable();
        let mut known = self.held.len();
        let mut free = known + self.fresh.chunk_by(|a, b| a == b).count();
        self.held.resize(free, 0);
        self.contacts.resize(free, 0);
        for run in self.fresh.chunk_by(|a, b| a == b).rev() {
            while known > 0 && self.held[known - 1] > run[0] {
                (known, free) = (known - 1, free - 1);
                self.held[free] = self.held[known];
                self.contacts[free] = self.contacts[known];
            }
            let mut contacts = u32::try_from(run.len()).unwrap_or(u32::MAX);
            if known > 0 && self.held[known - 1] == run[0] {
                known -= 1;
                contacts = contacts.saturating_add(self.contacts[known]);
            }
            free -= 1;
            self.held[free] = run[0];
            self.contacts[free] = contacts;
        }
        // Hashes that were known already left a gap.
        self.held.drain(known..free);
        self.contacts.drain(known..free);
        self.fresh.clear();
        while self.held.len() > self.max_held {
            self.halvings += 1;
            // Those to be kept have the smaller hashes, and stand in front.
            let kept = self.held.partition_point(|hash| hash.leading_zeros() >= self.halvings);
            self.held.truncate(kept);
            self.contacts.truncate(kept);
        }
    }

    /// What was found.
    pub(super) fn repeated(mut self) -> Repeated {
        self.merge();
        let shared = self.contacts.iter().filter(|&&contacts| contacts > 1);
        let (keys, contacts) = shared.fold((0, 0), |(keys, sum), &contacts| (keys + 1, sum + u64::from(contacts)));
        let halvings = self.halvings;
        Repeated { keys: keys << halvings, contacts: contacts << halvings, approximate: halvings > 0 }
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
            (0..if key % 10 == 0 { 3 } else { 1 }).for_each(|_| repeats.add(mix(key)));
        }
        assert_eq!(repeats.repeated(), Repeated { keys: 5000, contacts: 15_000, approximate: false });
    }

    #[test]
    fn keys_that_come_again_much_later_are_repeats() {
        let mut repeats = Repeats::default();
        (0..300_000).for_each(|key| repeats.add(mix(key)));
        (0..300_000).step_by(2).for_each(|key| repeats.add(mix(key)));
        (0..300_000).step_by(4).for_each(|key| repeats.add(mix(key)));
        assert_eq!(repeats.repeated(), Repeated { keys: 150_000, contacts: 375_000, approximate: false });
    }

    #[test]
    fn a_full_table_becomes_a_sample_that_stands_for_the_whole() {
        let mut repeats = Repeats::with_limit(10_000);
        for key in 0..1_000_000 {
            (0..if key % 10 == 0 { 3 } else { 1 }).for_each(|_| repeats.add(mix(key)));
        }
        let Repeated { keys, contacts, approximate } = repeats.repeated();
        assert!(approximate);
        assert!((90_000..110_000).contains(&keys), "{keys}");
        assert!((270_000..330_000).contains(&contacts), "{contacts}");
    }
}

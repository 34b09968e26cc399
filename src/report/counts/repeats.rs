//! How many keys occur more than once, in bounded memory.
//!
//! The hashes of keys are partitioned by their last bits, so that a partition fits into the processor's fastest cache. A
//! partition collects hashes, then sorts them and merges them into its sorted list of distinct hashes; a single hash table
//! took twice as long. When the list is full, the partition drops all hashes with a certain bit set, about half of them, and
//! ignores such hashes from then on. The rest is a sample that contains either all rows of a key or none, so its counts,
//! doubled for each halving, estimate those of all rows (distinct sampling: Gibbons, "Distinct Sampling for Highly-Accurate
//! Answers to Distinct Values Queries and Event Reports").
//!
//! *Easy to get wrong:* a count from a sample is an estimate and must be marked as one.

use std::hash::BuildHasher;
use std::mem;

use foldhash::fast::FixedState;

use super::super::document::values::Repeated;
use crate::base::hash::hash_number;

/// Seed for the hashes of texts: an arbitrary constant, so that the same rows give the same report.
const HASHES: FixedState = FixedState::with_seed(0x5e47);

const PARTS: usize = 1024;
/// Hashes that are collected before they are partitioned: 64 for each partition.
const MAX_COLLECTED: usize = 64 * PARTS;
/// Maximum number of distinct keys of a partition. Counts are exact until a partition has more, which happens at about
/// 800,000 keys in total. All partitions then take at most 24 MB.
const MAX_DISTINCT: usize = 896;
/// Hashes that a partition collects before it sorts them.
const MAX_PENDING: usize = 1024;

/// The hash of a text whose repetitions are counted.
pub(super) fn hash(text: impl AsRef<[u8]>) -> u64 {
    HASHES.hash_one(text.as_ref())
}

/// The hash of the owner of a key, to be combined with the hash of the key by XOR.
///
/// *Easy to get wrong:* the id of a row can equal that of its owner, and two rows can have each other's id as their owner.
/// If ids and owners were hashed in the same way, rows of the first kind would all have the hash 0, and two rows of the
/// second kind would have the same hash, so distinct keys would count as repeated.
pub(super) fn owner_hash(owner: impl AsRef<[u8]>) -> u64 {
    hash_number(hash(owner))
}

/// Counts repeated keys by their hashes.
#[derive(Debug, Clone)]
pub(super) struct Repeats {
    /// Hashes in the order in which they were added.
    collected: Vec<u64>,
    /// The same hashes, ordered by partition.
    partitioned: Vec<u64>,
    parts: Vec<RepeatsPart>,
}

impl Default for Repeats {
    fn default() -> Self {
        Self::with_limit(MAX_DISTINCT)
    }
}

impl Repeats {
    fn with_limit(max_distinct: usize) -> Self {
        Self { collected: Vec::new(), partitioned: Vec::new(), parts: vec![RepeatsPart::new(max_distinct); PARTS] }
    }

    /// Counts a key by its hash, whose bits must be evenly distributed.
    #[inline]
    pub(super) fn add(&mut self, hash: u64) {
        self.collected.push(hash);
        if self.collected.len() >= MAX_COLLECTED {
            self.part();
        }
    }

    /// Distributes the collected hashes to their partitions.
    #[cold]
    fn part(&mut self) {
        let part = |hash: u64| usize::try_from(hash % PARTS as u64).expect("fewer than PARTS");
        let mut ends = [0; PARTS];
        self.collected.iter().for_each(|&hash| ends[part(hash)] += 1);
        let mut start = 0;
        for end in &mut ends {
            start += mem::replace(end, start);
        }
        self.partitioned.resize(self.collected.len(), 0);
        for hash in self.collected.drain(..) {
            let end = &mut ends[part(hash)];
            self.partitioned[*end] = hash;
            *end += 1;
        }
        let mut start = 0;
        for (part, end) in self.parts.iter_mut().zip(ends) {
            part.add(&self.partitioned[start..end]);
            start = end;
        }
    }

    /// The result.
    pub(super) fn repeated(mut self) -> Repeated {
        self.part();
        self.parts.into_iter().map(RepeatsPart::repeated).fold(Repeated::default(), |sum, part| Repeated {
            keys: sum.keys + part.keys,
            contacts: sum.contacts + part.contacts,
            approximate: sum.approximate || part.approximate,
        })
    }
}

/// Hashes with the same last bits.
#[derive(Debug, Clone)]
struct RepeatsPart {
    /// Hashes in the order in which they were added.
    pending: Vec<u64>,
    /// Distinct hashes, sorted, with the number of rows of each.
    distinct: Vec<(u64, u32)>,
    /// Number of halvings; as many of the highest bits are zero in all hashes that are kept.
    halvings: u32,
    max_distinct: usize,
}

impl RepeatsPart {
    fn new(max_distinct: usize) -> Self {
        Self { pending: Vec::new(), distinct: Vec::new(), halvings: 0, max_distinct }
    }

    fn add(&mut self, hashes: &[u64]) {
        if self.pending.len() + hashes.len() > MAX_PENDING {
            self.merge();
        }
        self.pending.extend(hashes.iter().filter(|hash| hash.leading_zeros() >= self.halvings));
    }

    /// Merges the pending hashes into the sorted list.
    fn merge(&mut self) {
        self.pending.sort_unstable();
        self.distinct.extend(self.pending.drain(..).map(|hash| (hash, 1)));
        // Both parts of the list are sorted already, so this sort only merges them.
        self.distinct.sort_by_key(|&(hash, _)| hash);
        self.distinct.dedup_by(|(hash, more), (kept, contacts)| {
            let is_same = hash == kept;
            *contacts = contacts.saturating_add(if is_same { *more } else { 0 });
            is_same
        });
        while self.distinct.len() > self.max_distinct {
            self.halvings += 1;
            // The hashes to keep are the smaller ones, which are at the front.
            let kept = self.distinct.partition_point(|(hash, _)| hash.leading_zeros() >= self.halvings);
            self.distinct.truncate(kept);
        }
        // All partitions merge at about the same time, so their buffers would all be in memory together.
        self.distinct.shrink_to_fit();
    }

    fn repeated(mut self) -> Repeated {
        self.merge();
        let shared = self.distinct.iter().map(|&(_, contacts)| u64::from(contacts)).filter(|&contacts| contacts > 1);
        let (keys, contacts) = shared.fold((0, 0), |(keys, sum), contacts| (keys + 1, sum + contacts));
        let halvings = self.halvings;
        Repeated { keys: keys << halvings, contacts: contacts << halvings, approximate: halvings > 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_repeats_are_counted_exactly() {
        let mut repeats = Repeats::default();
        for key in 0..50_000 {
            (0..if key % 10 == 0 { 3 } else { 1 }).for_each(|_| repeats.add(hash_number(key)));
        }
        assert_eq!(repeats.repeated(), Repeated { keys: 5000, contacts: 15_000, approximate: false });
    }

    #[test]
    fn keys_that_repeat_much_later_are_counted() {
        let mut repeats = Repeats::default();
        (0..300_000).for_each(|key| repeats.add(hash_number(key)));
        (0..300_000).step_by(2).for_each(|key| repeats.add(hash_number(key)));
        (0..300_000).step_by(4).for_each(|key| repeats.add(hash_number(key)));
        assert_eq!(repeats.repeated(), Repeated { keys: 150_000, contacts: 375_000, approximate: false });
    }

    #[test]
    fn a_full_table_becomes_a_sample_from_which_the_total_is_estimated() {
        let mut repeats = Repeats::with_limit(10);
        for key in 0..1_000_000 {
            (0..if key % 10 == 0 { 3 } else { 1 }).for_each(|_| repeats.add(hash_number(key)));
        }
        let Repeated { keys, contacts, approximate } = repeats.repeated();
        assert!(approximate);
        assert!((90_000..110_000).contains(&keys), "{keys}");
        assert!((270_000..330_000).contains(&contacts), "{contacts}");
    }

    fn repeated(rows: impl IntoIterator<Item = (String, String)>) -> Repeated {
        let mut repeats = Repeats::default();
        rows.into_iter().for_each(|(id, owner)| repeats.add(hash(id) ^ owner_hash(owner)));
        repeats.repeated()
    }

    #[test]
    fn ids_are_repeated_only_if_they_have_the_same_owner() {
        let id = |number: u32| format!("{number:08x}-0000-4000-8000-000000000000");
        let none = Repeated::default();
        assert_eq!(repeated((0..1000).map(|row| (id(row), id(row)))), none, "each id equals that of its owner");
        assert_eq!(
            repeated((0..1000).map(|row| (id(row), id(row ^ 1)))),
            none,
            "id and owner of each pair are swapped"
        );
        assert_eq!(repeated((0..1000).map(|row| (id(7), id(row)))), none, "each owner has the id once");
        let twice = (0..1000).map(|row| (id(row / 2), id(row / 2)));
        assert_eq!(repeated(twice), Repeated { keys: 500, contacts: 1000, approximate: false });
    }
}

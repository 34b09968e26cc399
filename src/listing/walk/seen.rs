//! The ids of all rows taken so far, in about 25 bytes each.
//!
//! A hash table of bare 128-bit ids with linear probing, filled to no more than [`MAX_FILL`]. General hash sets grow in
//! powers of two and keep control bytes, which comes to 20 to 39 bytes an id; this one is allocated at the right size at
//! once, because the first page states the list's length, with room for some rows that are created during the run.
//!
//! *Easy to get wrong:* zero marks a free slot, so the id zero is stored separately.

use uuid::Uuid;

use crate::base::hash::hash_number;
use crate::listing::RowId;

/// Slots used before the table grows, in percent: 16 bytes / 0.7 is 23 bytes an id, and look-ups stay short.
const MAX_FILL: usize = 70;
/// Size of an empty table.
const MIN_SLOTS: usize = 1024;

/// A set of row ids.
#[derive(Debug)]
pub(super) struct SeenIds {
    slots: Vec<u128>,
    used: usize,
    has_zero: bool,
}

impl SeenIds {
    /// A set with capacity for about `ids` ids.
    pub(super) fn with_capacity(ids: usize) -> Self {
        Self { slots: vec![0; slots_for(ids)], used: 0, has_zero: false }
    }

    /// Reserves capacity for `ids` ids in total and a few more, in one step.
    pub(super) fn reserve(&mut self, ids: usize) {
        let slots = slots_for(ids + ids / 32);
        if slots > self.slots.len() {
            self.resize(slots);
        }
    }

    /// Prefetches the slots of ids that will be added into the processor's cache.
    ///
    /// The slots of random ids are spread over the table, so each access misses the cache. Prefetching overlaps these
    /// misses.
    pub(super) fn prefetch(&self, ids: impl Iterator<Item = RowId>) {
        let touched = ids.fold(0, |touched, id| touched ^ self.slots[self.home(id.0)]);
        std::hint::black_box(touched);
    }

    /// Adds an id; returns whether it is new.
    pub(super) fn insert(&mut self, id: RowId) -> bool {
        if id.0 == 0 {
            return !std::mem::replace(&mut self.has_zero, true);
        }
        let mut slot = self.slot(id.0);
        if self.slots[slot] != 0 {
            return false;
        }
        if (self.used + 1) * 100 > self.slots.len() * MAX_FILL {
            self.resize(self.slots.len() + self.slots.len() / 2);
            slot = self.slot(id.0);
        }
        self.slots[slot] = id.0;
        self.used += 1;
        true
    }

    /// The slot that holds the id, or the free one where it belongs.
    fn slot(&self, id: u128) -> usize {
        let mut slot = self.home(id);
        while self.slots[slot] != 0 && self.slots[slot] != id {
            slot = if slot + 1 == self.slots.len() { 0 } else { slot + 1 };
        }
        slot
    }

    /// The preferred slot of an id.
    fn home(&self, id: u128) -> usize {
        // The high half of a product spreads the hash over any number of slots, not only powers of two.
        let slot = (u128::from(hash(id)) * self.slots.len() as u128) >> 64;
        usize::try_from(slot).expect("the product's high half is below the number of slots")
    }

    fn resize(&mut self, slots: usize) {
        let old = std::mem::replace(&mut self.slots, vec![0; slots]);
        for id in old.into_iter().filter(|&id| id != 0) {
            let slot = self.slot(id);
            self.slots[slot] = id;
        }
    }
}

fn slots_for(ids: usize) -> usize {
    (ids.saturating_mul(100) / MAX_FILL + 1).max(MIN_SLOTS)
}

/// Spreads the bits of an id, which may be ordered by time (UUID version 7).
fn hash(id: u128) -> u64 {
    let (high, low) = Uuid::from_u128(id).as_u64_pair();
    hash_number(low ^ high.rotate_left(32))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn it_agrees_with_a_standard_set_through_growth() {
        let mut random = fastrand::Rng::with_seed(7);
        let (mut seen, mut wanted) = (SeenIds::with_capacity(0), HashSet::new());
        for _ in 0..50_000 {
            let id = random.u128(0..40_000);
            assert_eq!(seen.insert(RowId(id)), wanted.insert(id));
        }
        assert_eq!(seen.used + usize::from(seen.has_zero), wanted.len());
    }

    #[test]
    fn ids_ordered_by_time_do_not_cluster() {
        let mut seen = SeenIds::with_capacity(100_000);
        for at in 0..100_000_u128 {
            assert!(seen.insert(RowId(0x0190_0000_0000_7000_8000_0000_0000_0000 + (at << 80))));
        }
        assert_eq!(seen.used, 100_000);
    }

    #[test]
    fn a_set_with_the_right_capacity_uses_at_most_32_bytes_an_id() {
        let mut seen = SeenIds::with_capacity(1_000_000);
        for at in 1..=1_000_000_u128 {
            seen.insert(RowId(at));
        }
        assert!(seen.slots.capacity() * 16 <= 32 * 1_000_000);
    }
}

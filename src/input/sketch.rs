//! Estimates the overlap of two sets of ids, from samples of fixed size.
//!
//! A sketch keeps the smallest hashes of a set. Below the smaller one of two sketches' largest hashes, both sketches are
//! complete, so the number of common hashes there is exact.

use std::collections::BTreeSet;
use std::hash::BuildHasher;

use foldhash::quality::FixedState;

/// Maximum number of hashes in a sketch: enough to find a set of 100 in one of 100,000.
const MAX_HASHES: usize = 16_384;
/// Maximum number of hashes that are looked up in the other sketch.
const MAX_COMPARED: usize = 1024;

/// Builds a sketch.
#[derive(Debug, Default)]
pub(super) struct SketchBuilder {
    hashes: BTreeSet<u64>,
    /// Whether larger hashes were dropped.
    is_part: bool,
}

impl SketchBuilder {
    pub(super) fn add(&mut self, id: &str) {
        let hash = FixedState::with_seed(0).hash_one(id);
        if self.is_part && self.hashes.last().is_some_and(|&last| hash > last) {
            return;
        }
        self.hashes.insert(hash);
        if self.hashes.len() > MAX_HASHES {
            self.hashes.pop_last();
            self.is_part = true;
        }
    }

    pub(super) fn finish(self) -> Sketch {
        let limit = self.hashes.last().filter(|_| self.is_part).copied().unwrap_or(u64::MAX);
        Sketch { hashes: self.hashes.into_iter().collect(), limit }
    }
}

/// The smallest hashes of some ids, sorted.
#[derive(Debug)]
pub(super) struct Sketch {
    hashes: Vec<u64>,
    /// All hashes up to this one are in the sketch.
    limit: u64,
}

impl Sketch {
    /// Whether more than this percentage of the ids of the smaller set are in the other one.
    pub(super) fn has_ids_of(&self, other: &Self, percent: usize) -> bool {
        let limit = self.limit.min(other.limit);
        let known = |sketch: &Self| sketch.hashes.partition_point(|&hash| hash <= limit);
        let (smaller, larger) = if known(self) <= known(other) { (self, other) } else { (other, self) };
        let compared = &smaller.hashes[..known(smaller).min(MAX_COMPARED)];
        let common = compared.iter().filter(|hash| larger.hashes.binary_search(hash).is_ok()).count();
        100 * common > percent * compared.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(ids: std::ops::Range<u32>) -> Sketch {
        let mut sketch = SketchBuilder::default();
        ids.for_each(|id| sketch.add(&id.to_string()));
        sketch.finish()
    }

    #[test]
    fn snapshots_of_an_account_of_any_size_share_most_ids() {
        for (one, other, is_same) in [
            (0..5, 0..5, true),
            (0..5, 2..7, true),
            (0..5, 3..8, false),
            (0..0, 0..5, false),
            (200..300, 0..100_000, true),
            (200..300, 300..100_000, false),
            (0..20_000, 100..20_400, true),
            (0..20_000, 19_000..40_000, false),
            (0..20_000, 20_000..40_000, false),
        ] {
            let (one, other) = (sketch(one), sketch(other));
            assert_eq!(one.has_ids_of(&other, 50), is_same);
            assert_eq!(other.has_ids_of(&one, 50), is_same);
        }
    }
}

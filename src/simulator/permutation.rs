//! An invertible shuffle that needs no memory.
//!
//! A [`Permutation`] maps each number below a bound to another one below it, and back. `dealing` assigns messages to
//! contacts with two permutations, so the contact of a message and the messages of a contact can both be computed.
//!
//! *Easy to get wrong:* the Feistel network permutes a power of four, so a result at or above the bound is permuted
//! again until it is below (cycle walking). This terminates because a permutation consists of cycles; it takes at most
//! four steps on average.
//!
//! Four rounds look random enough; this is not cryptography.
//!
//! The unit tests check the round trip for small bounds.

use super::random::{DrawPurpose, draw, mix};

/// Number of rounds.
const ROUNDS: u64 = 4;

/// A shuffle of the numbers below a bound.
#[derive(Debug, Clone, Copy)]
pub(super) struct Permutation {
    key: u64,
    bound: u32,
    half_bits: u32,
}

impl Permutation {
    /// Derives a shuffle of the numbers below `bound` from a seed; `number` distinguishes the shuffles of one seed.
    pub(super) fn new(seed: u64, number: u64, bound: u32) -> Self {
        let bits = u32::BITS - bound.saturating_sub(1).leading_zeros();
        Self { key: draw(seed, DrawPurpose::Permutation, number), bound, half_bits: bits.div_ceil(2).max(1) }
    }

    /// The position of a number below the bound.
    pub(super) fn apply(&self, number: u32) -> u32 {
        self.walk(number, |halves| {
            (0..ROUNDS).fold(halves, |(left, right), round| (right, left ^ self.mixed(right, round)))
        })
    }

    /// The number at this position.
    pub(super) fn invert(&self, number: u32) -> u32 {
        self.walk(number, |halves| {
            (0..ROUNDS).rev().fold(halves, |(left, right), round| (right ^ self.mixed(left, round), left))
        })
    }

    /// Mixes until the number is below the bound.
    fn walk(&self, number: u32, mixed: impl Fn((u64, u64)) -> (u64, u64)) -> u32 {
        let mut value = u64::from(number);
        loop {
            let (left, right) = mixed((value >> self.half_bits, value & self.mask()));
            value = (left << self.half_bits) | right;
            if value < u64::from(self.bound) {
                return u32::try_from(value).unwrap_or_default();
            }
        }
    }

    fn mask(&self) -> u64 {
        (1 << self.half_bits) - 1
    }

    fn mixed(&self, half: u64, round: u64) -> u64 {
        mix(self.key ^ (round << 56) ^ half) & self.mask()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_maps_to_a_position_and_back() {
        for bound in [1, 2, 3, 4, 5, 16, 17, 1_000, 4_097] {
            let shuffle = Permutation::new(7, 0, bound);
            let mut places: Vec<u32> = (0..bound).map(|number| shuffle.apply(number)).collect();
            assert!((0..bound).all(|number| shuffle.invert(shuffle.apply(number)) == number), "{bound}");
            places.sort_unstable();
            assert_eq!(places, (0..bound).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_largest_bound_works_and_neighbors_are_separated() {
        let shuffle = Permutation::new(7, 0, u32::MAX);
        assert_eq!(shuffle.invert(shuffle.apply(u32::MAX - 1)), u32::MAX - 1);
        let small = Permutation::new(7, 0, 10_000);
        let near = (1..10_000).filter(|number| small.apply(*number).abs_diff(small.apply(number - 1)) < 100).count();
        assert!(near < 400, "{near}");
        assert_ne!(Permutation::new(7, 1, 10_000).apply(5), small.apply(5));
    }
}

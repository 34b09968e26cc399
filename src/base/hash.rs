//! Hashes of numbers that are not chosen by an attacker: ids and fingerprints of an account.

/// Mixes all bits of a number. The finalizer of `SplitMix64`.
#[inline]
pub(crate) fn hash_number(number: u64) -> u64 {
    let hash = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

//! Hashes of numbers that nobody chooses against us: ids and prints of an account.

/// Spreads a number over all bits. The finisher of `SplitMix64`.
#[inline]
pub(crate) fn hash_number(number: u64) -> u64 {
    let hash = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

//! Utilities that every module may use and that depend on no other module: words for counts, text that is safe to print,
//! percentages, countries with their calling codes, names of partitions, hashes, panics of libraries, copies of short
//! texts.

pub(crate) mod hash;
pub(crate) mod hex;
pub(crate) mod hive;
pub mod noun;
pub(crate) mod panics;
pub mod percent;
pub(crate) mod places;
pub(crate) mod plural;
pub(crate) mod printable;
pub(crate) mod short_copy;

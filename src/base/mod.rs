//! Small things that every room may use and that use none: words for counts, text that is safe to print, percentages,
//! hashes.

pub(crate) mod hash;
pub mod percent;
pub(crate) mod plural;
pub(crate) mod printable;

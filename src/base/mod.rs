//! Small things that every room may use and that use no room: words for counts, text that is safe to print,
//! percentages, hashes.

pub(crate) mod hash;
pub mod noun;
pub mod percent;
pub(crate) mod plural;
pub(crate) mod printable;

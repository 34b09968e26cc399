//! Points in time: read as the API and other programs write them, and written as RFC 3339 in UTC.
//!
//! A [`Timestamp`] is a number of microseconds since 1970, as in the files that are written. [`Timestamp::parse`] and its
//! siblings read text, [`push_timestamp`] appends text to a line of a file, and [`calendar`] converts days and dates.
//!
//! Every room may use this one; it uses none. It is also the only one that knows `chrono`, which reads the forms that are
//! too rare for a fast path of our own. The simulator keeps its own clock, since it shares no code with the rest.

pub(crate) mod calendar;
mod parse;
mod timestamp;
mod write;

pub use parse::NotATimestamp;
pub use timestamp::{MICROS_PER_DAY, Timestamp};
pub use write::push_timestamp;

//! Counters over the rows of a resource, filled batch by batch in one pass; nothing here holds a row.
//!
//! What counts texts and repeated keys in bounded memory is shared; the counters of a resource are in the folder of its name.

mod contacts;
mod delivery;
mod names;
mod repeats;

pub use self::contacts::Counts;
pub use self::delivery::{DeliveryCounts, delivery_schema};

//! Counters over the rows of a resource, filled batch by batch in one pass without keeping a row.
//!
//! Counters for texts and repeated keys, with bounded memory, are shared; those of a resource are in its folder.

mod activities;
mod contacts;
mod delivery;
mod names;
mod repeats;

pub(super) use self::activities::columns_not_known;
pub use self::activities::{ActivityCounts, activity_schema};
pub use self::contacts::ContactCounts;
pub use self::delivery::{DeliveryCounts, delivery_schema};

//! Every page of the list, in order, each asked for once.
//!
//! [`fetch_contacts`] asks for pages with a bounded number in flight and hands them on in page order. What to ask for,
//! what to keep and whether it adds up is decided by [`Walk`], which does no I/O and so can be tested by the thousand.
//!
//! *Easy to get wrong:* the list is read by offset. A contact created or deleted while we read shifts everything behind
//! it, so a page-by-page reader can lose a contact without any error. The walk compares what every page says, and the
//! run only ends as `complete` when nothing contradicts it.

mod driver;
mod query;
mod seen;
mod walk;

pub use driver::{Delivery, FetchError, FetchSettings, Progress, fetch_contacts};
pub use query::ContactQuery;
pub use seen::SeenIds;
pub use walk::{PageFacts, Walk, WalkReport};

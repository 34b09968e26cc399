//! Every contact of a list that may move while it is read.
//!
//! ```text
//!  driver ─► walk ─► plain       every page once, while the list stands still ─► plan (which page next)
//!    │        ├────► healing     gaps, once the list moves ─► gap (one chain) ─► marks (rows that did not move)
//!    │        │        ├► seeds  windows that split the rest among chains
//!    │        │        └► early  joins of the plain walk, in doubt or not ─► moments (when rows moved)
//!    │        ├────► sweeps      the whole list again, where nothing can be joined
//!    │        └────► report      what was met, and the verdict ◄─ clocks (answers that are older than others)
//!    ├─► intake ─► journal       requests in flight; answers on the disk, unless they come faster than that is worth
//!    └─► parked                  pages that came before their turn
//! ```
//!
//! [`fetch_contacts`] asks with a bounded number of requests in flight and hands contacts on as they are settled. What to
//! ask for, what to keep and whether it adds up is decided by [`Walk`], which does no I/O and so can be tested by the
//! thousand.
//!
//! *Easy to get wrong:* the list is read by offset. A contact created or deleted while we read shifts everything behind
//! it, so a page-by-page reader can lose a contact without any error.

mod answer;
mod clocks;
mod driver;
mod early;
mod first;
mod gap;
mod healing;
mod intake;
pub mod journal;
mod marks;
#[cfg(test)]
mod model;
mod moments;
mod parked;
mod plain;
mod plan;
mod query;
mod report;
mod request;
mod seeds;
mod seen;
mod sweeps;
mod walk;
mod window;

pub use driver::{Delivery, FetchError, FetchSettings, JournalSlot, Progress, ReceiverGone, fetch_contacts};
pub use healing::Unreliable;
pub use marks::Place;
pub use query::ContactQuery;
pub use report::WalkReport;
pub use request::{Consistency, PageFacts, Purpose, Request, Taken};
pub use walk::Walk;
pub use window::Window;

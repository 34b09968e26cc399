//! Reads a complete list of any resource while it may change.
//!
//! ```text
//!  driver ─► walk        which window is next, and is the list complete? (no I/O; see its own diagram)
//!    ├─► source        where pages come from: the API, or the model in the tests
//!    ├─► first_page    the page sizes that the service accepts and honors
//!    ├─► in_flight     requests in flight; answers go to the journal, so that an interrupted run can resume
//!    └─► reorder       pages that arrived out of order
//! ```
//!
//! `export` calls [`read_list`]. This module depends neither on HTTP nor on the resource.
//!
//! *Easy to get wrong:* the list is read by offset. A row that is created or deleted while the list is read shifts every
//! row after it, so a page-by-page reader can lose a row without any error. `docs/completeness.md` shows how windows that
//! overlap prove that none is lost.

mod driver;
mod first_page;
mod in_flight;
mod reorder;
mod request;
mod row;
mod source;
#[cfg(test)]
mod tests;
mod walk;
mod window;

pub use driver::{DeliveredPage, ReadError, ReadProgress, ReadSettings, ReceiverGone, read_list};
pub use first_page::{FirstPage, first_page};
pub use request::{Consistency, PageFacts, Paging, Purpose, Request, Taken};
pub use row::{RowId, RowKey};
pub use source::{Fetched, ListFailure, ListPage, PageSource};
pub use walk::{Unreliable, Walk, WalkReport, expected_requests};
pub use window::Window;

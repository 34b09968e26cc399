//! Looks up rows by a list of keys, mostly ids: one request per key, many concurrently, with answers in the order of the
//! keys.
//!
//! ```text
//!  driver ─► queue       which key is next, and which answer is due (no I/O)
//!    ├─► source          where answers come from: the API, or the model in tests
//!    ├─► flight          requests in flight; their responses are saved in the journal
//!    └─► past            answers of earlier runs, found by the position of their key
//! ```
//!
//! `export` calls [`look_up`]. This module depends neither on HTTP nor on the resource.
//!
//! Unlike the rows of a list, rows that are looked up cannot move: an answer concerns only its key. So the verdict is
//! simple: `complete` if every key was answered, even by "not found", and `unverified` if a key could not be read.

mod driver;
mod flight;
mod past;
mod queue;
mod report;
mod source;
#[cfg(test)]
mod tests;

pub use driver::{LookupError, LookupProgress, LookupSettings, look_up};
pub use queue::LookupAnswer;
pub use report::LookupReport;
pub use source::{FetchedRow, Looked, LookupFailure, LookupKey, RowSource};

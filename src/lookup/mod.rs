//! Reads rows by id from a list of ids, whatever the rows are: one request an id, many at a time, answers in the order of
//! the ids.
//!
//! ```text
//!  driver ─► queue       which id next; whose turn is it? (no I/O)
//!    ├─► source          where answers come from: the API, or the model of the tests
//!    ├─► flight          requests in flight; their answers go to the journal, for a run that is stopped
//!    └─► past            answers of an earlier run, found again by the place of their id
//! ```
//!
//! [`look_up`] is called by `export`. It knows neither HTTP nor which resource it reads.
//!
//! Unlike a list, rows by id cannot move: an answer is about its id and nothing else. So the verdict is simple. It is
//! `complete` when every id was answered, be it by "not found", and `unverified` when some id could not be read.

mod driver;
mod flight;
mod past;
mod queue;
mod report;
mod source;
#[cfg(test)]
mod tests;

pub use driver::{LookupError, LookupProgress, LookupSettings, look_up};
pub use queue::Answer;
pub use report::LookupReport;
pub use source::{FetchedRow, Looked, LookupFailure, RowSource};

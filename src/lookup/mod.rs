//! Looks rows up by a list of keys, most often their ids: one request per key, many at a time, answers in the order of the
//! keys.
//!
//! ```text
//!  driver ─► queue       which key next; whose turn is it? (no I/O)
//!    ├─► source          where answers come from: the API, or the model of the tests
//!    ├─► flight          requests in flight; their answers go to the journal, for a run that is stopped
//!    └─► past            answers of an earlier run, found again by the place of their key
//! ```
//!
//! [`look_up`] is called by `export`. It knows neither HTTP nor which resource it reads.
//!
//! Unlike the rows of a list, rows that are looked up cannot move: an answer is about its key and nothing else. So the
//! verdict is simple. It is `complete` when every key was answered, even by "not found", and `unverified` when some key
//! could not be read.

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

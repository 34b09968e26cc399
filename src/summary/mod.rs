//! What is in an account: counted once, shown by one renderer for each form.
//!
//! [`Counts`] is filled from the record batches as they pass and holds no contact. [`Summary`] joins it with the facts
//! of the run; [`Summary::to_json`] and [`render_table`] show the same numbers. Nothing here knows of HTTP, and of
//! files only their reports.
//!
//! *Easy to get wrong:* the keys that are counted come from the server. They are bounded in number, and a terminal only
//! sees them without control characters.

mod consistency;
mod count;
mod document;
mod table;
#[cfg(test)]
mod tests;

pub use consistency::ConsistencyFacts;
pub use count::{Counts, MAX_KEYS, OTHER_KEY, Table, UpdatedCounts};
pub use document::{Filters, Findings, RejectedSample, RunFacts, SUMMARY_SCHEMA_VERSION, Summary};
pub use table::{TableStyle, render_table};

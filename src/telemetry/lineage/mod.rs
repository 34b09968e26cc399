//! Tells programs that follow data where rows come from and go: OpenLineage run events, to a file or to an address.
//!
//! A run has two events with one run id: `START` when it begins, and `COMPLETE`, `FAIL` or `ABORT` when it ends. `commands`
//! fills a [`LineageEvent`] and hands it to [`Lineage::emit`]; what cannot be delivered is an error, which the caller
//! reports as a warning.
//!
//! *Easy to get wrong:* an event needs `schemaURL`, and every facet `_producer` and `_schemaURL`, of the very version whose
//! fields it has. A peer test builds each event from the classes of the official Python client, and compares both.

mod dataset;
mod event;
mod facet;
mod job;
mod run_id;
mod settings;

pub use self::dataset::{LineageDataset, LineageField, WrittenTotals};
pub use self::event::{LineageEvent, LineageState};
pub use self::settings::{EmitError, Lineage, LineageError, LineageFlags, LineageVariables, PendingEvent};

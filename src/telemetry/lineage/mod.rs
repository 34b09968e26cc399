//! Emits [OpenLineage](https://openlineage.io) run events to a file or an address.
//!
//! A run has two events with the same run id: `START`, and `COMPLETE`, `FAIL` or `ABORT` at the end. `commands` fills a
//! [`LineageEvent`] and passes it to [`Lineage::emit`]; the caller reports a failed delivery as a warning.
//!
//! *Easy to get wrong:* an event requires `schemaURL`, and every facet requires `_producer` and `_schemaURL`, of exactly the
//! version whose fields it uses. A peer test rebuilds each event with the classes of the official Python client and
//! compares both.

mod dataset;
mod event;
mod facet;
mod job;
mod run_id;
mod settings;

pub use self::dataset::{LineageDataset, LineageField, WrittenTotals};
pub use self::event::{LineageEvent, LineageState};
pub use self::settings::{EmitError, Lineage, LineageError, LineageFlags, LineageVariables, PendingEvent};

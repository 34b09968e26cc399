//! Reports runs to other programs: log lines as JSON, and a record of each run for metrics, a run log, a webhook
//! and lineage.
//!
//! `commands` fills a [`RunRecord`] and calls these modules at the end of a run; it also calls lineage at the start. Nothing
//! here changes the outcome of a run: a failure to write or send is returned as an error, which the caller reports as a
//! warning.
//!
//! This module depends neither on the API nor on formats. Messages from all other modules reach [`JsonLayer`] through
//! `tracing`.
//!
//! *Easy to get wrong:* the address of a webhook is a secret, so errors and `Debug` forms show only its host.

mod json_log;
mod line_file;
mod lineage;
mod metrics;
mod notify;
mod post;
mod record;
mod run_log;

pub(crate) use self::json_log::CONSOLE_TARGET;
pub use self::json_log::{JsonLayer, LogFormat};
pub use self::line_file::check_line_file;
pub use self::lineage::{
    EmitError, Lineage, LineageDataset, LineageError, LineageEvent, LineageField, LineageFlags, LineageState,
    LineageVariables, PendingEvent, WrittenTotals,
};
pub use self::metrics::{MetricsError, MetricsLabels, write_metrics};
pub use self::notify::{NotifyForm, Webhook};
pub use self::post::{AddressProblem, BearerToken, PostAddress, PostError};
pub use self::record::{ChangeTotals, ErrorRecord, RUN_RECORD_SCHEMA_VERSION, RunRecord};
pub use self::run_log::{RunLog, append_run, read_runs};

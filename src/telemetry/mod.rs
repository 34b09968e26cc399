//! What a run tells programs about itself: log lines as JSON, and a record of the run for metrics, a run log, a webhook
//! and lineage.
//!
//! `commands` fills a [`RunRecord`] and calls the rest at the end of a run, lineage at its beginning, too. Nothing here changes
//! how a run ends: whatever cannot be written or sent is returned as an error, which the caller reports as a warning.
//!
//! This module knows neither the API nor formats. Messages of every other module reach [`JsonLayer`] through `tracing`.
//!
//! *Easy to get wrong:* the address of a webhook is a secret, so no error and no `Debug` form of it shows more than its host.

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

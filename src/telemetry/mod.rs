//! Reports runs to other programs: log lines as JSON, and a record of each run for metrics, a run log and a webhook.
//!
//! `commands` fills a [`RunRecord`] and calls the rest once, at the end of a run. Nothing here changes the outcome of a
//! run: what cannot be written or sent is returned as an error, which the caller reports as a warning.
//!
//! This module depends neither on the API nor on formats. Messages of all other modules reach [`JsonLayer`] through
//! `tracing`.
//!
//! *Easy to get wrong:* the address of a webhook is a secret, so errors and `Debug` forms show only its host.

mod json_log;
mod metrics;
mod notify;
mod record;
mod run_log;

pub(crate) use self::json_log::CONSOLE_TARGET;
pub use self::json_log::{JsonLayer, LogFormat};
pub use self::metrics::{MetricsError, MetricsLabels, write_metrics};
pub use self::notify::{NotifyError, NotifyForm, Webhook, WebhookProblem};
pub use self::record::{ChangeTotals, ErrorRecord, RUN_RECORD_SCHEMA_VERSION, RunRecord};
pub use self::run_log::{RunLog, append_run, check_run_log, read_runs};

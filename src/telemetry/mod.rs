//! What a run tells programs about itself: log lines as JSON, and a record of the run for metrics, a run log and a webhook.
//!
//! `commands` fills a [`RunRecord`] and calls the rest once, at the end of a run. Nothing here changes how a run ends:
//! whatever cannot be written or sent is returned as an error, which the caller reports as a warning.
//!
//! This module knows neither the API nor formats. Messages of every other module reach [`JsonLayer`] through `tracing`.
//!
//! *Easy to get wrong:* the address of a webhook is a secret, so no error and no `Debug` form of it shows more than its host.

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

//! Reports the end of a run: metrics, run log, notification, and the last log line.

use crate::config::WatchConfig;
use crate::telemetry::{CONSOLE_TARGET, MetricsLabels, RunRecord, append_run, write_metrics};
use crate::verdict::Verdict;

use super::super::printer::warn_text;

/// Writes and sends the record of a run.
pub(super) fn send_record(config: &WatchConfig, record: &RunRecord, labels: &MetricsLabels) {
    if let Some(path) = &config.metrics
        && let Err(error) = write_metrics(path, record, labels)
    {
        warn_text(&format!("{error} (--metrics): {}", error.source));
    }
    if let Some(path) = &config.runs
        && let Err(error) = append_run(path, record)
    {
        warn_text(&format!("cannot append to {} (--runs): {error}", path.display()));
    }
    if let Some(webhook) = &config.webhook
        && let Err(error) = webhook.post(record)
    {
        warn_text(&format!("cannot notify {}: {error}", webhook.host()));
    }
}

/// Logs the end of a command.
pub(super) fn log_end(record: &RunRecord, is_export: bool) {
    let verdict = record.verdict.map(Verdict::name);
    let exit_code = u64::from(record.exit_code);
    let (command, run_id, message) = (record.command.as_str(), record.run_id.as_deref(), record.summary.as_str());
    if is_export {
        tracing::info!(
            target: CONSOLE_TARGET,
            event = "run_finished",
            command,
            run_id,
            verdict,
            published = record.is_published,
            rows = record.rows,
            items_rejected = record.items_rejected,
            pages = record.pages,
            pages_resumed = record.pages_resumed,
            boundaries_verified = record.boundaries_verified,
            changes_seen = record.changes_seen,
            requests = record.requests,
            retries = record.retries,
            rate_limited = record.rate_limited,
            waited_seconds = record.waited_seconds,
            bytes = record.bytes,
            added = record.changes.map(|changes| changes.added),
            changed = record.changes.map(|changes| changes.changed),
            removed = record.changes.map(|changes| changes.removed),
            seconds = record.seconds,
            exit_code,
            "{message}"
        );
    } else {
        let seconds = record.seconds;
        tracing::info!(target: CONSOLE_TARGET, event = "run_finished", command, seconds, exit_code, "{message}");
    }
}

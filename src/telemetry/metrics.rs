//! Writes metrics about a run in the OpenMetrics text format, for the textfile collector of Prometheus's `node_exporter`.
//!
//! Everything is a gauge about the last run: a batch job has no process in which a counter could grow. Types that only
//! OpenMetrics has (info, state set) are not used, because `node_exporter` reads the older Prometheus format and refuses a
//! whole file with an unknown type; it skips comments like `# UNIT` and `# EOF`.
//!
//! *Easy to get wrong:* the time of the last success must survive failed runs, so it is copied from the replaced file. A
//! label `job` would collide with the one that Prometheus adds, so the label for the name of a job is `job_name`.

use std::path::Path;

use crate::store::{FileMode, FileSettings, OutputTarget, StoreError, write_small_file};
use crate::time::Timestamp;
use crate::verdict::Verdict;

use super::RunRecord;

/// Prefix of all names.
const PREFIX: &str = "sent_export_";
const LAST_SUCCESS: &str = "last_success_timestamp_seconds";

/// Permissions of the file: it contains no personal data, and `node_exporter` runs as another user.
const MODE: &str = "644";

/// The labels that distinguish the metrics of one export from those of others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricsLabels {
    /// The subcommand.
    pub command: String,
    /// The job, if the run came from a jobs file.
    pub job: Option<String>,
    /// The first output as given, so that a path with a date placeholder stays in the same series.
    pub output: Option<String>,
}

/// Why metrics could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write metrics to {path}")]
pub struct MetricsError {
    /// The file.
    pub path: String,
    /// Why.
    pub source: StoreError,
}

/// Replaces the file with the metrics of a run, atomically.
///
/// # Errors
/// When it cannot be written.
pub fn write_metrics(path: &Path, record: &RunRecord, labels: &MetricsLabels) -> Result<(), MetricsError> {
    // A file that is missing or was written by another program has no last success.
    let before = std::fs::read_to_string(path).unwrap_or_default();
    let text = open_metrics(record, labels, &before);
    let settings = FileSettings { mode: MODE.parse::<FileMode>().ok(), makes_folders: true, ..FileSettings::default() };
    let target = OutputTarget::File(path.to_owned());
    let written = write_small_file(&target, text.as_bytes(), settings);
    written.map_err(|source| MetricsError { path: path.display().to_string(), source })
}

/// The whole file. `before` is the file that it replaces.
fn open_metrics(record: &RunRecord, labels: &MetricsLabels, before: &str) -> String {
    let mut file = MetricsText { labels: labels_text(labels), text: String::new() };
    let finished = Timestamp::parse(&record.finished_at).map_or(0, Timestamp::micros);
    let success = if record.is_success() { Some(seconds_text(finished)) } else { file.value_in(before, LAST_SUCCESS) };
    file.gauge("last_run_timestamp_seconds", "When the last run ended.", Some(seconds_text(finished)));
    file.gauge(LAST_SUCCESS, "When the last run that succeeded ended.", success);
    file.gauge("last_run_duration_seconds", "How long the last run took.", Some(record.seconds));
    file.gauge("last_run_exit_code", "Exit code of the last run.", Some(record.exit_code));
    file.gauge("last_run_rows", "Rows that the last run published.", record.rows);
    file.gauge("last_run_rejected_items", "Items of the list that were no rows.", record.items_rejected);
    file.gauge("last_run_written_bytes", "Size of what the last run published.", record.bytes);
    file.gauge("last_run_requests", "Requests of the last run, retries included.", Some(record.requests));
    file.gauge("last_run_retries", "Attempts that followed a transient failure.", Some(record.retries));
    file.gauge("last_run_rate_limited", "Responses with status 429.", Some(record.rate_limited));
    let waited = Some(record.waited_seconds);
    file.gauge("last_run_waited_seconds", "Total time that requests waited for the rate limit and retries.", waited);
    file.gauge("last_run_pages", "Pages whose rows were used.", record.pages);
    file.gauge("last_run_boundaries_verified", "Boundaries between windows verified.", record.boundaries_verified);
    let moved = record.changes_seen;
    file.gauge("last_run_boundaries_moved", "Boundaries at which the list had moved while it was read.", moved);
    file.verdict(record.verdict);
    file.text + "# EOF\n"
}

struct MetricsText {
    labels: String,
    text: String,
}

impl MetricsText {
    /// A metric with one sample; omitted if there is no value.
    fn gauge(&mut self, name: &str, help: &str, value: Option<impl ToString>) {
        let Some(value) = value else { return };
        self.describe(name, help);
        let labels = &self.labels;
        self.text += &format!("{PREFIX}{name}{{{labels}}} {}\n", value.to_string());
    }

    /// One sample for each verdict, 1 for that of the run.
    fn verdict(&mut self, verdict: Option<Verdict>) {
        const NAME: &str = "last_run_verdict";
        self.describe(NAME, "1 for the verdict of the last run, 0 for the others and for a run without one.");
        for each in [Verdict::Complete, Verdict::Healed, Verdict::Unverified] {
            let (labels, value) = (&self.labels, u8::from(verdict == Some(each)));
            self.text += &format!("{PREFIX}{NAME}{{{labels},verdict=\"{}\"}} {value}\n", each.name());
        }
    }

    fn describe(&mut self, name: &str, help: &str) {
        self.text += &format!("# HELP {PREFIX}{name} {help}\n");
        self.text += &format!("# TYPE {PREFIX}{name} gauge\n");
        if let Some(unit) = ["seconds", "bytes"].into_iter().find(|unit| name.ends_with(&format!("_{unit}"))) {
            self.text += &format!("# UNIT {PREFIX}{name} {unit}\n");
        }
    }

    /// The value of a metric with these labels in a file.
    fn value_in(&self, text: &str, name: &str) -> Option<String> {
        let sample = format!("{PREFIX}{name}{{{}}} ", self.labels);
        let value = text.lines().find_map(|line| line.strip_prefix(&sample))?;
        value.parse::<f64>().ok().filter(|value| value.is_finite()).map(|_| value.to_owned())
    }
}

fn labels_text(labels: &MetricsLabels) -> String {
    let mut text = format!("command=\"{}\"", escaped(&labels.command));
    for (name, value) in [("job_name", &labels.job), ("output", &labels.output)] {
        if let Some(value) = value {
            text += &format!(",{name}=\"{}\"", escaped(value));
        }
    }
    text
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Seconds since 1970, exact to the millisecond.
fn seconds_text(micros: i64) -> String {
    format!("{}.{:03}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000) / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(exit_code: u8, finished_at: &str) -> RunRecord {
        let verdict = (exit_code == 0).then_some(Verdict::Healed);
        RunRecord { exit_code, finished_at: finished_at.to_owned(), verdict, ..RunRecord::default() }
    }

    fn labels() -> MetricsLabels {
        MetricsLabels { command: "contacts".to_owned(), job: None, output: Some("a \"b\"\\c\n.csv".to_owned()) }
    }

    #[test]
    fn the_last_success_survives_failures_of_the_same_export_only() {
        let good = open_metrics(&run(0, "2026-11-28T00:00:00.250Z"), &labels(), "");
        let sample = r#"sent_export_last_success_timestamp_seconds{command="contacts",output="a \"b\"\\c\n.csv"} 1795824000.250"#;
        assert!(good.lines().any(|line| line == sample), "{good}");
        assert!(good.contains(r#",verdict="healed"} 1"#) && good.ends_with("# EOF\n"), "{good}");
        let failed = open_metrics(&run(5, "2026-11-29T00:00:00Z"), &labels(), &good);
        assert!(failed.lines().any(|line| line == sample), "{failed}");
        assert!(failed.contains("} 1795910400.000\n") && !failed.contains("last_run_rows"), "{failed}");
        let other = MetricsLabels { command: "messages".to_owned(), ..labels() };
        assert!(!open_metrics(&run(5, "2026-11-29T00:00:00Z"), &other, &good).contains(LAST_SUCCESS));
    }
}

//! The record of a run, whether it succeeded or failed.

use serde::{Deserialize, Serialize};

use crate::verdict::Verdict;

/// Version of [`RunRecord`]. Later versions add fields and keep these.
pub const RUN_RECORD_SCHEMA_VERSION: u32 = 1;

/// One run of an export. Documented in `docs/operations.md`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of the record.
    pub schema_version: u32,
    /// Version of the program.
    pub tool_version: String,
    /// The id in the manifest; `None` if the settings were refused.
    pub run_id: Option<String>,
    /// The subcommand.
    pub command: String,
    /// The job, if the run came from a jobs file.
    pub job: Option<String>,
    /// When this run began, RFC 3339, UTC.
    pub started_at: String,
    /// When it ended.
    pub finished_at: String,
    /// Duration in seconds.
    pub seconds: f64,
    /// The exit code.
    pub exit_code: u8,
    /// Whether the outputs have every row; `None` if the list was not read completely.
    pub verdict: Option<Verdict>,
    /// Whether the outputs were replaced.
    pub is_published: bool,
    /// Rows in every output; `None` if nothing was published.
    pub rows: Option<u64>,
    /// Items of the list that could not be read as rows.
    pub items_rejected: Option<u64>,
    /// Pages whose rows were used.
    pub pages: Option<u64>,
    /// Responses from the journal of an earlier run.
    pub pages_resumed: Option<u64>,
    /// Boundaries between windows that were verified.
    pub boundaries_verified: Option<u64>,
    /// Boundaries at which rows had moved; with the verdict `healed`, all of them were verified.
    pub changes_seen: Option<u64>,
    /// Requests sent, retries included.
    pub requests: u64,
    /// Attempts that followed a transient failure.
    pub retries: u64,
    /// Responses with status 429.
    pub rate_limited: u64,
    /// Total seconds that requests waited for the rate limit and before retries.
    pub waited_seconds: f64,
    /// Bytes of all outputs with rows.
    pub bytes: Option<u64>,
    /// Counts of changes since the previous export, if the two were compared.
    pub changes: Option<ChangeTotals>,
    /// The paths of the outputs.
    pub outputs: Vec<String>,
    /// The outcome as a line of text.
    pub summary: String,
    /// Why the run failed.
    pub error: Option<ErrorRecord>,
}

/// Counts of changes between two exports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeTotals {
    /// Rows that are new.
    pub added: u64,
    /// Rows with other values.
    pub changed: u64,
    /// Rows that are gone.
    pub removed: u64,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorRecord {
    /// The error with its causes.
    pub message: String,
    /// The next step, if one is known.
    pub hint: Option<String>,
    /// The id of the request that failed, for support.
    pub request_id: Option<String>,
}

impl RunRecord {
    /// Whether the run succeeded: `exit_code` is 0, or the code configured for "nothing changed".
    pub fn is_success(&self) -> bool {
        let is_sound = self.verdict.is_some_and(|verdict| verdict != Verdict::Unverified);
        self.exit_code == 0 || self.is_published && is_sound && self.error.is_none()
    }

    /// A summary in one or two lines of text.
    pub fn digest(&self) -> String {
        let name = self.job.as_ref().map_or_else(|| self.command.clone(), |job| format!("{job} ({})", self.command));
        let seconds = humantime::format_duration(std::time::Duration::from_secs(self.whole_seconds()));
        let requests = crate::base::plural::count_of(self.requests, "request", "requests");
        let mut text = format!("{name}: {} [exit code {}, {requests}, {seconds}]", self.summary, self.exit_code);
        if let Some(hint) = self.error.as_ref().and_then(|error| error.hint.as_ref()) {
            text += &format!("\nhint: {hint}");
        }
        text
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of seconds")]
    fn whole_seconds(&self) -> u64 {
        self.seconds.max(0.0).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> RunRecord {
        RunRecord {
            command: "contacts".to_owned(),
            job: Some("acme".to_owned()),
            seconds: 61.4,
            exit_code: 8,
            requests: 1_200,
            summary: "error: not published: too few contacts".to_owned(),
            error: Some(ErrorRecord {
                message: "not published: too few contacts".to_owned(),
                hint: Some("loosen the gate".to_owned()),
                request_id: None,
            }),
            ..RunRecord::default()
        }
    }

    #[test]
    fn the_digest_has_the_outcome_and_the_next_step() {
        let wanted = "acme (contacts): error: not published: too few contacts [exit code 8, 1,200 requests, 1m 1s]\n\
                      hint: loosen the gate";
        assert_eq!(failed().digest(), wanted);
    }

    #[test]
    fn success_is_code_0_or_the_code_for_an_unchanged_export() {
        let unchanged =
            RunRecord { exit_code: 99, is_published: true, verdict: Some(Verdict::Complete), ..RunRecord::default() };
        assert!(unchanged.is_success() && RunRecord::default().is_success());
        let unverified = RunRecord { exit_code: 3, verdict: Some(Verdict::Unverified), ..unchanged };
        assert!(!unverified.is_success() && !failed().is_success());
    }

    #[test]
    fn a_record_of_a_later_version_can_be_read() {
        let mut json = serde_json::to_value(failed()).unwrap();
        json["schema_version"] = 2.into();
        json["something_new"] = serde_json::json!({"a": 1});
        assert_eq!(serde_json::from_value::<RunRecord>(json).unwrap().exit_code, 8);
    }
}

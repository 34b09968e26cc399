//! How a run is watched: what it prints at the end, and what it leaves for programs that look after it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::values::notify_form;
use crate::telemetry::NotifyForm;

/// How a run is watched.
#[derive(Debug, Clone, Args)]
pub struct WatchArgs {
    /// When to print the table of what was exported: auto (on a terminal), always or never
    ///
    /// Elsewhere, as in a log of cron, a run prints one line at its start, warnings, and the verdict. --quiet and
    /// --log-format json print no table at all.
    #[arg(
        long,
        value_name = "WHEN",
        num_args = 0..=1,
        require_equals = true,
        default_value = "auto",
        default_missing_value = "always",
        help_heading = "Messages"
    )]
    pub show_table: TableArg,

    /// Write metrics of the run to this file in the OpenMetrics format, even if it fails
    ///
    /// For the textfile collector of `node_exporter`, which reads files that end in .prom. The file is replaced as a whole, and keeps
    /// the time of the last success.
    #[arg(long, value_name = "FILE", help_heading = "Watching")]
    pub metrics: Option<PathBuf>,

    /// Append a line of JSON about the run to this file, even if it fails; `report --runs FILE` shows it
    #[arg(long, value_name = "FILE", help_heading = "Watching")]
    pub runs: Option<PathBuf>,

    /// Post the outcome to this address, even if the run fails; set `SENT_EXPORT_NOTIFY` if the address is a secret
    ///
    /// One attempt of at most ten seconds. If it fails, the run prints a warning and ends as it would have.
    #[arg(long, value_name = "URL", hide_env_values = true, help_heading = "Watching")]
    pub notify: Option<HiddenArg>,

    /// What to post: json (`{"text": ..., "run": {...}}`) or slack (`{"text": ...}`)
    #[arg(long, value_name = "FORM", default_value = "json", value_parser = notify_form, help_heading = "Watching")]
    pub notify_format: NotifyForm,

    /// Append OpenLineage events of the run to this file, or post them to this address, also if the run fails
    ///
    /// Two events: START, then COMPLETE, FAIL or ABORT. An address without a path gets /api/v1/lineage; `OPENLINEAGE_API_KEY`
    /// is sent as its bearer token. `OPENLINEAGE_PARENT_ID` names the run of the scheduler. An event that cannot be
    /// delivered is a warning.
    #[arg(long, value_name = "FILE|URL", hide_env_values = true, help_heading = "Watching")]
    pub lineage: Option<HiddenArg>,

    /// Namespace of the job in OpenLineage events [default: sent-export]
    #[arg(long, value_name = "NAME", env = "OPENLINEAGE_NAMESPACE", hide_env_values = true, help_heading = "Watching")]
    pub lineage_namespace: Option<String>,

    /// Name of the job in OpenLineage events [default: that of the job in a file of jobs, or else the command]
    #[arg(long, value_name = "NAME", help_heading = "Watching")]
    pub lineage_job: Option<String>,
}

/// When the table is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableArg {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl FromStr for TableArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err("write auto, always or never"),
        }
    }
}

/// What may be a secret, such as the address of a webhook: it is checked where errors do not repeat it.
#[derive(Clone, PartialEq, Eq)]
pub struct HiddenArg(String);

impl HiddenArg {
    /// The value as it was typed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HiddenArg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HiddenArg(..)")
    }
}

impl FromStr for HiddenArg {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

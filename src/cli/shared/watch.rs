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
    pub notify: Option<NotifyArg>,

    /// What to post: json (`{"text": ..., "run": {...}}`) or slack (`{"text": ...}`)
    #[arg(long, value_name = "FORM", default_value = "json", value_parser = notify_form, help_heading = "Watching")]
    pub notify_format: NotifyForm,
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

/// The address of a webhook, which is a secret: it is checked where errors do not repeat it.
#[derive(Clone, PartialEq, Eq)]
pub struct NotifyArg(String);

impl NotifyArg {
    /// The address as it was typed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NotifyArg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NotifyArg(..)")
    }
}

impl FromStr for NotifyArg {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

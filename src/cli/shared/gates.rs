//! Conditions that an export must meet to be published.

use clap::Args;

use super::values::required_verdict;
use crate::base::percent::Percent;
use crate::verdict::Verdict;

/// Conditions that an export must meet to be published.
#[derive(Debug, Clone, Args)]
pub struct GateArgs {
    /// Publish only if the number of rows has shrunk by at most this percentage since the last manifest
    #[arg(long, value_name = "PERCENT", help_heading = "Gates")]
    pub max_shrink: Option<Percent>,

    /// Publish only if at most this percentage of items was rejected as unusable (for instance without an id), such as 1%
    #[arg(long, value_name = "PERCENT", help_heading = "Gates")]
    pub max_rejected: Option<Percent>,

    /// Publish only if in every column at most this percentage of values has an undocumented type or form
    #[arg(long, value_name = "PERCENT", help_heading = "Gates")]
    pub max_malformed: Option<Percent>,

    /// Publish only with this verdict or better: complete or healed
    #[arg(long, value_name = "VERDICT", value_parser = required_verdict, help_heading = "Gates")]
    pub require: Option<Verdict>,
}

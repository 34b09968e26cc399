//! What is demanded of an export before it is published.

use clap::Args;

use super::values::required_verdict;
use crate::base::percent::Percent;
use crate::verdict::Verdict;

/// What is demanded of an export before it is published.
#[derive(Debug, Clone, Args)]
pub struct GateArgs {
    /// Publish only if the rows have not become fewer by more than this share since the last manifest
    #[arg(long, value_name = "SHARE", help_heading = "Gates")]
    pub max_shrink: Option<Percent>,

    /// Publish only if at most this share of the items was left out because they are not records of the resource, like 1%
    #[arg(long, value_name = "SHARE", help_heading = "Gates")]
    pub max_rejected: Option<Percent>,

    /// Publish only if in every column at most this share of values has an undocumented type or form
    #[arg(long, value_name = "SHARE", help_heading = "Gates")]
    pub max_malformed: Option<Percent>,

    /// Publish only with this verdict: complete, or healed (which complete meets, too)
    #[arg(long, value_name = "VERDICT", value_parser = required_verdict, help_heading = "Gates")]
    pub require: Option<Verdict>,
}

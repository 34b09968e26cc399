//! What to do about ids that are not found or cannot be read.

use std::path::PathBuf;

use clap::Args;

/// What to do about ids that are not found or cannot be read.
#[derive(Debug, Clone, Args)]
pub struct LookupArgs {
    /// Also write the ids that the API does not know, one per line, `-` for stdout
    #[arg(long, value_name = "PATH", requires = "output", help_heading = "Output")]
    pub missing: Option<PathBuf>,

    /// Write the output even if some ids cannot be read; the verdict is then unverified, and the evidence lists them
    #[arg(long, requires = "output", help_heading = "Completeness")]
    pub allow_unread: bool,
}

//! The flags of `sent-export doctor`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::shared::{ProfilesArgs, RunArgs, StoreArgs};
use crate::resources::ResourceTable;

const EXAMPLES: &str = "\
Examples:
  sent-export doctor
      Whether the key works, for whom, and what it may read
  sent-export doctor contacts --output s3://lake/contacts.parquet
      The same for contacts only, and whether the bucket can be written to

Exit codes:
  0 everything works; otherwise the worst of what failed: 1 unexpected failure, then 2 wrong usage or configuration,
  6 key or permission, 4 rejected by the API, 7 an output cannot be written, 5 API unavailable";

/// The flags of `sent-export doctor`, before they are checked.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct DoctorArgs {
    /// What will be exported [default: everything]
    #[arg(value_name = "RESOURCE", value_parser = PossibleValuesParser::new(ResourceTable::NAMES))]
    pub resources: Vec<String>,

    /// Output to check: whether a file or object can be written there; may be repeated
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub output: Vec<PathBuf>,

    /// How files and objects are reached.
    #[command(flatten)]
    pub store: StoreArgs,

    /// Which profiles are checked.
    #[command(flatten)]
    pub profiles: ProfilesArgs,

    /// How the command runs.
    #[command(flatten)]
    pub run: RunArgs,
}

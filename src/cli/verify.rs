//! The flags of `sent-export verify`.

use std::path::PathBuf;

use clap::Args;

use super::shared::StoreArgs;

const EXAMPLES: &str = "\
Examples:
  sent-export verify contacts.parquet
      Whether the file is what was published: its size, SHA-256, rows and ids
  sent-export verify exports/ --quick
      Sizes and SHA-256 of all files of all exports in a folder
  sent-export verify s3://lake/contacts/ --json -
      All exports of a bucket, for a program

Exit codes:
  0 everything is as published, 1 unexpected failure, 2 wrong usage, or a file is missing, damaged, changed or unreadable,
  3 as published, but the completeness of an export was not verified, 7 the result could not be written";

/// The flags of `sent-export verify`, before they are checked.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct VerifyArgs {
    /// Exported file or object, its manifest, or a folder with exports or a history in it
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,

    /// Compare sizes and checksums only, without reading rows
    #[arg(long)]
    pub quick: bool,

    /// Write the result as JSON to this path, `-` for stdout in place of the lines
    #[arg(long, value_name = "PATH")]
    pub json: Option<PathBuf>,

    /// Print failures only
    #[arg(short, long)]
    pub quiet: bool,

    /// How files and objects are reached.
    #[command(flatten)]
    pub store: StoreArgs,
}

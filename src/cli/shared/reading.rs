//! How a list is read, and how an interrupted run resumes.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values::{consistency, duration, limit, number, page_size};
use crate::listing::Consistency;

/// How a list is read.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// How to prove that nothing is missing: auto (read with overlap and verify every boundary), plain (read each page
    /// once; proves nothing beyond one page) or strict (auto, then read the whole list again to check)
    #[arg(long, default_value = "auto", value_parser = consistency, value_name = "HOW", help_heading = "Completeness")]
    pub consistency: Consistency,

    /// Write the output even if some pages cannot be fetched; the verdict is then unverified, and the evidence lists them
    #[arg(long, help_heading = "Completeness")]
    pub allow_missing_pages: bool,

    /// Stop reading after the first N rows of the list; unless the whole list fits, the verdict is unverified
    #[arg(long, value_name = "N", value_parser = limit, help_heading = "Completeness")]
    pub limit: Option<NonZeroU64>,

    /// Read only N rows, from pages spread over the list; the verdict is then unverified, and the manifest lists the sample among the filters
    ///
    /// It takes one request per page, and one to count the list. The same seed draws the same pages while the list has the same length.
    #[arg(long, value_name = "N", value_parser = limit, conflicts_with = "limit", help_heading = "Completeness")]
    pub sample: Option<NonZeroU64>,

    /// Seed that selects the pages of --sample
    #[arg(
        long,
        value_name = "SEED",
        default_value_t = 1,
        value_parser = number,
        requires = "sample",
        // What replaces a sample in a file of jobs replaces its seed, too.
        conflicts_with = "limit",
        help_heading = "Completeness"
    )]
    pub sample_seed: u64,

    /// Rows to request per page; the API may return fewer
    #[arg(long, default_value_t = 100, value_parser = page_size, value_name = "N", help_heading = "Pace")]
    pub page_size: u32,
}

/// Whether a run resumes an interrupted one.
#[derive(Debug, Clone, Args)]
pub struct ResumeArgs {
    /// Start over instead of resuming an interrupted run
    #[arg(long, help_heading = "Completeness")]
    pub fresh: bool,

    /// Maximum age of an interrupted run to resume; less than a day, so that a daily run never resumes yesterday's
    #[arg(long, default_value = "20h", value_parser = duration, value_name = "TIME", help_heading = "Completeness")]
    pub resume_within: Duration,

    /// Folder for the state of interrupted runs [default: beside the first local output, else the platform's state folder]
    #[arg(long, value_name = "DIR", help_heading = "Completeness")]
    pub state_dir: Option<PathBuf>,
}

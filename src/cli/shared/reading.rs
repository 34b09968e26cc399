//! How a list is read, and how an interrupted run resumes.

use std::time::Duration;

use clap::Args;

use super::values::{consistency, duration, page_size};
use crate::listing::Consistency;

/// How a list is read.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// How to prove that nothing is missing: auto (read with overlap and verify every boundary), plain (read each page
    /// once; proves nothing beyond a single page) or strict (auto, then read everything again and find nothing new)
    #[arg(long, default_value = "auto", value_parser = consistency, value_name = "HOW", help_heading = "Completeness")]
    pub consistency: Consistency,

    /// Write the output even if some pages cannot be fetched; the verdict then is unverified and names them
    #[arg(long, help_heading = "Completeness")]
    pub allow_missing_pages: bool,

    /// Rows requested per page; the API may honor fewer
    #[arg(long, default_value_t = 100, value_parser = page_size, value_name = "N", help_heading = "Pace")]
    pub page_size: u32,
}

/// Whether a run resumes an interrupted one.
#[derive(Debug, Clone, Args)]
pub struct ResumeArgs {
    /// Start over instead of going on with a run that was stopped
    #[arg(long, help_heading = "Completeness")]
    pub fresh: bool,

    /// Oldest stopped run that is still continued; less than a day, so that no daily run takes yesterday's answers
    #[arg(long, default_value = "20h", value_parser = duration, value_name = "TIME", help_heading = "Completeness")]
    pub resume_within: Duration,
}

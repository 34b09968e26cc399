//! How fast requests are sent, and how failures are retried.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

use super::values::{RateLimitArg, burst, duration, number, slots};
use crate::api::RetryPolicy;
use crate::base::percent::Percent;

/// Eight requests in flight use up the documented 200 requests a minute even when an answer takes two seconds, and
/// are gentle on a service without a limit.
const DEFAULT_CONCURRENCY: &str = "8";

/// How fast requests are sent, and how failures are retried.
#[derive(Debug, Clone, Args)]
pub struct PaceArgs {
    /// Requests in flight at most; eight use up the documented quota even when an answer takes two seconds
    #[arg(long, default_value = DEFAULT_CONCURRENCY, value_parser = slots, value_name = "N", help_heading = "Pace")]
    pub concurrency: NonZeroUsize,

    /// Requests sent in a span of time, like 200/min or 10/s, or `none` [default: 200/min, none with --simulate]
    #[arg(long, value_name = "RATE", help_heading = "Pace")]
    pub rate_limit: Option<RateLimitArg>,

    /// Requests that may go at once after a rest
    #[arg(long, default_value_t = 50, value_parser = burst, value_name = "N", help_heading = "Pace")]
    pub burst: u32,

    /// Share of the quota that is left to the account's other traffic
    #[arg(long, default_value = "0%", value_name = "SHARE", help_heading = "Pace")]
    pub reserve: Percent,

    /// Stop after this time, with everything kept for the next run
    #[arg(long, value_parser = duration, value_name = "TIME", help_heading = "Pace")]
    pub max_duration: Option<Duration>,

    /// Retries of the whole run; beyond them it stops, with everything kept for the next run
    #[arg(long, default_value_t = RetryPolicy::DEFAULT_BUDGET, value_name = "N", value_parser = number, help_heading = "Pace")]
    pub retry_budget: u64,

    /// Retries of one request after failures in passing
    #[arg(long, default_value_t = RetryPolicy::DEFAULT_MAX_RETRIES, value_name = "N", help_heading = "Pace")]
    pub max_retries: u32,

    /// Longest rest before the first retry; it doubles with every further one
    #[arg(long, default_value = "500ms", value_parser = duration, value_name = "TIME", help_heading = "Pace")]
    pub retry_delay: Duration,

    /// Longest time for one attempt, to the last byte of its answer
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME", help_heading = "Pace")]
    pub timeout: Duration,

    /// Longest time to connect
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME", help_heading = "Pace")]
    pub connect_timeout: Duration,
}

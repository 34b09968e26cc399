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
    /// Maximum number of requests in flight; eight are enough for the documented quota even if responses take two seconds
    #[arg(long, default_value = DEFAULT_CONCURRENCY, value_parser = slots, value_name = "N", help_heading = "Pace")]
    pub concurrency: NonZeroUsize,

    /// Maximum request rate, such as 200/min or 10/s, or `none` [default: 200/min, none with --simulate]
    #[arg(long, value_name = "RATE", help_heading = "Pace")]
    pub rate_limit: Option<RateLimitArg>,

    /// Burst size after an idle period
    #[arg(long, default_value_t = 50, value_parser = burst, value_name = "N", help_heading = "Pace")]
    pub burst: u32,

    /// Percentage of the quota to leave to other traffic of the account
    #[arg(long, default_value = "0%", value_name = "PERCENT", help_heading = "Pace")]
    pub reserve: Percent,

    /// Stop after this time; the next run resumes
    #[arg(long, value_parser = duration, value_name = "TIME", help_heading = "Pace")]
    pub max_duration: Option<Duration>,

    /// Maximum number of retries of the whole run, after which it stops; the next run resumes
    #[arg(long, default_value_t = RetryPolicy::DEFAULT_BUDGET, value_name = "N", value_parser = number, help_heading = "Pace")]
    pub retry_budget: u64,

    /// Maximum number of retries of one request after transient failures
    #[arg(long, default_value_t = RetryPolicy::DEFAULT_MAX_RETRIES, value_name = "N", help_heading = "Pace")]
    pub max_retries: u32,

    /// Maximum delay before the first retry; doubles with each further retry
    #[arg(long, default_value = "500ms", value_parser = duration, value_name = "TIME", help_heading = "Pace")]
    pub retry_delay: Duration,

    /// Timeout of one attempt, until the last byte of the response
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME", help_heading = "Pace")]
    pub timeout: Duration,

    /// Timeout for connecting
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME", help_heading = "Pace")]
    pub connect_timeout: Duration,
}

//! Settings of pace, retries and time limits.

use std::num::NonZeroUsize;

use url::Url;

use super::ConfigError;
use crate::api::{AccountSettings, ApiKey, RequestRate, Reserve, RetryPolicy};
use crate::base::percent::Percent;
use crate::cli::{PaceArgs, RateLimitArg};

/// Maximum time that one request waits for the account's rate limit. The limit is per minute, so a longer wait means that
/// another program uses up the whole quota of the account.
pub const MAX_RATE_LIMIT_WAIT: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// Retry, pace and time limits.
#[derive(Debug, Clone)]
pub struct PaceConfig {
    rate: Option<RequestRate>,
    reserve: Reserve,
    retry: RetryPolicy,
    retry_budget: u64,
    concurrency: NonZeroUsize,
    timeout: std::time::Duration,
    connect_timeout: std::time::Duration,
}

impl PaceConfig {
    /// Checks the flags of pace and retry; without an explicit rate, the simulator is read without one.
    ///
    /// # Errors
    /// When the reserve leaves nothing, or there is no rate limit of which to reserve a part.
    pub(super) fn new(args: &PaceArgs, is_simulated: bool) -> Result<Self, ConfigError> {
        // The local simulator has no quota to protect, so a first try is quick.
        let unset = if is_simulated { RateLimitArg::Unlimited } else { RateLimitArg::DEFAULT };
        let rate = match args.rate_limit.unwrap_or(unset) {
            RateLimitArg::Unlimited => None,
            RateLimitArg::Limited(pace) => RequestRate::new(pace.requests, pace.span, args.burst),
        };
        let reserve =
            Reserve::new(args.reserve.value()).ok_or_else(|| ConfigError::WholeReserve(args.reserve.to_string()))?;
        if rate.is_none() && args.reserve != Percent::default() {
            return Err(ConfigError::ReserveWithoutRate(args.reserve));
        }
        Ok(Self {
            rate,
            reserve,
            retry_budget: args.retry_budget,
            concurrency: args.concurrency,
            retry: RetryPolicy {
                max_retries: args.max_retries,
                first_delay: args.retry_delay,
                max_delay: args.retry_delay.max(RetryPolicy::DEFAULT_MAX_DELAY),
            },
            timeout: args.timeout,
            connect_timeout: args.connect_timeout,
        })
    }

    /// Maximum number of requests in flight.
    pub fn concurrency(&self) -> NonZeroUsize {
        self.concurrency
    }

    /// The rate, if there is a limit, for the progress display.
    pub fn rate(&self) -> Option<RequestRate> {
        self.rate
    }

    /// The time for a number of requests at the rate limit, less the reserve; `None` without a limit.
    pub fn span_of(&self, requests: u64) -> Option<std::time::Duration> {
        let interval = self.reserve.applied_to(self.rate?).interval;
        Some(interval.saturating_mul(u32::try_from(requests).unwrap_or(u32::MAX)))
    }

    /// The number of requests that fit into a time at the rate limit, less the reserve; `None` without a limit.
    pub fn requests_in(&self, span: std::time::Duration) -> Option<u64> {
        let interval = self.reserve.applied_to(self.rate?).interval;
        u64::try_from(span.as_nanos().checked_div(interval.as_nanos())?).ok()
    }

    /// The settings of an account for an address and a key.
    pub fn account_settings(&self, base_url: Url, api_key: ApiKey) -> AccountSettings {
        AccountSettings {
            base_url,
            api_key,
            retry: self.retry,
            retry_budget: self.retry_budget,
            rate: self.rate,
            reserve: self.reserve,
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            max_rate_limit_wait: MAX_RATE_LIMIT_WAIT,
        }
    }
}

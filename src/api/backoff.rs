//! The delays before the retries of one request, as a pure sequence.
//!
//! Full jitter, after the AWS architecture blog's "Exponential Backoff And Jitter": every delay is drawn evenly from zero
//! up to a ceiling that doubles with each retry until it reaches a cap. Random numbers are passed in, so that tests are
//! exact.

use std::time::Duration;

/// When a request is retried after a transient failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Retries of one request after its first attempt; pauses that the server requested do not count.
    pub max_retries: u32,
    /// Ceiling of the first delay.
    pub first_delay: Duration,
    /// Ceiling of every delay.
    pub max_delay: Duration,
}

impl RetryPolicy {
    /// Twelve retries span 75 seconds on average: a restart or failover of the service is shorter.
    pub const DEFAULT_MAX_RETRIES: u32 = 12;
    /// Retries of a whole run: far more than transient failures need, but a limit for permanent ones.
    pub const DEFAULT_BUDGET: u64 = 1000;
    /// Retries of a request while the server has never responded and the connection is refused or the name unknown: eight
    /// seconds on average and sixteen at most, enough for a service that starts at the same time.
    pub const MAX_RETRIES_UNREACHABLE: u32 = 5;
    /// The first delay of the official SDKs.
    pub const DEFAULT_FIRST_DELAY: Duration = Duration::from_millis(500);
    /// Longer delays would occupy a slot without a better chance of success.
    pub const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(20);
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: Self::DEFAULT_MAX_RETRIES,
            first_delay: Self::DEFAULT_FIRST_DELAY,
            max_delay: Self::DEFAULT_MAX_DELAY,
        }
    }
}

/// The delays of one request, used up one by one.
#[derive(Debug)]
pub struct Backoff {
    policy: RetryPolicy,
    retries: u32,
}

impl Backoff {
    /// Starts before the first retry.
    pub fn new(policy: RetryPolicy) -> Self {
        Self { policy, retries: 0 }
    }

    /// Retries granted so far.
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// The delay before the next attempt, or `None` when the retries are used up.
    ///
    /// `draw` is a random number from 0 up to but not including 1.
    pub fn next_delay(&mut self, draw: f64) -> Option<Duration> {
        if self.retries == self.policy.max_retries {
            return None;
        }
        // 2^16 times the shortest useful delay is beyond any cap, and a larger exponent could overflow.
        let doublings = self.retries.min(16);
        self.retries += 1;
        let ceiling = self.policy.first_delay.saturating_mul(1 << doublings).min(self.policy.max_delay);
        Some(ceiling.mul_f64(draw.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(draw: f64, max_retries: u32) -> Vec<u128> {
        let mut backoff = Backoff::new(RetryPolicy { max_retries, ..RetryPolicy::default() });
        std::iter::from_fn(|| backoff.next_delay(draw)).map(|delay| delay.as_millis()).collect()
    }

    #[test]
    fn ceilings_double_up_to_the_cap() {
        assert_eq!(delays(1.0, 7), [500, 1000, 2000, 4000, 8000, 16_000, 20_000]);
    }

    #[test]
    fn the_middle_draw_is_half_the_ceiling_and_the_lowest_is_zero() {
        assert_eq!(delays(0.5, 3), [250, 500, 1000]);
        assert_eq!(delays(0.0, 3), [0, 0, 0]);
    }

    #[test]
    fn a_thousand_retries_do_not_overflow() {
        assert_eq!(delays(1.0, 1000).last(), Some(&20_000));
    }

    #[test]
    fn no_retries_means_no_delay() {
        assert_eq!(delays(1.0, 0), Vec::<u128>::new());
    }
}

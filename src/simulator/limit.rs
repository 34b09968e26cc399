//! The rate limit of the account, and the headers that describe it.
//!
//! [`AccountRateLimit`] is one token bucket for the whole organization, including its profiles. The server consults it once
//! for each request with a valid key; the result is either a 429 or some headers of an ordinary response.
//!
//! *Easy to get wrong:* the documented headers describe a *window* ("requests remaining in current window"), but the
//! documented limit is a *bucket* (200 requests a minute, bursts of 50). A client must handle both readings, so [`RateHeaderStyle`]
//! offers both; the bucket is what is enforced. Requests of other clients drain the same bucket.
//!
//! Without a limit, the headers give a limit of 1,000,000 requests, because according to the documentation all responses
//! have them.
//!
//! Nothing here reads a clock; callers, including the unit tests, pass the time as an argument.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::parse::Rate;
use super::settings::{RateHeaderStyle, Settings};
use super::times::unix_seconds;

/// The limit in the headers when there is no limit.
const NO_LIMIT: u64 = 1_000_000;

/// The limit of an account.
#[derive(Debug)]
pub(super) struct AccountRateLimit {
    /// The token bucket; `None` means no limit.
    bucket: Option<Bucket>,
    headers: RateHeaderStyle,
    /// The current minute and its number of requests.
    window: (u64, u64),
}

#[derive(Debug)]
struct Bucket {
    per_minute: f64,
    per_second: f64,
    drained_per_second: f64,
    burst: f64,
    tokens: f64,
    seen: Instant,
}

/// The limiter's decision about a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LimitDecision {
    /// How long to wait; `None` if the request may pass.
    pub(super) wait: Option<Duration>,
    /// The values of `X-RateLimit-Limit`, `-Remaining` and `-Reset`; `None` sends no headers.
    pub(super) headers: Option<[String; 3]>,
}

impl AccountRateLimit {
    /// A limiter with a full bucket.
    pub(super) fn new(settings: &Settings, now: Instant) -> Self {
        let per_second = |rate: Rate| rate.per_minute / 60.0;
        let bucket = settings.rate_limit.map(|rate| Bucket {
            per_minute: rate.per_minute,
            per_second: per_second(rate),
            drained_per_second: settings.other_traffic.map_or(0.0, per_second),
            burst: f64::from(settings.burst.max(1)),
            tokens: f64::from(settings.burst.max(1)),
            seen: now,
        });
        Self { bucket, headers: settings.rate_headers, window: (0, 0) }
    }

    /// Takes a token for a request that arrives now, or returns how long to wait for one.
    pub(super) fn take(&mut self, now: Instant, clock: SystemTime) -> LimitDecision {
        let wait = self.bucket.as_mut().and_then(|bucket| bucket.take(now));
        let minute = clock.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 60;
        if self.window.0 != minute {
            self.window = (minute, 0);
        }
        self.window.1 += u64::from(wait.is_none());
        LimitDecision { wait, headers: self.headers(clock) }
    }

    /// The headers of a response that took no token.
    pub(super) fn headers(&self, clock: SystemTime) -> Option<[String; 3]> {
        let end_of_minute = (clock.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 60 + 1) * 60;
        let numbers = match (self.headers, &self.bucket) {
            (RateHeaderStyle::Missing, _) => return None,
            (RateHeaderStyle::Junk, _) => return Some(["plenty", "-", "tomorrow"].map(str::to_owned)),
            (_, None) => [NO_LIMIT, NO_LIMIT, end_of_minute],
            (RateHeaderStyle::Bucket, Some(bucket)) => {
                [whole(bucket.per_minute), whole(bucket.tokens), unix_seconds(clock + bucket.until_full())]
            }
            (RateHeaderStyle::Window, Some(bucket)) => {
                let limit = whole(bucket.per_minute);
                [limit, limit.saturating_sub(self.window.1), end_of_minute]
            }
        };
        Some(numbers.map(|number| number.to_string()))
    }
}

impl Bucket {
    fn take(&mut self, now: Instant) -> Option<Duration> {
        let elapsed = now.saturating_duration_since(self.seen).as_secs_f64();
        let gained = elapsed * (self.per_second - self.drained_per_second);
        self.tokens = (self.tokens + gained).clamp(0.0, self.burst);
        self.seen = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return None;
        }
        // If other clients use all tokens, no value is correct; the documentation shows a minute.
        let gain = self.per_second - self.drained_per_second;
        let seconds = if gain > 0.0 { (1.0 - self.tokens) / gain } else { 60.0 };
        Some(Duration::from_secs_f64(seconds))
    }

    fn until_full(&self) -> Duration {
        Duration::from_secs_f64((self.burst - self.tokens) / self.per_second)
    }
}

/// The integer part of a non-negative number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "token counts are small and not negative")]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: SystemTime = UNIX_EPOCH;

    fn limiter(settings: Settings) -> (AccountRateLimit, Instant) {
        let now = Instant::now();
        let settings = Settings { rate_limit: Some(Rate { per_minute: 60.0 }), burst: 3, ..settings };
        (AccountRateLimit::new(&settings, now), now)
    }

    #[test]
    fn a_burst_passes_and_then_one_request_a_second() {
        let (mut limiter, now) = limiter(Settings::default());
        let waits: Vec<_> = (0..4).map(|_| limiter.take(now, CLOCK).wait).collect();
        assert_eq!(waits, [None, None, None, Some(Duration::from_secs(1))]);
        assert_eq!(limiter.take(now + Duration::from_secs(1), CLOCK).wait, None);
        assert!(limiter.take(now + Duration::from_secs(1), CLOCK).wait.is_some());
    }

    #[test]
    fn a_long_idle_period_fills_the_bucket_no_further_than_the_burst() {
        let (mut limiter, now) = limiter(Settings::default());
        let later = now + Duration::from_secs(3_600);
        let passed = (0..10).filter(|_| limiter.take(later, CLOCK).wait.is_none()).count();
        assert_eq!(passed, 3);
    }

    #[test]
    fn other_clients_drain_the_same_bucket() {
        let (mut limiter, now) =
            limiter(Settings { other_traffic: Some(Rate { per_minute: 30.0 }), ..Settings::default() });
        for _ in 0..3 {
            limiter.take(now, CLOCK);
        }
        assert_eq!(limiter.take(now + Duration::from_secs(1), CLOCK).wait, Some(Duration::from_secs(1)));
        assert_eq!(limiter.take(now + Duration::from_secs(2), CLOCK).wait, None);
    }

    #[test]
    fn headers_describe_the_bucket_or_the_minute() {
        let (mut limiter, now) = limiter(Settings::default());
        let headers = |verdict: LimitDecision| verdict.headers.map(|values| values.join(" "));
        assert_eq!(headers(limiter.take(now, CLOCK)).as_deref(), Some("60 2 1"));
        assert_eq!(headers(limiter.take(now, CLOCK)).as_deref(), Some("60 1 2"));
        limiter.headers = RateHeaderStyle::Window;
        assert_eq!(headers(limiter.take(now, CLOCK)).as_deref(), Some("60 57 60"));
        limiter.headers = RateHeaderStyle::Missing;
        assert_eq!(limiter.take(now, CLOCK).headers, None);
    }

    #[test]
    fn without_a_limit_everything_passes() {
        let now = Instant::now();
        let mut limiter = AccountRateLimit::new(&Settings::default(), now);
        assert!((0..1_000).all(|_| limiter.take(now, CLOCK).wait.is_none()));
        assert_eq!(limiter.take(now, CLOCK).headers.map(|[limit, ..]| limit).as_deref(), Some("1000000"));
    }
}

//! Decides when the next request may start.
//!
//! [`RateLimiter::ready`] is awaited before every attempt: the first by the drivers of `listing` and `lookup`, through
//! `Account::permit`, and each retry by the loop in `account`, which sleeps its own backoff first. Pauses that the
//! server requests are waited for here only.
//!
//! *Two rules act together:* tokens refill at the configured rate up to a burst, and a response may request a pause.
//! The later of the two applies, and a waiting task checks again when it wakes, because the pause may have been extended.
//!
//! *Easy to get wrong:* a successful response must not end a pause that another one requested. If the server counts fewer
//! tokens than this limiter, other clients use the same account, and only then does the limiter slow down; requests that
//! were sent after the answered one are not in the server's count yet.
//!
//! The documented limit is 200 requests a minute with a burst of 50 for the whole account (API reference, "Rate
//! limits"). Tests use a paused clock; none of them really sleeps.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::rate::{RequestRate, Reserve};

/// Maximum length of one sleep. Callers end a run long before that; later times could overflow.
const MAX_SLEEP: Duration = Duration::from_secs(24 * 3600);

/// Permission to send one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// Its number among all requests of the run, from 1.
    pub number: u64,
    /// How long the request waited for it.
    pub waited: Duration,
}

/// The rate limit of all requests of a run.
#[derive(Debug)]
pub struct RateLimiter {
    rate: Option<RequestRate>,
    /// Tokens of the server's count that this limiter leaves to other clients.
    reserved: u32,
    /// Held by the task that is next, so that tasks start in their order of arrival.
    queue: tokio::sync::Mutex<()>,
    state: Mutex<BucketState>,
}

/// What a run left of the quota, for the next run of the same account in this process.
#[derive(Debug, Clone, Copy)]
pub struct QuotaLeft {
    /// Tokens in the bucket at that time; `None` without a rate.
    tokens: Option<f64>,
    at: Instant,
    paused_until: Instant,
}

#[derive(Debug)]
struct BucketState {
    permits: u64,
    tokens: f64,
    refilled_at: Instant,
    paused_until: Instant,
}

impl RateLimiter {
    /// A limiter with a full bucket; `None` means no rate, only the pauses that the server requests.
    pub fn new(rate: Option<RequestRate>, reserve: Reserve) -> Self {
        let now = Instant::now();
        let reserved = rate.map_or(0, |rate| reserve.tokens_of(rate));
        let rate = rate.map(|rate| reserve.applied_to(rate));
        let tokens = rate.map_or(0.0, |rate| f64::from(rate.burst));
        let state = BucketState { permits: 0, tokens, refilled_at: now, paused_until: now };
        Self { rate, reserved, queue: tokio::sync::Mutex::default(), state: Mutex::new(state) }
    }

    /// What is left of the quota now.
    pub fn left(&self) -> QuotaLeft {
        self.with_state(|state| QuotaLeft {
            tokens: self.rate.map(|_| state.tokens),
            at: state.refilled_at,
            paused_until: state.paused_until,
        })
    }

    /// Continues with what another limiter left of the same quota, instead of a full bucket.
    pub fn continue_from(&self, left: QuotaLeft) {
        self.with_state(|state| {
            state.paused_until = state.paused_until.max(left.paused_until);
            if let Some(tokens) = left.tokens.filter(|_| self.rate.is_some()) {
                state.tokens = state.tokens.min(tokens);
                state.refilled_at = left.at;
            }
        });
    }

    /// Waits until the next request may start and takes its token.
    pub async fn ready(&self) -> Permit {
        let asked_at = Instant::now();
        let _first = self.queue.lock().await;
        while let Some(next_check) = self.try_take_token() {
            sleep_until(next_check).await;
        }
        let number = self.with_state(|state| {
            state.permits += 1;
            state.permits
        });
        Permit { number, waited: asked_at.elapsed() }
    }

    /// Makes every task wait for `pause` from now, for a day at most. A longer pause that is already in effect stays.
    pub fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause.min(MAX_SLEEP);
        self.with_state(|state| state.paused_until = state.paused_until.max(until));
    }

    /// Remaining time of the current pause.
    pub fn pause_left(&self) -> Duration {
        self.with_state(|state| state.paused_until.saturating_duration_since(Instant::now()))
    }

    /// Processes what a response says about the account's quota: requests left, and the time until it is full.
    ///
    /// If fewer are left than this limiter counts, other clients use the same quota: the bucket is lowered to the server's
    /// count, and if none are left, all tasks wait for the refill.
    pub fn note_remaining(&self, remaining: u32, until_reset: Option<Duration>, permit: Permit) {
        let remaining = remaining.saturating_sub(self.reserved);
        let Some(rate) = self.rate else {
            if let (0, Some(wait)) = (remaining, until_reset) {
                self.pause(wait);
            }
            return;
        };
        let is_used_by_others = self.with_state(|state| {
            state.refill(rate, Instant::now());
            // Requests sent after this one are not in the server's count yet.
            let sent_since = u32::try_from(state.permits.saturating_sub(permit.number)).unwrap_or(u32::MAX);
            let left = f64::from(remaining) - f64::from(sent_since);
            // Responses that overtook each other are off by one or two tokens even without other clients.
            let is_used_by_others = state.tokens > left + 2.0;
            if is_used_by_others {
                state.tokens = left;
            }
            is_used_by_others
        });
        if let (0, Some(wait), true) = (remaining, until_reset, is_used_by_others) {
            self.pause(wait);
        }
    }

    /// Takes a token and returns `None`, or returns when to check again.
    fn try_take_token(&self) -> Option<Instant> {
        let now = Instant::now();
        self.with_state(|state| {
            if state.paused_until > now {
                return Some(state.paused_until);
            }
            let rate = self.rate?;
            state.refill(rate, now);
            if state.tokens >= 1.0 {
                state.tokens -= 1.0;
                return None;
            }
            // Rounded up to the timer's resolution, so that the token is there when the task wakes.
            let seconds = rate.interval.as_secs_f64() * (1.0 - state.tokens);
            let wait =
                Duration::try_from_secs_f64(seconds).unwrap_or(MAX_SLEEP).saturating_add(Duration::from_millis(1));
            Some(now + wait.min(MAX_SLEEP))
        })
    }

    fn with_state<T>(&self, act: impl FnOnce(&mut BucketState) -> T) -> T {
        // The state is plain numbers that are consistent after every step, so a panic elsewhere cannot have corrupted it.
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl BucketState {
    fn refill(&mut self, rate: RequestRate, now: Instant) {
        let elapsed = now.saturating_duration_since(self.refilled_at);
        let refilled = elapsed.as_secs_f64() / rate.interval.as_secs_f64();
        self.tokens = (self.tokens + refilled).min(f64::from(rate.burst));
        self.refilled_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(requests: u32, burst: u32) -> RateLimiter {
        RateLimiter::new(RequestRate::new(requests, Duration::from_secs(1), burst), Reserve::default())
    }

    fn permit(number: u64) -> Permit {
        Permit { number, waited: Duration::ZERO }
    }

    async fn seconds_for(limiter: &RateLimiter, requests: u32) -> f64 {
        let start = Instant::now();
        for _ in 0..requests {
            limiter.ready().await;
        }
        start.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn a_limiter_continues_with_what_another_one_left() {
        let first = limiter(1, 10);
        assert!(seconds_for(&first, 9).await < 0.1, "a full bucket");
        let second = limiter(1, 10);
        second.continue_from(first.left());
        let waited = seconds_for(&second, 5).await;
        assert!((4.9..5.2).contains(&waited), "{waited}");
        first.pause(Duration::from_secs(30));
        let third = limiter(1, 10);
        third.continue_from(first.left());
        assert!(seconds_for(&third, 1).await >= 30.0 - waited - 0.1, "the pause applies to the account");
        let unlimited = RateLimiter::new(None, Reserve::default());
        unlimited.continue_from(limiter(1, 10).left());
        assert!(seconds_for(&unlimited, 100).await < 0.1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_starts_at_once_and_others_at_the_rate() {
        let limiter = limiter(20, 10);
        assert!(seconds_for(&limiter, 9).await < 0.001, "all but the spare one");
        let seconds = seconds_for(&limiter, 40).await;
        assert!((2.0..2.1).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_period_fills_no_more_than_the_burst() {
        let limiter = limiter(20, 10);
        seconds_for(&limiter, 10).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let seconds = seconds_for(&limiter, 20).await;
        assert!((0.55..0.6).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everyone_and_only_grows() {
        let limiter = limiter(20, 10);
        limiter.pause(Duration::from_secs(5));
        limiter.pause(Duration::from_secs(2));
        let seconds = seconds_for(&limiter, 1).await;
        assert!((5.0..5.1).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn extreme_waits_do_not_overflow() {
        let rate = RequestRate::new(1, Duration::from_secs(3600), 1);
        let limiter = RateLimiter::new(rate, Reserve::new(1.0 - f64::EPSILON / 2.0).unwrap());
        limiter.note_remaining(0, Some(Duration::MAX), permit(0));
        limiter.pause(Duration::MAX);
        assert!(limiter.pause_left() <= MAX_SLEEP);
        limiter.ready().await;
        assert!(tokio::time::timeout(MAX_SLEEP * 3, limiter.ready()).await.is_err(), "the next token is far off");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_grows_while_a_task_waits_is_waited_for_in_full() {
        let limiter = limiter(20, 10);
        limiter.pause(Duration::from_secs(1));
        let grow = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            limiter.pause(Duration::from_secs(3));
        };
        let (waited, ()) = tokio::join!(limiter.ready(), grow);
        assert!((3.5..3.6).contains(&waited.waited.as_secs_f64()), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_only_pauses_are_waited_for() {
        let limiter = RateLimiter::new(None, Reserve::default());
        assert!(seconds_for(&limiter, 1000).await < 0.001);
        limiter.note_remaining(0, Some(Duration::from_secs(7)), permit(1000));
        let seconds = seconds_for(&limiter, 1).await;
        assert!((7.0..7.1).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn other_clients_of_the_account_slow_the_limiter_down() {
        let limiter = limiter(20, 10);
        let first = limiter.ready().await;
        limiter.note_remaining(2, Some(Duration::from_secs(1)), first);
        let seconds = seconds_for(&limiter, 4).await;
        assert!((0.1..0.15).contains(&seconds), "two at once, two at the rate: {seconds}");
        tokio::time::sleep(Duration::from_secs(1)).await;
        limiter.note_remaining(0, Some(Duration::from_secs(3)), permit(5));
        let seconds = seconds_for(&limiter, 1).await;
        assert!((3.0..3.1).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_emptied_by_this_limiter_refills_at_the_rate() {
        let limiter = limiter(20, 10);
        seconds_for(&limiter, 10).await;
        limiter.note_remaining(0, Some(Duration::from_secs(1)), permit(10));
        let seconds = seconds_for(&limiter, 20).await;
        assert!((1.0..1.1).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn requests_sent_since_are_not_taken_for_those_of_other_clients() {
        let limiter = limiter(20, 10);
        let first = limiter.ready().await;
        for _ in 0..7 {
            limiter.ready().await;
        }
        // The server has seen only the first request, and its count is right: one token is left.
        limiter.note_remaining(9, Some(Duration::from_secs(1)), first);
        assert!(seconds_for(&limiter, 1).await < 0.001);
        // Now another client has used three tokens, and requests in flight will use what the server has left.
        tokio::time::sleep(Duration::from_millis(250)).await;
        let eighth = permit(8);
        limiter.note_remaining(1, Some(Duration::from_secs(1)), eighth);
        let seconds = seconds_for(&limiter, 1).await;
        assert!((0.04..0.06).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_reserve_is_never_used() {
        let rate = RequestRate::new(20, Duration::from_secs(1), 10);
        let limiter = RateLimiter::new(rate, Reserve::new(0.2).unwrap());
        assert!(seconds_for(&limiter, 7).await < 0.001, "eight tenths of the burst, and one is spare");
        let seconds = seconds_for(&limiter, 16).await;
        assert!((1.0..1.1).contains(&seconds), "eight tenths of the rate: {seconds}");
        tokio::time::sleep(Duration::from_secs(1)).await;
        limiter.note_remaining(3, None, permit(24));
        let seconds = seconds_for(&limiter, 2).await;
        assert!((0.06..0.07).contains(&seconds), "three are left, two of them reserved: {seconds}");
        assert!(Reserve::new(1.0).is_none() && Reserve::new(-0.1).is_none());
    }
}

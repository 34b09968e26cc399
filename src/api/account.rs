//! The account: one connection, one rate limiter, one retry budget and one set of counters for every request of a run.
//!
//! Callers await [`Account::permit`] and pass the permit to [`Account::fetch`] for every request, concurrently. The slot
//! of a request is held through its backoff, so retries cannot raise the number in flight. [`RateLimiter`] paces all
//! requests, [`decide`](super::decide) decides whether a request is retried, and this is the only loop that retries one.
//! (`listing` and `lookup` send a failed request once more while others succeed.)
//!
//! Requests for different profiles go through the same account, each with its [`Scope`]: they share one quota.
//!
//! Tested against scripted servers in `tests/it`.

use std::error::Error;
use std::time::Duration;

use bytestring::ByteString;
use tokio::time::Instant;
use url::Url;

use super::body::BodyBudget;
use super::connection::{Connection, FailedAttempt, Shared};
use super::error::address_of;
use super::stats::Counters;
use super::wire::{DecodeError, Envelope};
use super::{
    ApiError, ApiKey, AttemptsEnd, Backoff, ConnectFailure, Decision, KeySource, Permit, Problem, QuotaLeft,
    RateLimiter, Reply, RequestRate, RequestStats, RequestedAccount, Reserve, RetryPolicy, Scope,
};

/// Longest pause after a 429 that does not state one. The pause starts at one second and doubles with every 429.
const MAX_DEFAULT_PAUSE: Duration = Duration::from_secs(30);

/// Settings of an [`Account`].
#[derive(Debug, Clone)]
pub struct AccountSettings {
    /// Base URL of the API; paths are appended to it.
    pub base_url: Url,
    /// Sent as `x-api-key`, to this base URL only.
    pub api_key: ApiKey,
    /// How transient failures are retried.
    pub retry: RetryPolicy,
    /// Maximum number of retries in the whole run.
    pub retry_budget: u64,
    /// Rate limit of this program; `None` sends requests as fast as responses arrive.
    pub rate: Option<RequestRate>,
    /// Fraction of the quota that is left to other clients of the account.
    pub reserve: Reserve,
    /// Timeout of one attempt, from sending to the last byte of the response.
    pub timeout: Duration,
    /// Timeout for name resolution, connection and TLS.
    pub connect_timeout: Duration,
    /// Maximum time that one request waits for rate limits before it fails.
    pub max_rate_limit_wait: Duration,
}

/// A GET request.
#[derive(Debug, Clone, Copy)]
pub struct ApiRequest<'a> {
    /// Its name in errors and logs, for instance `contacts page 7`. Must not contain personal data.
    pub name: &'a str,
    /// Path below the base URL, see [`endpoints`](super::endpoints).
    pub path: &'a str,
    /// Query parameters; never shown.
    pub query: &'a [(&'a str, String)],
    /// Whose rows are read.
    pub scope: Scope,
}

/// One API key at one address, with everything that its requests share.
#[derive(Debug)]
pub struct Account {
    connection: Connection,
    key_source: KeySource,
    shared: Shared,
    retry: RetryPolicy,
    retry_budget: u64,
    max_rate_limit_wait: Duration,
}

impl Account {
    /// Builds the connection pool; sends nothing.
    ///
    /// # Errors
    /// When the machine's certificates cannot be loaded, or the environment names a proxy that cannot be used.
    pub fn new(settings: AccountSettings) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let AccountSettings { retry, retry_budget, max_rate_limit_wait, .. } = settings;
        let shared = Shared {
            limiter: RateLimiter::new(settings.rate, settings.reserve),
            counters: Counters::default(),
            bodies: BodyBudget::default(),
        };
        let AccountSettings { base_url, api_key, timeout, connect_timeout, .. } = settings;
        let connection = Connection::new(base_url, &api_key, timeout, connect_timeout)?;
        let key_source = api_key.source().clone();
        Ok(Self { connection, key_source, shared, retry, retry_budget, max_rate_limit_wait })
    }

    /// Whether a text from a server contains the API key or a part of it, in any form. No output may show such a text.
    pub fn is_secret(&self, text: &str) -> bool {
        self.connection.secrets().are_in(text)
    }

    /// The id of a request if it may be shown; also for ids read from a journal.
    pub fn shown_request_id(&self, id: &str) -> Option<String> {
        self.connection.secrets().request_id(id)
    }

    /// What errors tell about it.
    pub(super) fn requested(&self) -> RequestedAccount {
        RequestedAccount { base_url: self.connection.base_url().clone(), key_source: self.key_source.clone() }
    }

    /// The environment variable that names the proxy for the API, if there is one.
    pub fn proxy_variable(&self) -> Option<&'static str> {
        self.connection.proxy_variable()
    }

    /// Statistics of all requests so far.
    pub fn stats(&self) -> RequestStats {
        self.shared.counters.stats()
    }

    /// What is left of the quota, for the next `Account` with the same key.
    pub fn quota_left(&self) -> QuotaLeft {
        self.shared.limiter.left()
    }

    /// Continues with what another `Account` with the same key left of the quota.
    pub fn continue_from(&self, left: QuotaLeft) {
        self.shared.limiter.continue_from(left);
    }

    /// Remaining time of the pause that the API requested.
    pub fn pause_left(&self) -> Duration {
        self.shared.limiter.pause_left()
    }

    /// Waits until another request may be sent. Canceling the wait uses up no permit.
    pub async fn permit(&self) -> Permit {
        let permit = self.shared.limiter.ready().await;
        self.shared.counters.note_waited(permit.waited);
        permit
    }

    /// Sends a GET, with retries, until there is data or a final failure.
    ///
    /// `permit` is for the first attempt; each retry waits for its own. `decode` decodes a whole body.
    ///
    /// # Errors
    /// When the last attempt failed for good, or when the retries are used up.
    pub async fn fetch<T, E: Into<DecodeError>>(
        &self,
        mut permit: Permit,
        request: &ApiRequest<'_>,
        decode: impl Fn(&ByteString) -> Result<Envelope<T>, E>,
    ) -> Result<Reply<T>, ApiError> {
        let &ApiRequest { name, path, query, scope } = request;
        let url = self.connection.url(path, query);
        let open_request = self.shared.bodies.enter(permit.number);
        let started_at = Instant::now();
        let mut backoff = Backoff::new(self.retry);
        let mut attempts = 0;
        let mut rate_limit_waits = RateLimitWaits { total: Duration::ZERO, answers: 0 };
        loop {
            attempts += 1;
            tracing::debug!(
                name: "request",
                request = name,
                attempt = attempts,
                waited_seconds = permit.waited.as_secs_f64(),
                "sending"
            );
            let attempt = self.connection.attempt(&self.shared, (&url, scope), permit, &open_request, &decode).await;
            let FailedAttempt { problem, decision, retry_after, source } = match attempt {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            let give_up = |problem, end| {
                let elapsed = started_at.elapsed();
                let account = Box::new(self.requested());
                ApiError { request: name.into(), account, problem, attempts, elapsed, end, source }
            };
            match decision {
                Decision::GiveUp => return Err(give_up(problem, AttemptsEnd::Final)),
                Decision::Pause => {
                    self.shared.counters.note_rate_limited();
                    let pause = rate_limit_waits.next_pause(retry_after);
                    if rate_limit_waits.total > self.max_rate_limit_wait {
                        let request_id = problem.request_id().map(str::to_owned);
                        let limited = Problem::RateLimited { wait: pause, request_id };
                        return Err(give_up(limited, AttemptsEnd::Final));
                    }
                    tracing::info!(
                        name: "rate_limited",
                        request = name,
                        request_id = problem.request_id(),
                        pause_seconds = pause.as_secs_f64(),
                        "rate limited: all requests pause"
                    );
                    self.shared.limiter.pause(pause);
                }
                Decision::Retry => {
                    let delay = match self.delay_before_retry(&problem, &mut backoff) {
                        Ok(delay) => delay,
                        Err(end) => return Err(give_up(problem, end)),
                    };
                    let (retry, delay_seconds) = (backoff.retries(), delay.as_secs_f64());
                    let request_id = problem.request_id();
                    tracing::info!(name: "retry", request = name, %problem, request_id, retry, delay_seconds, "retrying");
                    if let Some(pause) = retry_after.filter(|&pause| pause <= self.max_rate_limit_wait) {
                        self.shared.limiter.pause(pause);
                    }
                    tokio::time::sleep(delay).await;
                    self.shared.counters.note_waited(delay);
                }
            }
            permit = self.permit().await;
        }
    }

    /// Grants a retry and returns the delay before it, or why there is none.
    fn delay_before_retry(&self, problem: &Problem, backoff: &mut Backoff) -> Result<Duration, AttemptsEnd> {
        let counters = &self.shared.counters;
        let unanswered = match problem {
            Problem::ConnectFailed(failure) if !counters.was_answered() => Some(*failure),
            _ => None,
        };
        let is_hopeless = unanswered.is_some_and(ConnectFailure::is_lasting);
        let end = if is_hopeless { AttemptsEnd::NeverAnswered } else { AttemptsEnd::RetriesUsedUp };
        if is_hopeless && backoff.retries() >= RetryPolicy::MAX_RETRIES_UNREACHABLE {
            return Err(end);
        }
        let delay = backoff.next_delay(fastrand::f64()).ok_or(end)?;
        let retries = self.retry_budget;
        if counters.retries() >= retries {
            return Err(AttemptsEnd::BudgetUsedUp { retries });
        }
        counters.note_retry(problem);
        if let Some(cause) = unanswered.filter(|_| counters.may_warn()) {
            // A wrong address is the most likely cause, and should be reported soon.
            tracing::warn!(name: "unreachable", "{}; retrying", cause.at(&address_of(self.connection.base_url())));
        }
        Ok(delay)
    }
}

/// The pauses of one request after 429s.
struct RateLimitWaits {
    total: Duration,
    answers: u32,
}

impl RateLimitWaits {
    /// The pause after another 429: the one that it requests, or else a default that doubles each time.
    fn next_pause(&mut self, retry_after: Option<Duration>) -> Duration {
        let default = Duration::from_secs(1 << self.answers.min(10)).min(MAX_DEFAULT_PAUSE);
        // Never zero: a server that always sends `Retry-After: 0` would get requests without a pause.
        let pause = retry_after.unwrap_or(default).max(Duration::from_millis(100));
        self.answers += 1;
        self.total = self.total.saturating_add(pause);
        pause
    }
}

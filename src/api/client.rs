//! One request with all its attempts: wait for the pace, send, read the whole answer, judge it, rest, again.
//!
//! `fetch` awaits [`Client::turn`] and hands it to [`Client::fetch`], once for every request, many at a time; the slot
//! of a request is held through its backoff, so retries cannot raise the number in flight. The pace of all is the
//! [`RateLimiter`]'s, the judgment is [`decide`]'s, and this is the only loop that tries one request again. (A page
//! that was given up while others succeeded is asked for once more by the walk, at its end.)
//!
//! *Easy to get wrong:* `success: false` inside a 200 is an error; a body that cannot be read is one too, and both are
//! only known after the whole body is here.
//!
//! Tested against scripted servers in `tests/it`.

use std::error::Error;
use std::time::{Duration, SystemTime};

use bytestring::ByteString;
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use tokio::time::Instant;
use url::Url;

use super::body::{BodyError, read_body, read_envelope};
use super::error::address_of;
use super::mask::SentValues;
use super::retry_after::parse_retry_after;
use super::traffic::Counters;
use super::wire::{Envelope, Meta};
use super::{
    ApiError, ApiKey, AttemptsEnd, Backoff, Decision, NoAnswer, Problem, RateLimiter, RequestRate, Reserve,
    RetryPolicy, Traffic, Turn, decide,
};

/// Longest pause asked for by the API without saying how long; grows from one second with every 429.
const MAX_UNTOLD_PAUSE: Duration = Duration::from_secs(30);

/// Everything that a [`Client`] needs to know.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Where the API lives; paths are appended to it.
    pub base_url: Url,
    /// Sent as `x-api-key`, to this base URL only.
    pub api_key: ApiKey,
    /// Sent as `x-profile-id` when set.
    pub profile_id: Option<uuid::Uuid>,
    /// How failures in passing are met.
    pub retry: RetryPolicy,
    /// Retries of the whole run.
    pub retry_budget: u64,
    /// Own pace; `None` sends as fast as answers come.
    pub rate: Option<RequestRate>,
    /// Share of the quota that is left to the account's other traffic.
    pub reserve: Reserve,
    /// For one attempt, from sending to the last byte of the answer.
    pub timeout: Duration,
    /// For name resolution, connection and TLS.
    pub connect_timeout: Duration,
    /// Longest time that one request waits for rate limits before it is given up.
    pub max_rate_limit_wait: Duration,
}

/// Data that arrived, and where it came from.
#[derive(Debug)]
pub struct Reply<T> {
    /// What the caller's decoder made of `data`.
    pub data: T,
    /// `meta` of the envelope.
    pub meta: Meta,
    /// The answer as it came.
    pub body: ByteString,
    /// When its last byte was here, by this machine's clock.
    pub arrived_at: SystemTime,
    /// From sending the last attempt to the last byte of its answer.
    pub elapsed: Duration,
    /// When the answer was made, by the `Date` of its headers (whole seconds) or else by this machine's clock.
    pub answered_at: SystemTime,
}

/// A connection pool to one API with one key.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    settings: ClientSettings,
    limiter: RateLimiter,
    counters: Counters,
}

/// One attempt that brought no data.
struct Failure {
    problem: Problem,
    decision: Decision,
    retry_after: Option<Duration>,
}

impl Client {
    /// Builds the connection pool; sends nothing.
    ///
    /// # Errors
    /// When the machine's certificates cannot be loaded.
    pub fn new(settings: ClientSettings) -> Result<Self, Box<dyn Error + Send + Sync>> {
        // Fails only when a provider is installed already, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut headers = HeaderMap::new();
        let mut key = HeaderValue::from_str(settings.api_key.expose())?;
        key.set_sensitive(true);
        headers.insert("x-api-key", key);
        if let Some(profile) = settings.profile_id {
            headers.insert("x-profile-id", HeaderValue::from_str(&profile.to_string())?);
        }
        let mut builder = reqwest::Client::builder()
            .default_headers(headers)
            .user_agent(concat!("sent-export/", env!("CARGO_PKG_VERSION")))
            // A redirect could carry the key to another host.
            .redirect(reqwest::redirect::Policy::none())
            // Retries are decided in this file only.
            .retry(reqwest::retry::never())
            .tcp_nodelay(true)
            .timeout(settings.timeout)
            .connect_timeout(settings.connect_timeout);
        if settings.base_url.scheme() == "http" {
            // Plain http is for loopback; a proxy would take the key off this machine in clear text. No certificate is
            // looked at, so that a machine without any can try the simulator.
            builder = builder.no_proxy().tls_certs_only([]);
        }
        let limiter = RateLimiter::new(settings.rate, settings.reserve);
        Ok(Self { http: builder.build()?, settings, limiter, counters: Counters::default() })
    }

    /// What has been sent and waited for so far.
    pub fn traffic(&self) -> Traffic {
        self.counters.traffic()
    }

    /// How long the pause that the API asked for still lasts.
    pub fn pause_left(&self) -> Duration {
        self.limiter.pause_left()
    }

    /// Waits until another request may be sent: the beginning of every one. Given up half way, it takes nothing.
    pub async fn turn(&self) -> Turn {
        let turn = self.limiter.ready().await;
        self.counters.note_waited(turn.waited);
        turn
    }

    /// Gets `path` with `query` until there is data, or no sense in trying on.
    ///
    /// `turn` is the first attempt's; further ones wait for theirs. `decode` reads a whole body. `request` names the
    /// request in errors and logs, where `query` never shows.
    ///
    /// # Errors
    /// What the last attempt ended with, when it is final or the retries are used up.
    pub async fn fetch<T>(
        &self,
        mut turn: Turn,
        request: &str,
        path: &str,
        query: &[(&str, String)],
        decode: impl Fn(&ByteString) -> Result<Envelope<T>, serde_json::Error>,
    ) -> Result<Reply<T>, ApiError> {
        let url = self.url(path, query);
        let started_at = Instant::now();
        let mut backoff = Backoff::new(self.settings.retry);
        let mut attempts = 0;
        let mut rate_limit_waits = RateLimitWaits { told: Duration::ZERO, answers: 0 };
        loop {
            attempts += 1;
            tracing::debug!(request, attempt = attempts, waited_seconds = turn.waited.as_secs_f64(), "sending");
            let Failure { problem, decision, retry_after } = match self.attempt(&url, turn, &decode).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            let give_up = |problem, end| {
                let elapsed = started_at.elapsed();
                let base_url = Box::new(self.settings.base_url.clone());
                ApiError { request: request.into(), base_url, problem, attempts, elapsed, end }
            };
            match decision {
                Decision::GiveUp => return Err(give_up(problem, AttemptsEnd::Final)),
                Decision::Pause => {
                    self.counters.note_rate_limited();
                    let pause = rate_limit_waits.next_pause(retry_after);
                    if rate_limit_waits.told > self.settings.max_rate_limit_wait {
                        let request_id = request_id_of(&problem);
                        let limited = Problem::RateLimited { wait: pause, request_id };
                        return Err(give_up(limited, AttemptsEnd::Final));
                    }
                    tracing::info!(request, pause_seconds = pause.as_secs_f64(), "rate limited: all requests pause");
                    self.limiter.pause(pause);
                }
                Decision::Retry => {
                    let delay = match self.rest_before_retry(&problem, &mut backoff) {
                        Ok(delay) => delay,
                        Err(end) => return Err(give_up(problem, end)),
                    };
                    let (retry, delay_seconds) = (backoff.retries(), delay.as_secs_f64());
                    tracing::info!(request, %problem, retry, delay_seconds, "trying again");
                    if let Some(pause) = retry_after.filter(|&pause| pause <= self.settings.max_rate_limit_wait) {
                        self.limiter.pause(pause);
                    }
                    tokio::time::sleep(delay).await;
                    self.counters.note_waited(delay);
                }
            }
            turn = self.turn().await;
        }
    }

    /// Grants a retry and says how long to rest before it, or why there is none.
    fn rest_before_retry(&self, problem: &Problem, backoff: &mut Backoff) -> Result<Duration, AttemptsEnd> {
        let unanswered = match problem {
            Problem::NoAnswer { cause, .. } if !self.counters.was_answered() => Some(*cause),
            _ => None,
        };
        let is_hopeless = unanswered.is_some_and(NoAnswer::is_lasting);
        let end = if is_hopeless { AttemptsEnd::NeverAnswered } else { AttemptsEnd::RetriesUsedUp };
        if is_hopeless && backoff.retries() >= RetryPolicy::MAX_RETRIES_UNREACHABLE {
            return Err(end);
        }
        let delay = backoff.next_delay(fastrand::f64()).ok_or(end)?;
        let retries = self.settings.retry_budget;
        if self.counters.retries() >= retries {
            return Err(AttemptsEnd::BudgetUsedUp { retries });
        }
        self.counters.note_retry(problem);
        if let Some(cause) = unanswered.filter(|_| self.counters.may_warn()) {
            // A wrong address is the likeliest mistake, and whoever made it should not have to wait for the end.
            tracing::warn!("{}; trying again", cause.at(&address_of(&self.settings.base_url)));
        }
        Ok(delay)
    }

    fn url(&self, path: &str, query: &[(&str, String)]) -> Url {
        let mut url = self.settings.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    async fn attempt<T>(
        &self,
        url: &Url,
        turn: Turn,
        decode: impl Fn(&ByteString) -> Result<Envelope<T>, serde_json::Error>,
    ) -> Result<Reply<T>, Failure> {
        self.counters.note_sent();
        let sent_at = Instant::now();
        let mut response = self.http.get(url.clone()).send().await.map_err(Failure::no_answer)?;
        self.counters.note_answer();
        let status = response.status().as_u16();
        let now = server_time(response.headers());
        self.note_headers(response.headers(), turn, now);
        let retry_after =
            header_text(response.headers(), RETRY_AFTER.as_str()).and_then(|value| parse_retry_after(value, now));
        let header_request_id = header_text(response.headers(), "x-request-id").map(str::to_owned);

        let body = read_body(&mut response).await.map_err(|error| match error {
            BodyError::Transport(error) => Failure::no_answer(error),
            BodyError::TooLong(reason) => Failure {
                problem: Problem::Unreadable { status, reason, request_id: None },
                decision: Decision::GiveUp,
                retry_after: None,
            },
        })?;
        let unreadable = |reason: String, request_id: Option<String>| Failure {
            problem: Problem::Unreadable { status, reason, request_id },
            decision: decide(status, None),
            retry_after,
        };
        let (body, envelope) = match read_envelope(body, decode) {
            Ok(read) => read,
            Err(reason) => return Err(unreadable(reason, header_request_id)),
        };
        let mut meta = envelope.meta;
        meta.request_id = meta.request_id.or(header_request_id);
        let is_success = envelope.success != Some(false) && (200..300).contains(&status);
        match envelope.data {
            Some(data) if is_success => {
                self.counters.note_data();
                let (arrived_at, elapsed) = (SystemTime::now(), sent_at.elapsed());
                Ok(Reply { data, meta, body, arrived_at, elapsed, answered_at: now })
            }
            _ if is_success => Err(unreadable("the answer has no data".to_owned(), meta.request_id)),
            _ => {
                let mut error = Box::new(envelope.error.unwrap_or_default());
                let decision = decide(status, error.code.as_deref());
                let sent = SentValues::of(url, &self.settings.api_key);
                sent.hide_in(&mut error);
                let request_id = meta.request_id.map(|id| sent.hide(&id));
                let problem = Problem::Rejected { status, error, request_id };
                Err(Failure { problem, decision, retry_after })
            }
        }
    }

    fn note_headers(&self, headers: &HeaderMap, turn: Turn, now: SystemTime) {
        let number = |name| header_text(headers, name).and_then(|text| text.trim().parse::<u64>().ok());
        let Some(remaining) = number("x-ratelimit-remaining") else { return };
        let until_reset = number("x-ratelimit-reset").and_then(|reset| {
            let reset = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset))?;
            // A time that is off must not stop the run for hours: the limits of this API are per minute.
            reset.duration_since(now).ok().map(|wait| wait.min(Duration::from_secs(60)))
        });
        self.limiter.note_remaining(u32::try_from(remaining).unwrap_or(u32::MAX), until_reset, turn);
    }
}

/// The time by the server's clock, so that a clock here that is off or jumps does no harm; ours if it does not tell.
fn server_time(headers: &HeaderMap) -> SystemTime {
    let told = header_text(headers, DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok());
    told.unwrap_or_else(SystemTime::now)
}

struct RateLimitWaits {
    told: Duration,
    answers: u32,
}

impl RateLimitWaits {
    /// The pause after one more 429: what it told, else a pause that doubles.
    fn next_pause(&mut self, retry_after: Option<Duration>) -> Duration {
        let untold = Duration::from_secs(1 << self.answers.min(10)).min(MAX_UNTOLD_PAUSE);
        // At least a little, or a server that says `Retry-After: 0` for ever would be asked without a rest.
        let pause = retry_after.unwrap_or(untold).max(Duration::from_millis(100));
        self.answers += 1;
        self.told = self.told.saturating_add(pause);
        pause
    }
}

impl Failure {
    fn no_answer(error: reqwest::Error) -> Self {
        // The URL holds the filters, which may be a phone number.
        let error = error.without_url();
        let cause = NoAnswer::of(&error);
        // Trying again would bring the same certificate.
        let decision = if cause == NoAnswer::Certificate { Decision::GiveUp } else { Decision::Retry };
        Self { problem: Problem::NoAnswer { cause, source: Box::new(error) }, decision, retry_after: None }
    }
}

fn request_id_of(problem: &Problem) -> Option<String> {
    match problem {
        Problem::Rejected { request_id, .. }
        | Problem::Unreadable { request_id, .. }
        | Problem::RateLimited { request_id, .. } => request_id.clone(),
        Problem::NoAnswer { .. } => None,
    }
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

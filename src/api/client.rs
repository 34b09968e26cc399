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
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::time::Instant;
use url::Url;

use super::body::{BodyBudget, BodyError, EnvelopeError, Place, read_envelope};
use super::error::address_of;
use super::proxy::Proxy;
use super::rate_headers::{RateHeaders, header_text, server_time};
use super::redact::Secrets;
use super::stats::Counters;
use super::wire::{Envelope, Meta};
use super::{
    ApiError, ApiKey, AttemptsEnd, Backoff, ConnectFailure, Decision, Problem, RateLimiter, RequestRate, RequestStats,
    Reserve, RetryPolicy, Turn, decide,
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
    bodies: BodyBudget,
    secrets: Secrets,
    proxy: Option<Proxy>,
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
    /// When the machine's certificates cannot be loaded, or the environment names a proxy that cannot be used.
    pub fn new(settings: ClientSettings) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let proxy = Proxy::of_environment(&settings.base_url)?;
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
        let secrets = Secrets::of_key(&settings.api_key);
        let (counters, bodies) = (Counters::default(), BodyBudget::default());
        Ok(Self { http: builder.build()?, settings, limiter, counters, bodies, secrets, proxy })
    }

    /// Whether a text that came from a server holds the API key or a part of it, in any form. No output may show it.
    pub fn is_secret(&self, text: &str) -> bool {
        self.secrets.are_in(text)
    }

    /// The id of a request as it may be shown, wherever it was kept meanwhile.
    pub fn shown_request_id(&self, id: &str) -> Option<String> {
        self.secrets.request_id(id)
    }

    /// What has been sent and waited for so far.
    pub fn stats(&self) -> RequestStats {
        self.counters.stats()
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
        let place = self.bodies.enter(turn.number);
        let started_at = Instant::now();
        let mut backoff = Backoff::new(self.settings.retry);
        let mut attempts = 0;
        let mut rate_limit_waits = RateLimitWaits { told: Duration::ZERO, answers: 0 };
        loop {
            attempts += 1;
            tracing::debug!(request, attempt = attempts, waited_seconds = turn.waited.as_secs_f64(), "sending");
            let Failure { problem, decision, retry_after } = match self.attempt(&url, turn, &place, &decode).await {
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
            Problem::ConnectFailed { cause, .. } if !self.counters.was_answered() => Some(*cause),
            _ => None,
        };
        let is_hopeless = unanswered.is_some_and(ConnectFailure::is_lasting);
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
        place: &Place<'_>,
        decode: impl Fn(&ByteString) -> Result<Envelope<T>, serde_json::Error>,
    ) -> Result<Reply<T>, Failure> {
        self.counters.note_sent();
        let sent_at = Instant::now();
        let mut response = match self.http.get(url.clone()).send().await {
            Ok(response) => response,
            Err(error) => return Err(self.connect_failure(error).await),
        };
        self.counters.note_answer();
        let status = response.status().as_u16();
        let now = server_time(response.headers());
        let RateHeaders { remaining, until_reset, retry_after } = RateHeaders::read(response.headers(), now);
        if let Some(remaining) = remaining {
            self.limiter.note_remaining(remaining, until_reset, turn);
        }
        let retry_after = retry_after.or(until_reset.filter(|_| status == 429));
        let secrets = self.secrets.with_filters(url);
        let header_request_id = header_text(response.headers(), "x-request-id").and_then(|id| secrets.request_id(id));
        let unreadable = |reason: String, request_id: Option<String>| Failure {
            problem: Problem::Unreadable { status, reason, request_id },
            decision: decide(status, None),
            retry_after,
        };

        let body = match place.read_body(&mut response, self.settings.timeout).await {
            Ok(body) => body,
            Err(BodyError::Transport(error)) => return Err(self.connect_failure(error).await),
            Err(error @ BodyError::NoRoom) => {
                return Err(Failure { decision: Decision::Retry, ..unreadable(error.reason(), header_request_id) });
            }
            Err(error @ BodyError::TooLong) => {
                return Err(Failure { decision: Decision::GiveUp, ..unreadable(error.reason(), header_request_id) });
            }
        };
        let (body, envelope) = match read_envelope(body, decode) {
            Ok(read) => read,
            Err(EnvelopeError::Empty) if matches!(status, 400..=499) => {
                // Documented for 401 and 403: the status says it all.
                let problem = Problem::Rejected { status, error: Box::default(), request_id: header_request_id };
                return Err(Failure { problem, decision: decide(status, None), retry_after });
            }
            Err(EnvelopeError::Empty) => return Err(unreadable("the body is empty".to_owned(), header_request_id)),
            Err(EnvelopeError::Unreadable(reason)) => return Err(unreadable(reason, header_request_id)),
            Err(EnvelopeError::TooManyItems(reason)) => {
                return Err(Failure { decision: Decision::GiveUp, ..unreadable(reason, header_request_id) });
            }
        };
        let mut meta = envelope.meta;
        meta.request_id = meta.request_id.and_then(|id| secrets.request_id(&id)).or(header_request_id);
        let is_success = envelope.success != Some(false) && (200..300).contains(&status);
        match envelope.data {
            Some(data) if is_success => {
                self.counters.note_data();
                let (arrived_at, elapsed) = (SystemTime::now(), sent_at.elapsed());
                Ok(Reply { data, meta, body, arrived_at, elapsed, answered_at: now })
            }
            _ if is_success => Err(unreadable("the answer has no data".to_owned(), meta.request_id)),
            _ => {
                let error = Box::new(secrets.clean(envelope.error.unwrap_or_default()));
                let decision = decide(status, error.code.as_deref());
                let problem = Problem::Rejected { status, error, request_id: meta.request_id };
                Err(Failure { problem, decision, retry_after })
            }
        }
    }

    /// What kept an answer from coming.
    async fn connect_failure(&self, error: reqwest::Error) -> Failure {
        // The URL holds the filters, which may be a phone number.
        let error = error.without_url();
        let proxy = self.proxy.as_ref();
        let mut cause = ConnectFailure::of(&error, proxy.map(|proxy| proxy.variable));
        if let (ConnectFailure::ProxyRefused { status, .. }, Some(proxy)) = (&mut cause, proxy) {
            *status = proxy.connect_status(&self.settings.base_url, self.settings.connect_timeout).await;
        }
        let decision = if cause.is_final() { Decision::GiveUp } else { Decision::Retry };
        Failure { problem: Problem::ConnectFailed { cause, source: Box::new(error) }, decision, retry_after: None }
    }
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

fn request_id_of(problem: &Problem) -> Option<String> {
    match problem {
        Problem::Rejected { request_id, .. }
        | Problem::Unreadable { request_id, .. }
        | Problem::RateLimited { request_id, .. } => request_id.clone(),
        Problem::ConnectFailed { .. } => None,
    }
}

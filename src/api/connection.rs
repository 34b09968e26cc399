//! One attempt at a request: send it, read the whole response, and classify it.
//!
//! [`Connection::attempt`] is called by the loop in `account`, which decides about retries. [`Shared`] holds what all
//! requests of an account share.
//!
//! *Easy to get wrong:* `success: false` inside a 200 is an error, and so is a body that cannot be decoded. Both are
//! known only once the whole body was read.
//!
//! Tested against scripted servers in `tests/it`.

use std::error::Error;
use std::time::{Duration, SystemTime};

use bytestring::ByteString;
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::time::Instant;
use url::Url;

use super::body::{BodyBudget, BodyError, EnvelopeError, OpenRequest, read_envelope};
use super::proxy::Proxy;
use super::rate_headers::{RateHeaders, header_text, server_time};
use super::redact::Secrets;
use super::stats::Counters;
use super::wire::{DecodeError, Envelope, Meta};
use super::{ApiKey, ConnectCause, ConnectFailure, Decision, Permit, Problem, RateLimiter, Scope, decide};

/// Header that scopes a request to a profile; scoped responses repeat it.
const PROFILE_HEADER: &str = "x-profile-id";

/// A response with data.
#[derive(Debug)]
pub struct Reply<T> {
    /// `data`, as decoded by the caller.
    pub data: T,
    /// `meta` of the envelope.
    pub meta: Meta,
    /// The response as received.
    pub body: ByteString,
    /// When its last byte arrived, by this machine's clock.
    pub arrived_at: SystemTime,
    /// From sending the last attempt to the last byte of its response.
    pub elapsed: Duration,
    /// When the response was created, by its `Date` header (whole seconds), or else by this machine's clock.
    pub answered_at: SystemTime,
    /// Requests that the account may send in a minute, if the response says so.
    pub rate_limit: Option<u32>,
    /// How many of them are left.
    pub rate_limit_remaining: Option<u32>,
}

/// What all requests of an account share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) limiter: RateLimiter,
    pub(super) counters: Counters,
    pub(super) bodies: BodyBudget,
}

/// An attempt that returned no data.
pub(super) struct FailedAttempt {
    pub(super) problem: Problem,
    pub(super) decision: Decision,
    pub(super) retry_after: Option<Duration>,
    pub(super) source: Option<Box<ConnectCause>>,
}

/// A connection pool to one address with one key.
#[derive(Debug)]
pub(super) struct Connection {
    http: reqwest::Client,
    base_url: Url,
    timeout: Duration,
    connect_timeout: Duration,
    secrets: Secrets,
    proxy: Option<Proxy>,
}

impl Connection {
    /// Builds the connection pool; sends nothing.
    ///
    /// # Errors
    /// When the machine's certificates cannot be loaded, or the environment names a proxy that cannot be used.
    pub(super) fn new(
        base_url: Url,
        api_key: &ApiKey,
        timeout: Duration,
        connect_timeout: Duration,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let proxy = Proxy::of_environment(&base_url)?;
        // Fails only if a provider is already installed, which is fine.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut headers = HeaderMap::new();
        let mut key = HeaderValue::from_str(api_key.expose())?;
        key.set_sensitive(true);
        headers.insert("x-api-key", key);
        let mut builder = reqwest::Client::builder()
            .default_headers(headers)
            .user_agent(concat!("sent-export/", env!("CARGO_PKG_VERSION")))
            // A redirect could carry the key to another host.
            .redirect(reqwest::redirect::Policy::none())
            // Retries are decided in `account` only.
            .retry(reqwest::retry::never())
            .tcp_nodelay(true)
            .timeout(timeout)
            .connect_timeout(connect_timeout);
        if base_url.scheme() == "http" {
            // Plain http is for loopback; a proxy would send the key to another machine in clear text. No certificate is
            // loaded, so that a machine without any can try the simulator.
            builder = builder.no_proxy().tls_certs_only([]);
        }
        let http = builder.build()?;
        Ok(Self { http, base_url, timeout, connect_timeout, secrets: Secrets::of_key(api_key), proxy })
    }

    /// The texts that no output may show.
    pub(super) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The environment variable that names the proxy, if there is one.
    pub(super) fn proxy_variable(&self) -> Option<&'static str> {
        self.proxy.as_ref().map(|proxy| proxy.variable)
    }

    /// The address that paths are appended to.
    pub(super) fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// The whole address of a request.
    pub(super) fn url(&self, path: &str, query: &[(&str, String)]) -> Url {
        let mut url = self.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Sends a GET and reads its response.
    pub(super) async fn attempt<T, E: Into<DecodeError>>(
        &self,
        shared: &Shared,
        (url, scope): (&Url, Scope),
        permit: Permit,
        open_request: &OpenRequest<'_>,
        decode: impl Fn(&ByteString) -> Result<Envelope<T>, E>,
    ) -> Result<Reply<T>, FailedAttempt> {
        shared.counters.note_sent();
        let sent_at = Instant::now();
        let mut request = self.http.get(url.clone());
        if let Some(profile_id) = scope.profile_id() {
            request = request.header(PROFILE_HEADER, profile_id.to_string());
        }
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Err(self.connect_failure(error).await),
        };
        shared.counters.note_answer();
        let status = response.status().as_u16();
        let now = server_time(response.headers());
        let RateHeaders { remaining, limit, until_reset, retry_after } = RateHeaders::read(response.headers(), now);
        if let Some(remaining) = remaining {
            shared.limiter.note_remaining(remaining, until_reset, permit);
        }
        let retry_after = retry_after.or(until_reset.filter(|_| status == 429));
        let secrets = self.secrets.with_filters(url);
        let header_request_id = header_text(response.headers(), "x-request-id").map(str::to_owned);
        let header_request_id = || header_request_id.as_deref().and_then(|id| secrets.request_id(id));
        if let Some(other) = scope.mismatch(header_text(response.headers(), PROFILE_HEADER)) {
            let problem = Problem::OtherProfile { other: Box::new(other), request_id: header_request_id() };
            return Err(FailedAttempt { problem, decision: Decision::GiveUp, retry_after: None, source: None });
        }
        let unreadable = |reason: String, request_id: Option<String>| FailedAttempt {
            problem: Problem::Unreadable { status, reason: reason.into(), request_id },
            decision: decide(status, None),
            retry_after,
            source: None,
        };

        let body = match open_request.read_body(&mut response, self.timeout).await {
            Ok(body) => body,
            Err(BodyError::Transport(error)) => return Err(self.connect_failure(error).await),
            Err(error @ BodyError::MemoryUsedUp) => {
                return Err(FailedAttempt {
                    decision: Decision::Retry,
                    ..unreadable(error.reason(), header_request_id())
                });
            }
            Err(error @ BodyError::TooLong) => {
                return Err(FailedAttempt {
                    decision: Decision::GiveUp,
                    ..unreadable(error.reason(), header_request_id())
                });
            }
        };
        let (body, envelope) = match read_envelope(body, decode) {
            Ok(read) => read,
            Err(EnvelopeError::Empty) if matches!(status, 400..=499) => {
                // Documented for 401 and 403: the status is enough.
                let problem = Problem::Rejected { status, error: Box::default(), request_id: header_request_id() };
                return Err(FailedAttempt { problem, decision: decide(status, None), retry_after, source: None });
            }
            Err(EnvelopeError::Empty) => return Err(unreadable("the body is empty".to_owned(), header_request_id())),
            Err(EnvelopeError::IgnoredParameter { name, meta }) => {
                let request_id = meta.request_id.and_then(|id| secrets.request_id(&id)).or_else(header_request_id);
                let problem = Problem::IgnoredParameter { name, request_id };
                return Err(FailedAttempt { problem, decision: Decision::Retry, retry_after, source: None });
            }
            Err(EnvelopeError::Unreadable(reason)) => return Err(unreadable(reason, header_request_id())),
            Err(EnvelopeError::TooManyItems(reason)) => {
                return Err(FailedAttempt { decision: Decision::GiveUp, ..unreadable(reason, header_request_id()) });
            }
        };
        let mut meta = envelope.meta;
        meta.request_id = meta.request_id.and_then(|id| secrets.request_id(&id)).or_else(header_request_id);
        let is_success = envelope.success != Some(false) && (200..300).contains(&status);
        match envelope.data {
            Some(data) if is_success => {
                shared.counters.note_data();
                let (arrived_at, elapsed) = (SystemTime::now(), sent_at.elapsed());
                let (rate_limit, rate_limit_remaining) = (limit, remaining);
                Ok(Reply { data, meta, body, arrived_at, elapsed, answered_at: now, rate_limit, rate_limit_remaining })
            }
            _ if is_success => {
                Err(unreadable("the response does not have the requested data".to_owned(), meta.request_id))
            }
            _ => {
                let error = Box::new(secrets.clean(envelope.error.unwrap_or_default()));
                let decision = decide(status, error.code.as_deref());
                let problem = Problem::Rejected { status, error, request_id: meta.request_id };
                Err(FailedAttempt { problem, decision, retry_after, source: None })
            }
        }
    }

    /// Why there was no response.
    async fn connect_failure(&self, error: reqwest::Error) -> FailedAttempt {
        // The URL contains the filters, which may be a phone number.
        let error = error.without_url();
        let proxy = self.proxy.as_ref();
        let mut failure = ConnectFailure::of(&error, proxy.map(|proxy| proxy.variable));
        if let (ConnectFailure::ProxyRefused { status, .. }, Some(proxy)) = (&mut failure, proxy) {
            *status = proxy.connect_status(&self.base_url, self.connect_timeout).await;
        }
        let decision = if failure.is_final() { Decision::GiveUp } else { Decision::Retry };
        let source = ConnectCause::of(&error);
        FailedAttempt { problem: Problem::ConnectFailed(failure), decision, retry_after: None, source }
    }
}

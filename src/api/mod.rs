//! The Sent API v3 as this program uses it: one GET at a time, retried and paced.
//!
//! [`Client::turn`] says when a request may begin, and [`Client::fetch`] brings what it asks for. Around one request
//! stand, from the inside out: the attempt (`client`), the judgment of its outcome (`classify`, `connect_error`), the
//! delay before the next one (`backoff`), and the pace that all requests share ([`RateLimiter`]). Nothing outside this
//! folder sleeps before a retry, waits for the service or names a type of the HTTP library; nothing in it knows Arrow.

mod backoff;
mod body;
mod classify;
mod client;
mod connect_error;
pub mod endpoints;
mod error;
mod key;
mod lenient;
mod limiter;
mod proxy;
mod rate_headers;
mod redact;
mod retry_after;
mod stats;
pub mod wire;

pub use backoff::{Backoff, RetryPolicy};
pub use classify::{Decision, decide};
pub use client::{Client, ClientSettings, Reply};
pub use connect_error::ConnectFailure;
pub use error::{ApiError, AttemptsEnd, Problem};
pub use key::ApiKey;
pub use limiter::{BadRateSpec, RateLimiter, RateSpec, RequestRate, Reserve, Turn};
pub use proxy::UnsupportedProxy;
pub use redact::shown_error;
pub use stats::{RequestStats, Trouble};

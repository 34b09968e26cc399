//! A client for the part of the Sent API v3 that this program uses: GET requests with retries and rate limiting.
//!
//! [`Account::permit`] waits until a request may start, and [`Account::fetch`] sends it. From the inside out, a request
//! consists of the attempt (`connection`), the classification of its outcome (`classify`, `connect_error`), the delay
//! before the next attempt (`backoff`), and the rate limit that all requests share ([`RateLimiter`]). Each request
//! carries the [`Scope`] that it reads. [`endpoints`] has every path of the API and what its errors mean. Code outside
//! this module never sleeps before a retry, waits for the service or uses a type of the HTTP library. Code inside it does
//! not depend on Arrow.

mod account;
mod backoff;
mod body;
mod classify;
mod connect_error;
mod connection;
pub mod endpoints;
mod error;
mod identity;
mod key;
mod lenient;
mod limiter;
mod proxy;
mod rate;
mod rate_headers;
mod redact;
mod retry_after;
mod scope;
mod stats;
pub mod wire;

pub use account::{Account, AccountSettings, ApiRequest};
pub use backoff::{Backoff, RetryPolicy};
pub use classify::{Decision, decide};
pub use connect_error::{ConnectCause, ConnectFailure};
pub use connection::Reply;
pub use error::{ApiError, AttemptsEnd, Problem, RequestedAccount};
pub use identity::{AccountKind, ChildProfile, Identity, Profile};
pub use key::{ApiKey, KeySource};
pub use limiter::{Permit, QuotaLeft, RateLimiter};
pub use proxy::UnsupportedProxy;
pub use rate::{BadRateSpec, RateSpec, RequestRate, Reserve};
pub use redact::shown_error;
pub use scope::{OtherProfile, Scope};
pub use stats::{FailureKind, RequestStats};

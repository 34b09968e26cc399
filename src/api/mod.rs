//! The Sent API v3 as this program uses it: one GET at a time, retried and paced.
//!
//! [`Client::fetch`] is the only way in. Around one request it puts, from the inside out: the attempt
//! (`client`), the judgement of its outcome (`classify`), the delay before the next one (`backoff`), and the pace that
//! all requests share ([`RateLimiter`]). Nothing outside this folder retries, waits for the service or names a type of
//! the HTTP library; nothing inside it knows Arrow.

mod backoff;
mod body;
mod classify;
mod client;
mod error;
mod key;
mod limiter;
mod mask;
mod retry_after;
pub mod wire;

pub use backoff::{Backoff, RetryPolicy};
pub use classify::{Decision, decide};
pub use client::{Client, ClientSettings, Reply, Traffic};
pub use error::{ApiError, AttemptsEnd, Problem, RequestName};
pub use key::ApiKey;
pub use limiter::{PaceError, PaceText, RateLimiter, RequestRate, Reserve, Turn};

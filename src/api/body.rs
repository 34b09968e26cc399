//! The body of a response: its bytes, and the envelope in them.
//!
//! Decompressed bodies are limited twice: each one, and all larger ones together while they are in memory. [`BodyBudget`]
//! tracks the memory. A body releases its memory when the last reference to it is dropped; pages that wait for earlier
//! ones keep theirs.
//!
//! *Easy to get wrong:* waiting pages hold memory until an earlier page arrives, and that one needs memory, too. So the
//! oldest request has a reserve, and no body starts with only a part of the memory that it may need.
//!
//! *Easy to get wrong:* the text of a JSON error may quote a contact, so only its kind and position are shown.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::wire::{self, DecodeError, Envelope, Meta};

/// Maximum length of a body. A page of 100 contacts has about 45 kB, the largest page that can be requested about 5 MB.
const MAX_BODY: usize = 8 << 20;
/// Bodies up to this length are not counted: there are never more than a few for each request in flight.
const SMALL_BODY: usize = 128 << 10;
/// Total memory for larger bodies, in bytes.
const SHARED_BYTES: usize = 2 * MAX_BODY;
/// Bytes for each permit of a semaphore.
const UNIT: usize = 1 << 10;

/// Why there is no body.
pub(super) enum BodyError {
    /// The connection failed.
    Transport(reqwest::Error),
    /// It is longer than any response of this API.
    TooLong,
    /// Other bodies used all memory for too long.
    MemoryUsedUp,
}

impl BodyError {
    /// The reason as text.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Transport(error) => error.to_string(),
            Self::TooLong => format!("the body is longer than {} MiB", MAX_BODY >> 20),
            Self::MemoryUsedUp => format!("other responses use all of the {} MiB for bodies", SHARED_BYTES >> 20),
        }
    }
}

/// The memory for large bodies, shared by all requests of an account.
#[derive(Debug)]
pub(super) struct BodyBudget {
    shared: Arc<Semaphore>,
    /// For the oldest request alone.
    reserve: Arc<Semaphore>,
    /// Numbers of all unfinished requests.
    requests: watch::Sender<BTreeSet<u64>>,
}

impl Default for BodyBudget {
    fn default() -> Self {
        let semaphore = |bytes: usize| Arc::new(Semaphore::new(bytes / UNIT));
        Self { shared: semaphore(SHARED_BYTES), reserve: semaphore(MAX_BODY), requests: watch::Sender::default() }
    }
}

impl BodyBudget {
    /// Registers a request with all its attempts until the returned value is dropped. Later requests have larger numbers.
    pub(super) fn enter(&self, number: u64) -> OpenRequest<'_> {
        self.requests.send_modify(|requests| {
            requests.insert(number);
        });
        OpenRequest { budget: self, number }
    }
}

/// A request that is not finished.
pub(super) struct OpenRequest<'a> {
    budget: &'a BodyBudget,
    number: u64,
}

impl Drop for OpenRequest<'_> {
    fn drop(&mut self) {
        self.budget.requests.send_modify(|requests| {
            requests.remove(&self.number);
        });
    }
}

impl OpenRequest<'_> {
    /// Reads a body to its end; waits for memory for `patience` at most.
    pub(super) async fn read_body(
        &self,
        response: &mut reqwest::Response,
        patience: Duration,
    ) -> Result<Bytes, BodyError> {
        let expected = response.content_length().map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if expected.is_some_and(|length| length > MAX_BODY) {
            return Err(BodyError::TooLong);
        }
        let Some(first) = response.chunk().await.map_err(BodyError::Transport)? else { return Ok(Bytes::new()) };
        // Most responses arrive in one piece, which needs no copy.
        let Some(second) = response.chunk().await.map_err(BodyError::Transport)? else { return Ok(first) };
        let mut body = BytesMut::with_capacity(expected.unwrap_or(SMALL_BODY / 2));
        body.extend_from_slice(&first);
        let mut memory = None;
        let mut next = Some(second);
        while let Some(chunk) = next {
            let length = body.len() + chunk.len();
            if length > MAX_BODY {
                return Err(BodyError::TooLong);
            }
            if length > SMALL_BODY && memory.is_none() {
                // All that it may need, at once: bodies that hold a part and wait for the rest would deadlock.
                let waiting = tokio::time::timeout(patience, self.memory_for(expected.unwrap_or(MAX_BODY)));
                memory = Some(waiting.await.ok().flatten().ok_or(BodyError::MemoryUsedUp)?);
            }
            body.extend_from_slice(&chunk);
            next = response.chunk().await.map_err(BodyError::Transport)?;
        }
        let Some(mut memory) = memory else { return Ok(body.freeze()) };
        drop(memory.split(memory.num_permits().saturating_sub(body.len().div_ceil(UNIT))));
        Ok(Bytes::from_owner(BudgetedBody { body, _memory: memory }))
    }

    /// Waits for shared memory, or for the reserve once this is the oldest request.
    async fn memory_for(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let BodyBudget { shared, reserve, requests } = self.budget;
        let permits = u32::try_from(bytes.div_ceil(UNIT)).ok()?;
        let from_reserve = async {
            let mut requests = requests.subscribe();
            drop(requests.wait_for(|requests| requests.first() == Some(&self.number)).await);
            reserve.clone().acquire_many_owned(permits).await
        };
        tokio::select! {
            biased;
            memory = shared.clone().acquire_many_owned(permits) => memory.ok(),
            memory = from_reserve => memory.ok(),
        }
    }
}

/// A body with its share of the memory.
struct BudgetedBody {
    body: BytesMut,
    _memory: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for BudgetedBody {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

/// Why a body holds no envelope, without quoting its content.
pub(super) enum EnvelopeError {
    /// There is no body.
    Empty,
    /// It holds far more rows than requested.
    TooManyItems(String),
    /// Its rows contradict a parameter of the request.
    IgnoredParameter {
        /// Name of the parameter.
        name: &'static str,
        /// `meta` of the response.
        meta: Meta,
    },
    /// It cannot be read.
    Unreadable(String),
}

/// Reads the envelope in a body.
pub(super) fn read_envelope<T, E: Into<DecodeError>>(
    body: Bytes,
    decode: impl Fn(&ByteString) -> Result<Envelope<T>, E>,
) -> Result<(ByteString, Envelope<T>), EnvelopeError> {
    // JSON has no byte order mark, but some gateways add one (RFC 8259, 8.1).
    let body = if body.starts_with("\u{feff}".as_bytes()) { body.slice("\u{feff}".len()..) } else { body };
    if body.is_empty() {
        return Err(EnvelopeError::Empty);
    }
    let unreadable = |reason: &str| EnvelopeError::Unreadable(reason.to_owned());
    let body = ByteString::try_from(body).map_err(|_| unreadable("the body is not UTF-8"))?;
    if body.trim_start().starts_with('<') {
        return Err(unreadable("the body is HTML, probably from a gateway"));
    }
    let error = match decode(&body) {
        Ok(envelope) => return Ok((body, envelope)),
        Err(error) => error.into(),
    };
    let error = match error {
        DecodeError::IgnoredParameter { name, meta } => return Err(EnvelopeError::IgnoredParameter { name, meta }),
        DecodeError::Json(error) => error,
    };
    Err(if let Some(limit) = wire::limit_exceeded(&error) {
        EnvelopeError::TooManyItems(format!("the response holds more than {limit} items"))
    } else {
        let kind = if error.is_eof() { "is truncated" } else { "is not a response of this API" };
        unreadable(&format!("the body {kind} (line {}, column {})", error.line(), error.column()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn acquires_memory(request: &OpenRequest<'_>, bytes: usize) -> Option<OwnedSemaphorePermit> {
        tokio::time::timeout(Duration::from_secs(1), request.memory_for(bytes)).await.ok().flatten()
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_shared_and_the_oldest_request_has_a_reserve() {
        let budget = BodyBudget::default();
        let [first, second, third] = [1, 2, 3].map(|number| budget.enter(number));
        let mut acquired = Vec::new();
        for _ in 0..SHARED_BYTES / MAX_BODY {
            acquired.push(acquires_memory(&third, MAX_BODY).await.unwrap());
        }
        assert!(
            acquires_memory(&third, 1).await.is_none() && acquires_memory(&second, 1).await.is_none(),
            "all memory is in use"
        );
        let reserve = acquires_memory(&first, MAX_BODY).await.unwrap();
        drop(first);
        assert!(acquires_memory(&second, 1).await.is_none(), "the reserve is still in use");
        drop(reserve);
        assert!(acquires_memory(&third, 1).await.is_none(), "it is not the oldest request");
        assert!(acquires_memory(&second, MAX_BODY).await.is_some());
        drop(acquired.pop());
        assert!(acquires_memory(&third, MAX_BODY).await.is_some(), "the memory was released");
    }
}

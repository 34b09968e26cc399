//! Requests in flight, and responses that arrived while the driver was waiting for something else.
//!
//! *Easy to get wrong:* a slow output must not make requests time out, so responses are received while the driver waits for
//! it; see [`Flight::meanwhile`]. No new requests are sent during that time.

use std::collections::VecDeque;
use std::pin::pin;

use bytestring::ByteString;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};

use super::source::{FetchedRow, LookupFailure, RowSource};
use crate::journal::{Entry, JournalWriter, Question};

/// Kind of a journaled response: the key was found. The numbers of kinds must not change.
pub(super) const FOUND: u8 = 0;
/// Kind of a journaled response: nothing belongs to the key, and the body is empty.
pub(super) const NOT_FOUND: u8 = 1;

/// The response of a source about the key at a position; `None` if nothing belongs to the key.
pub(super) type FetchedAnswer<S> = (usize, Result<Option<FetchedRow<<S as RowSource>::Row>>, <S as RowSource>::Error>);

/// Requests in flight.
pub(super) struct Flight<'a, S: RowSource> {
    source: &'a S,
    requests: FuturesUnordered<LocalBoxFuture<'a, FetchedAnswer<S>>>,
    /// Responses that arrived while the driver was waiting.
    waiting: VecDeque<FetchedAnswer<S>>,
    writer: &'a mut Option<JournalWriter>,
    /// Number of this run in the journal, from 0.
    session: u32,
}

impl<'a, S: RowSource> Flight<'a, S> {
    /// No requests in flight; `writer` saves responses as those of run `session`.
    pub(super) fn new(source: &'a S, writer: &'a mut Option<JournalWriter>, session: u32) -> Self {
        Self { source, requests: FuturesUnordered::new(), waiting: VecDeque::new(), writer, session }
    }

    /// Number of requests in flight, and of responses not processed yet.
    pub(super) fn len(&self) -> usize {
        self.requests.len() + self.waiting.len()
    }

    /// Sends a request, for which `permit` was granted.
    pub(super) fn send(&mut self, position: usize, key: &'a S::Key, permit: S::Permit) {
        let source = self.source;
        let answered = source.fetch(key, permit).map(move |fetched| match fetched {
            Err(error) if error.is_not_found() => (position, Ok(None)),
            Ok(fetched) if source.is_missing(&fetched.row) => (position, Ok(None)),
            fetched => (position, fetched.map(Some)),
        });
        // The only place where requests run concurrently: the driver limits their number and restores the order.
        self.requests.push(answered.boxed_local());
    }

    /// The response that arrived first; `None` if no request is in flight.
    pub(super) async fn next(&mut self) -> Option<FetchedAnswer<S>> {
        if let Some(answer) = self.waiting.pop_front() {
            return Some(answer);
        }
        let arrived = self.requests.next().await?;
        self.keep(&arrived);
        Some(arrived)
    }

    /// Runs `work` and receives responses in the meantime.
    pub(super) async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                // Responses first: work that is always ready must not delay them.
                biased;
                Some(arrived) = self.requests.next() => {
                    self.keep(&arrived);
                    self.waiting.push_back(arrived);
                }
                done = &mut work => return done,
            }
        }
    }

    /// Saves a response in the journal, unless it is a failure.
    fn keep(&mut self, (position, arrived): &FetchedAnswer<S>) {
        let (Some(writer), Ok(fetched)) = (self.writer.as_mut(), arrived) else { return };
        let kind = if fetched.is_some() { FOUND } else { NOT_FOUND };
        writer.append(Entry {
            session: self.session,
            question: Question { kind, page: *position as u64, size: 1 },
            elapsed_micros: fetched.as_ref().map_or(0, |fetched| fetched.elapsed_micros),
            answered_at: fetched.as_ref().and_then(|fetched| fetched.answered_at).unwrap_or_default(),
            body: fetched.as_ref().map_or_else(ByteString::new, |fetched| fetched.body.clone()),
        });
    }
}

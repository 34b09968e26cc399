//! Requests in flight, and answers that arrived while the driver was waiting for something else.
//!
//! *Easy to get wrong:* a slow output must not make requests time out. While the driver waits for an output, answers are
//! still received, see [`InFlight::meanwhile`]. No new request is sent during that time, so no more answers wait than
//! requests may be in flight.

use std::collections::VecDeque;
use std::pin::pin;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};

use super::source::{Fetched, PageSource};
use super::{PageFacts, Request, Window};
use crate::journal::{Entry, JournalWriter};

/// A request and its outcome.
pub(super) type RequestOutcome<P, E> = (Request, Result<ArrivedPage<P>, E>);

/// A request and the result of fetching it.
type FetchResult<S> = (Request, Result<Fetched<<S as PageSource>::Page>, <S as PageSource>::Error>);

/// An answer that arrived, now or in an earlier run.
pub(super) struct ArrivedPage<P> {
    pub(super) request: Request,
    pub(super) fetched: Fetched<P>,
    /// Whether it was requested after all other answers had arrived, and was the last one requested when it arrived.
    pub(super) is_alone: bool,
}

impl<P: super::source::ListPage> ArrivedPage<P> {
    /// What the walk needs to know about it.
    pub(super) fn facts(&self) -> PageFacts<'_> {
        PageFacts::of(self.request.window, &self.fetched)
    }
}

/// All requests in flight, and answers not yet processed.
pub(super) struct InFlight<'a, S: PageSource> {
    source: &'a S,
    requests: FuturesUnordered<LocalBoxFuture<'a, FetchResult<S>>>,
    /// Answers that arrived while the driver was waiting.
    waiting: VecDeque<RequestOutcome<S::Page, S::Error>>,
    writer: &'a mut Option<JournalWriter>,
    /// Number of this run in the journal, from 0.
    session: u32,
    /// The window requested last, if no other was in flight then.
    alone: Option<Window>,
}

impl<'a, S: PageSource> InFlight<'a, S> {
    /// Starts with nothing in flight; answers are appended to `writer`.
    pub(super) fn new(source: &'a S, writer: &'a mut Option<JournalWriter>) -> Self {
        Self { source, requests: FuturesUnordered::new(), waiting: VecDeque::new(), writer, session: 0, alone: None }
    }

    /// Continues the journal of earlier runs, after all of it was read.
    pub(super) fn resume(&mut self, writer: JournalWriter, session: u32) {
        *self.writer = Some(writer);
        self.session = session;
    }

    /// Number of requests that are in flight or whose answers wait to be processed.
    pub(super) fn len(&self) -> usize {
        self.requests.len() + self.waiting.len()
    }

    /// Records that the first request of a run is sent.
    pub(super) fn note_first(&mut self, window: Window) {
        self.alone = Some(window);
    }

    /// Sends a request that has its permit.
    pub(super) fn send(&mut self, request: Request, permit: S::Permit) {
        self.alone = Some(request.window).filter(|_| self.len() == 0);
        let fetching = self.source.fetch(request.window, permit);
        // The only place where requests run concurrently: the driver limits their number and restores the order.
        self.requests.push(fetching.map(move |fetched| (request, fetched)).boxed_local());
    }

    /// The answer that arrived first; `None` when nothing is in flight.
    pub(super) async fn next(&mut self) -> Option<RequestOutcome<S::Page, S::Error>> {
        if let Some(answer) = self.waiting.pop_front() {
            return Some(answer);
        }
        let (request, fetched) = self.requests.next().await?;
        Some((request, fetched.map(|fetched| self.keep(request, fetched))))
    }

    /// Waits for `work`, and receives answers in the meantime.
    pub(super) async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                // Answers first: work that never waits must not delay them either.
                biased;
                Some((request, fetched)) = self.requests.next() => {
                    let arrived = fetched.map(|fetched| self.keep(request, fetched));
                    self.waiting.push_back((request, arrived));
                }
                done = &mut work => return done,
            }
        }
    }

    /// Appends an answer to the journal.
    pub(super) fn keep(&mut self, request: Request, fetched: Fetched<S::Page>) -> ArrivedPage<S::Page> {
        let is_alone = self.alone == Some(request.window);
        if let Some(writer) = self.writer {
            writer.append(Entry {
                session: self.session,
                question: request.question(is_alone),
                elapsed_micros: fetched.elapsed_micros,
                answered_at: fetched.answered_at.unwrap_or_default(),
                body: fetched.body.clone(),
            });
        }
        ArrivedPage { request, fetched, is_alone }
    }
}

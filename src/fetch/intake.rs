//! Requests that are out, and their answers in the order in which they came.
//!
//! [`Intake`] is where the driver's requests run side by side. An answer goes to the journal as soon as it is there, and
//! waits here until the driver has time for it.
//!
//! *Easy to get wrong:* whatever the driver waits for, answers must go on to be read. The time limit of a request runs all
//! the same, and an answer that was left in its socket for longer is thrown away and asked for again. So whoever waits for
//! something else does it through [`Intake::meanwhile`]. Nothing more is asked for in that time: no more answers wait than
//! there are requests allowed at once.

use std::collections::VecDeque;
use std::pin::pin;

use chrono::{DateTime, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};

use crate::api::{ApiError, Client, Reply, Turn};

use super::answer::{Arrived, FetchedPage, fetch_window};
use super::journal::{Entry, JournalWriter};
use super::{FetchSettings, Request};

/// A request, and what became of it.
pub(super) type Answer<T = Arrived> = (Request, Result<T, ApiError>);

/// Everything that is on its way.
pub(super) struct Intake<'a> {
    client: &'a Client,
    settings: &'a FetchSettings,
    in_flight: FuturesUnordered<BoxFuture<'a, Answer<Reply<FetchedPage>>>>,
    /// Answers that came while the driver waited for something else.
    waiting: VecDeque<Answer>,
    writer: &'a mut Option<JournalWriter>,
    /// Which run this is, from 0.
    session: u32,
}

impl<'a> Intake<'a> {
    /// Nothing is on its way yet; answers are kept by `writer`.
    pub(super) fn new(client: &'a Client, settings: &'a FetchSettings, writer: &'a mut Option<JournalWriter>) -> Self {
        let in_flight = FuturesUnordered::new();
        Self { client, settings, in_flight, waiting: VecDeque::new(), writer, session: 0 }
    }

    /// The journal of the runs before is read: this run goes on writing it.
    pub(super) fn resume(&mut self, writer: JournalWriter, session: u32) {
        *self.writer = Some(writer);
        self.session = session;
    }

    /// Requests that are out or whose answers wait.
    pub(super) fn len(&self) -> usize {
        self.in_flight.len() + self.waiting.len()
    }

    /// Sends a request whose turn it is.
    pub(super) fn send(&mut self, request: Request, turn: Turn) {
        let fetching = fetch_window(self.client, self.settings, request.window, turn);
        // The one place where requests run side by side: the driver bounds their number, and puts the pages in order.
        self.in_flight.push(fetching.map(move |reply| (request, reply)).boxed());
    }

    /// The answer that came first; `None` when nothing is on its way.
    pub(super) async fn next(&mut self) -> Option<Answer> {
        if let Some(answer) = self.waiting.pop_front() {
            return Some(answer);
        }
        let answer = self.in_flight.next().await?;
        Some(self.note(answer))
    }

    /// Waits for `work`, and for answers while it lasts.
    pub(super) async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                // Answers first: work that never has to wait, a thousand times in a row, must not hold them up either.
                biased;
                Some(answer) = self.in_flight.next() => {
                    let answer = self.note(answer);
                    self.waiting.push_back(answer);
                }
                done = &mut work => return done,
            }
        }
    }

    fn note(&mut self, (request, reply): Answer<Reply<FetchedPage>>) -> Answer {
        (request, reply.map(|reply| self.keep(request, reply)))
    }

    /// Keeps an answer in the journal.
    pub(super) fn keep(&mut self, request: Request, reply: Reply<FetchedPage>) -> Arrived {
        if let Some(writer) = self.writer {
            writer.append(Entry {
                session: self.session,
                request,
                elapsed_micros: u64::try_from(reply.elapsed.as_micros()).unwrap_or(u64::MAX),
                answered_at: DateTime::<Utc>::from(reply.answered_at).timestamp_micros(),
                body: reply.body.clone(),
            });
        }
        Arrived::of_reply(self.session, request, reply)
    }
}

//! Runs a walk: sends its requests, journals the answers and delivers the rows in list order, in bounded memory.
//!
//! [`read_list`] fetches every window that the [`Walk`] requests from a [`PageSource`]. Fetching is the one concurrent
//! stage of the program. An answer is decoded as soon as it arrives, to find out whether it must be fetched again;
//! decoded pages wait in [`Reorder`] for the rows before them.
//!
//! *Easy to get wrong:* a window that is slow or in backoff must not let the others read ahead without limit. At most
//! [`READ_AHEAD`] windows for each slot are read ahead of those that are proven.
//!
//! Tested with lists that change in `listing::tests`, and through the binary in `tests/it`.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{LocalBoxFuture, OptionFuture};

use crate::base::plural::{count_of, grouped};
use crate::journal::{Entry, JournalSlot};

use super::first_page::{FirstPage, first_page};
use super::in_flight::{ArrivedPage, InFlight};
use super::reorder::{Next, Reorder, changed};
use super::source::{Fetched, ListFailure, ListPage, PageSource};
use super::{Consistency, Purpose, Request, Taken, Walk, Window};

/// Windows held or in flight for each slot: enough to bridge one slow answer, and at most a few megabytes.
const READ_AHEAD: usize = 4;

/// How to read a list.
#[derive(Debug, Clone)]
pub struct ReadSettings {
    /// Rows requested per page.
    pub page_size: u32,
    /// Requests in flight at most.
    pub concurrency: NonZeroUsize,
    /// How a list that changes is handled.
    pub consistency: Consistency,
    /// Whether pages that cannot be fetched are left out instead of ending the run.
    pub allow_missing_pages: bool,
    /// Lower bound of the requested creation times, in microseconds UTC. Older rows are not delivered, and reading stops
    /// where a list sorted by creation time has only older ones.
    pub not_before: Option<i64>,
    /// Delay before the end of the list is read once more because its count disagrees, and may be cached.
    pub recount_delay: Duration,
    /// How many rows are delivered before reading stops; `None` reads the whole list.
    pub limit: Option<u64>,
}

impl ReadSettings {
    /// A walk with pages of `page_size`.
    fn walk(&self, page_size: u32) -> Walk {
        let is_prefix = self.limit.is_some() && !self.allow_missing_pages;
        let walk = Walk::new(page_size, self.consistency).with_span(self.not_before);
        if is_prefix { walk.without_skipping() } else { walk }
    }
}

/// The rows of one answer, in list order.
#[derive(Debug)]
pub struct DeliveredPage<P> {
    /// What was requested.
    pub window: Window,
    /// Its rows.
    pub page: P,
    /// Which of them are written.
    pub taken: Taken,
}

/// Progress of the walk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadProgress {
    /// Answers processed.
    pub pages: u64,
    /// Expected number of answers for the list.
    pub planned_pages: Option<u64>,
    /// Rows delivered.
    pub rows: u64,
    /// Rows in the list, by the API's last count.
    pub total: Option<u64>,
    /// Whether the walk is looking for rows that moved.
    pub is_healing: bool,
}

/// Why a walk ended early.
#[derive(Debug)]
pub enum ReadError<E> {
    /// A window could not be fetched.
    Source(E),
    /// The service serves the first rows, but refuses this window and all windows after it.
    RefusedFrom {
        /// The first row that it refuses, from 1.
        row: u64,
        /// Its error.
        error: E,
    },
    /// The receiver of the pages has stopped.
    ReceiverGone,
    /// The journal cannot be read.
    Journal(std::io::Error),
    /// The walk is not finished and has no request to make: a bug, reported instead of a verdict.
    Unfinished,
}

/// The receiver of the rows has stopped; it reports the reason itself.
#[derive(Debug)]
pub struct ReceiverGone;

/// Reads the whole list and passes its rows to `deliver`; returns the finished walk.
///
/// Answers in `journal.past` are processed first, and every new answer is appended to `journal.writer`. While `deliver`
/// waits, answers to requests in flight are still received, but no new request is sent. `observe` is called after every
/// answer.
///
/// # Errors
/// When a window cannot be fetched, the journal cannot be read, or the receiver of the rows has stopped.
pub async fn read_list<S: PageSource>(
    source: &S,
    settings: &ReadSettings,
    journal: &mut JournalSlot,
    deliver: impl AsyncFnMut(DeliveredPage<S::Page>) -> Result<(), ReceiverGone>,
    observe: impl FnMut(ReadProgress),
) -> Result<Walk, ReadError<S::Error>> {
    let JournalSlot { past, writer } = journal;
    let walk = settings.walk(settings.page_size);
    let in_flight = InFlight::new(source, writer);
    let reorder = Reorder::new(past.take());
    let left = settings.limit;
    let mut driver = WalkDriver {
        source,
        settings,
        walk,
        in_flight,
        reorder,
        deliver,
        observe,
        failures_in_a_row: 0,
        refused: None,
        left,
    };
    driver.take_past().await?;
    if driver.walk.report().pages == 0 && !driver.take_first().await? {
        return Ok(Walk::empty(settings.consistency));
    }
    driver.take_rest().await?;
    Ok(driver.walk)
}

struct WalkDriver<'a, S: PageSource, D, F> {
    source: &'a S,
    settings: &'a ReadSettings,
    walk: Walk,
    in_flight: InFlight<'a, S>,
    /// Pages that wait for the rows before them.
    reorder: Reorder<S::Page>,
    deliver: D,
    observe: F,
    /// Requests that failed since the last success.
    failures_in_a_row: usize,
    /// The first window that the service refused, and its error.
    refused: Option<(Window, S::Error)>,
    /// Rows still to deliver before reading stops; `None` without a limit.
    left: Option<u64>,
}

impl<S, D, F> WalkDriver<'_, S, D, F>
where
    S: PageSource,
    D: AsyncFnMut(DeliveredPage<S::Page>) -> Result<(), ReceiverGone>,
    F: FnMut(ReadProgress),
{
    /// How many windows may be read ahead of those that are proven; fewer when only a few rows are left to deliver.
    fn read_ahead(&self) -> usize {
        let read_ahead = self.settings.concurrency.get().saturating_mul(READ_AHEAD);
        // Windows that overlap add fewer rows than pages.
        let more = u64::from(self.settings.consistency != Consistency::Plain);
        let wanted = self.left.map(|left| left.div_ceil(self.settings.page_size.into()).saturating_add(more));
        let wanted = wanted.and_then(|windows| usize::try_from(windows).ok());
        wanted.map_or(read_ahead, |windows| windows.min(read_ahead))
    }

    /// Replays the answers of earlier runs in the order of their arrival.
    async fn take_past(&mut self) -> Result<(), ReadError<S::Error>> {
        let (mut unreadable, mut session) = (0, None);
        while let Some((entry, position)) = self.reorder.next_entry().map_err(ReadError::Journal)? {
            if session.replace(entry.session).is_some_and(|session| session != entry.session) {
                // The earlier run was a resumed one itself.
                self.walk.note_resumed();
            }
            let request = Request::of_question(entry.question);
            let read = request.and_then(|(request, is_alone)| {
                Some((request, is_alone, self.source.read(request.window, &entry.body)?))
            });
            let Some((request, is_alone, fetched)) = read else {
                unreadable += 1;
                continue;
            };
            if self.walk.report().pages == 0 {
                // Every window has at least half as many rows as a page, which shows whether the earlier run used the
                // configured page size. A page size that the API refused is not requested again.
                let (configured, size) = (self.settings.page_size, request.window.size);
                let is_configured = request.window.page > 1 && configured / 2 <= size;
                self.walk = self.settings.walk(if is_configured { configured } else { size });
            }
            self.walk.note_sent(&request);
            let arrived = ArrivedPage { request, fetched: dated(&entry, fetched), is_alone };
            self.accept(arrived, Some(position)).await?;
        }
        self.walk.note_resumed();
        let damaged = self.reorder.damaged() + unreadable;
        if damaged > 0 {
            let parts = count_of(damaged, "damaged part", "damaged parts");
            tracing::warn!(name: "journal_damaged", "skipping {parts} of the journal; the rows are fetched again");
        }
        if let Some((writer, session)) = self.reorder.resume_journal().map_err(ReadError::Journal)? {
            self.in_flight.resume(writer, session);
        }
        Ok(())
    }

    /// Fetches the first page, with a page size that the service accepts; returns `false` if the service says that
    /// nothing matches.
    async fn take_first(&mut self) -> Result<bool, ReadError<S::Error>> {
        let first = first_page(self.source, self.settings.page_size).await.map_err(ReadError::Source)?;
        let Some(FirstPage { fetched, accepted_size, .. }) = first else { return Ok(false) };
        self.walk = self.settings.walk(accepted_size);
        let request = self.walk.first_request();
        self.walk.note_sent(&request);
        self.in_flight.note_first(request.window);
        let arrived = self.in_flight.keep(request, fetched);
        self.accept(arrived, None).await.map(|()| true)
    }

    /// Fetches everything that the walk requests, concurrently.
    async fn take_rest(&mut self) -> Result<(), ReadError<S::Error>> {
        let (source, concurrency) = (self.source, self.settings.concurrency.get());
        let mut next_permit: Option<LocalBoxFuture<'_, S::Permit>> = None;
        loop {
            if self.left == Some(0) {
                let limit = self.settings.limit.filter(|&limit| {
                    // If these rows are the whole list, the limit left nothing out.
                    !self.walk.is_finished() || self.walk.report().rows > limit
                });
                self.walk.note_limit(limit);
                return Ok(());
            }
            let read_ahead = self.read_ahead();
            let has_slot = self.in_flight.len() < concurrency;
            let can_ask = has_slot && self.walk.next_request(read_ahead).is_some();
            if !can_ask && self.in_flight.len() == 0 {
                self.deliver_due().await?;
                if self.walk.next_request(read_ahead).is_some() || self.walk.rescue() {
                    continue;
                }
                return self.end().await;
            }
            // A permit that is no longer needed must not delay others.
            let delay = if self.walk.is_recounting() { self.settings.recount_delay } else { Duration::ZERO };
            let permit_after = async |delay| {
                if delay > Duration::ZERO {
                    tokio::time::sleep(delay).await;
                }
                source.permit().await
            };
            next_permit =
                next_permit.filter(|_| can_ask).or_else(|| can_ask.then(|| permit_after(delay).boxed_local()));
            // The window is chosen when it may be sent, not before: while the rate limit delays requests,
            // answers still arrive and may change the choice.
            let answer = tokio::select! {
                biased;
                Some(answer) = self.in_flight.next() => answer,
                Some(permit) = OptionFuture::from(next_permit.as_mut()) => {
                    next_permit = None;
                    if let Some(request) = self.walk.next_request(read_ahead) {
                        self.walk.note_sent(&request);
                        self.in_flight.send(request, permit);
                    }
                    continue;
                }
            };
            match answer {
                (_, Ok(arrived)) => {
                    self.failures_in_a_row = 0;
                    self.accept(arrived, None).await?;
                }
                (request, Err(error)) => {
                    self.give_up(&request, error)?;
                    self.deliver_due().await?;
                }
            }
        }
    }

    /// Ends reading when nothing is in flight and there is no next request. A walk that is not finished by then is an
    /// error.
    async fn end(&mut self) -> Result<(), ReadError<S::Error>> {
        self.deliver_due().await?;
        if !self.walk.is_finished() || self.reorder.first().is_some() {
            return Err(ReadError::Unfinished);
        }
        match self.refused.take() {
            // A window after the end of the list holds nothing.
            Some((window, error)) if !self.settings.allow_missing_pages && self.walk.report().lacks_rows() => {
                Err(ReadError::RefusedFrom { row: window.offset() + 1, error })
            }
            _ => Ok(()),
        }
    }

    /// Processes an answer and delivers the pages that are due. `position` is that of an answer from the journal.
    async fn accept(
        &mut self,
        arrived: ArrivedPage<S::Page>,
        position: Option<u64>,
    ) -> Result<(), ReadError<S::Error>> {
        self.walk.take(&arrived.request, &arrived.facts(), arrived.is_alone);
        if self.walk.is_due(&arrived.request) && arrived.request.purpose != Purpose::Read {
            self.deliver_page(arrived).await?;
        } else {
            self.reorder.hold(arrived, position);
        }
        self.deliver_due().await
    }

    /// Delivers the pages that are due.
    async fn deliver_due(&mut self) -> Result<(), ReadError<S::Error>> {
        while self.left != Some(0) && self.reorder.first().is_some_and(|first| self.walk.is_due(&first)) {
            match self.reorder.pop_first().map_err(ReadError::Journal)? {
                Some(Next::Page(arrived)) => self.deliver_page(*arrived).await?,
                Some(Next::Entry(request, entry)) => {
                    let fetched = self.source.read(request.window, &entry.body);
                    let fetched = fetched.ok_or_else(|| ReadError::Journal(changed()))?;
                    // The walk has taken it already.
                    let arrived = ArrivedPage { request, fetched: dated(&entry, fetched), is_alone: false };
                    self.deliver_page(arrived).await?;
                }
                None => break,
            }
        }
        Ok(())
    }

    async fn deliver_page(&mut self, arrived: ArrivedPage<S::Page>) -> Result<(), ReadError<S::Error>> {
        let mut taken = self.walk.deliver(&arrived.request, &arrived.facts());
        self.left = self.left.map(|left| left - taken.keep_at_most(left));
        (self.observe)(progress(&self.walk));
        let delivery = DeliveredPage { window: arrived.request.window, page: arrived.fetched.page, taken };
        // Answers that arrive while the output is slow must not be lost.
        self.in_flight.meanwhile((self.deliver)(delivery)).await.map_err(|ReceiverGone| ReadError::ReceiverGone)
    }

    /// Consecutive failures after which the service is considered down.
    fn tolerated_failures(&self) -> usize {
        let concurrency = self.settings.concurrency.get();
        // With missing pages allowed, many may fail.
        if self.settings.allow_missing_pages { concurrency.max(8) * 4 } else { concurrency }
    }

    /// Handles a request that failed after all retries: it is sent once more after everything else was read.
    fn give_up(&mut self, request: &Request, error: S::Error) -> Result<(), ReadError<S::Error>> {
        let allows_missing = self.settings.allow_missing_pages;
        if error.is_window_refused() {
            let row = request.window.offset() + 1;
            if !allows_missing && self.settings.limit.is_some() {
                return Err(ReadError::RefusedFrom { row, error });
            }
            if self.refused.as_ref().is_none_or(|(first, _)| first.offset() > request.window.offset()) {
                self.refused = Some((request.window, error));
            }
            self.walk.refused(request);
            return Ok(());
        }
        // A window that is fetched again to close a gap has failed before, so another failure says nothing new.
        self.failures_in_a_row += usize::from(request.purpose != Purpose::Gap);
        if !error.may_pass() {
            return Err(ReadError::Source(error));
        }
        let rows = request.window.rows();
        let rows = format!("rows {} to {}", grouped(*rows.start()), grouped(*rows.end()));
        // If no request succeeds anymore, the service is down.
        if self.walk.failed(request) {
            if self.failures_in_a_row > self.tolerated_failures() {
                return Err(ReadError::Source(error));
            }
            tracing::warn!(name: "page_postponed", "cannot fetch {rows} for now; retrying at the end");
            return Ok(());
        }
        if !allows_missing {
            return Err(ReadError::Source(error));
        }
        tracing::warn!(name: "page_missing", "cannot fetch {rows}; continuing without them (--allow-missing-pages)");
        self.walk.abandon(request);
        Ok(())
    }
}

fn progress(walk: &Walk) -> ReadProgress {
    let report = walk.report();
    ReadProgress {
        pages: report.pages,
        planned_pages: walk.planned_pages(),
        rows: report.rows,
        total: report.total_last,
        is_healing: walk.is_healing(),
    }
}

/// A journaled answer with the times that the journal stores with it.
fn dated<P: ListPage>(entry: &Entry, fetched: Fetched<P>) -> Fetched<P> {
    let answered_at = fetched.answered_at.or(Some(entry.answered_at).filter(|&time| time != 0));
    Fetched { answered_at, elapsed_micros: entry.elapsed_micros, ..fetched }
}

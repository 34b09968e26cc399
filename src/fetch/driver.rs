//! Carries out a walk: requests in flight, page order restored, everything bounded and kept in the journal.
//!
//! [`fetch_contacts`] is called by `export` and calls [`Client::fetch`] for every request of the [`Walk`]. Fetching is the
//! one concurrent stage of the program. An answer is decoded as soon as it arrives, because only then is it known whether
//! it has to be fetched again; what is decoded waits for the pages before it. [`Intake`] holds the requests in flight and
//! [`Parked`] the pages that wait.
//!
//! *Easy to get wrong:* a page that is slow or in backoff must not let the others run ahead without end. No page is
//! started more than [`READ_AHEAD`] times the concurrency in front of the one that is waited for.
//!
//! Tested through the binary in `tests/it`.

use std::num::NonZeroUsize;

use futures::FutureExt;
use futures::future::{BoxFuture, OptionFuture};

use crate::api::wire::Pagination;
use crate::api::{ApiError, Client, Turn};
use crate::contacts::ContactPage;
use crate::plural::count_of;

use super::answer::Arrived;
use super::first::fetch_first;
use super::intake::Intake;
use super::journal::{Journal, JournalWriter};
use super::parked::Parked;
use super::{Consistency, ContactQuery, PageFacts, Purpose, Request, Taken, Walk, Window};

/// Pages held or in flight for each slot: enough to ride out one slow page, and a few megabytes at most.
const READ_AHEAD: usize = 4;

/// How to walk.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// Filters.
    pub query: ContactQuery,
    /// Rows asked for per page.
    pub page_size: u32,
    /// Requests in flight at most.
    pub concurrency: NonZeroUsize,
    /// What is done about a list that moves.
    pub consistency: Consistency,
    /// Whether pages that cannot be had are left out instead of ending the run.
    pub allow_missing_pages: bool,
}

/// The journal of a run: one to read from, then one to write to.
#[derive(Debug, Default)]
pub struct JournalSlot {
    /// What a run before has read.
    pub past: Option<Journal>,
    /// Where answers are kept; `None` keeps nothing.
    pub writer: Option<JournalWriter>,
}

/// The contacts of one answer, in their turn.
#[derive(Debug)]
pub struct Delivery {
    /// What was asked for.
    pub window: Window,
    /// Its contacts.
    pub contacts: ContactPage,
    /// Which of them are written.
    pub taken: Taken,
}

/// How far the walk is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Answers taken.
    pub pages: u64,
    /// Answers that the list is expected to take.
    pub planned_pages: Option<u64>,
    /// Contacts handed on.
    pub contacts: u64,
    /// Contacts that the list is said to have.
    pub total: Option<u64>,
    /// Whether the list has moved and gaps are closed.
    pub is_healing: bool,
}

/// Why a walk ended early.
#[derive(Debug)]
pub enum FetchError {
    /// A page could not be fetched.
    Api(ApiError),
    /// Nobody takes the pages any more.
    ReceiverGone,
    /// The journal cannot be read.
    Journal(std::io::Error),
}

/// Nobody takes contacts any more; whoever was to write them knows why.
#[derive(Debug)]
pub struct ReceiverGone;

/// Fetches every contact and hands it to `deliver`; gives back the walk with what it met.
///
/// Answers of `journal.past` are taken first, and every new one goes to `journal.writer`. While `deliver` waits, what is
/// on its way comes in, and nothing more is asked for. `observe` is told after every answer.
///
/// # Errors
/// When a page cannot be fetched, the journal cannot be read, or nobody takes the contacts any more.
pub async fn fetch_contacts(
    client: &Client,
    settings: &FetchSettings,
    journal: &mut JournalSlot,
    deliver: impl AsyncFnMut(Delivery) -> Result<(), ReceiverGone>,
    observe: impl FnMut(Progress),
) -> Result<Walk, FetchError> {
    let JournalSlot { past, writer } = journal;
    let walk = Walk::new(settings.page_size, settings.consistency);
    let intake = Intake::new(client, settings, writer);
    let parked = Parked::new(past.take());
    let mut driver = Driver { client, settings, walk, intake, parked, deliver, observe, failures_in_a_row: 0 };
    driver.take_past().await?;
    if !driver.has_begun() && driver.take_first().await?.is_none() {
        return Ok(empty_walk(settings));
    }
    driver.take_rest().await?;
    Ok(driver.walk)
}

struct Driver<'a, D, F> {
    client: &'a Client,
    settings: &'a FetchSettings,
    walk: Walk,
    intake: Intake<'a>,
    /// Pages of the plain walk that wait for those before them.
    parked: Parked,
    deliver: D,
    observe: F,
    /// Requests that were given up since one succeeded.
    failures_in_a_row: usize,
}

impl<D: AsyncFnMut(Delivery) -> Result<(), ReceiverGone>, F: FnMut(Progress)> Driver<'_, D, F> {
    /// Takes the answers of the runs before, in the order in which they came.
    async fn take_past(&mut self) -> Result<(), FetchError> {
        let mut not_understood = 0;
        while let Some((entry, position)) = self.parked.next_entry().map_err(FetchError::Journal)? {
            let Some(arrived) = Arrived::of_entry(&entry) else {
                not_understood += 1;
                continue;
            };
            if !self.has_begun() {
                self.walk = Walk::new(entry.request.window.size, self.settings.consistency);
            }
            if entry.request.purpose != Purpose::Page {
                self.take_parked(true).await?;
            }
            self.walk.note_out(&entry.request);
            self.accept(arrived, Some(position)).await?;
        }
        self.walk.note_resumed();
        let damaged = self.parked.damaged() + not_understood;
        if damaged > 0 {
            let parts = count_of(damaged, "damaged part of the journal is", "damaged parts of the journal are");
            tracing::warn!("{parts} fetched again");
        }
        if let Some((writer, session)) = self.parked.resume_journal().map_err(FetchError::Journal)? {
            self.intake.resume(writer, session);
        }
        Ok(())
    }

    /// Whether an answer is there. What a run before has kept shows which page size the API accepts, even if the first
    /// page is not among it.
    fn has_begun(&self) -> bool {
        self.walk.report().pages > 0 || !self.parked.is_empty()
    }

    /// The first page; `None` when a number matches no contact.
    async fn take_first(&mut self) -> Result<Option<()>, FetchError> {
        let Some((size, reply)) = fetch_first(self.client, self.settings).await? else { return Ok(None) };
        if size != self.settings.page_size {
            self.walk = Walk::new(size, self.settings.consistency);
        }
        let request = Request { window: Window::first(size), purpose: Purpose::Page };
        self.walk.note_out(&request);
        let arrived = self.intake.keep(request, reply);
        self.accept(arrived, None).await.map(Some)
    }

    /// Everything that the walk asks for, side by side.
    async fn take_rest(&mut self) -> Result<(), FetchError> {
        let (client, concurrency) = (self.client, self.settings.concurrency.get());
        let mut next_turn: Option<BoxFuture<'_, Turn>> = None;
        let read_ahead = concurrency.saturating_mul(READ_AHEAD) as u64;
        loop {
            let has_slot = self.intake.len() < concurrency;
            let can_ask = has_slot && self.walk.next_request(read_ahead).is_some();
            if !can_ask && self.intake.len() == 0 {
                return Ok(());
            }
            // A turn that is not waited for must not stand in the way of those that are.
            next_turn = next_turn.filter(|_| can_ask).or_else(|| can_ask.then(|| client.turn().boxed()));
            // What is asked for is decided when it may be sent, not before: while the rate limit holds requests back,
            // answers still come in, and a chain that waits for nothing else is not split.
            let answer = tokio::select! {
                biased;
                Some(answer) = self.intake.next() => answer,
                Some(turn) = OptionFuture::from(next_turn.as_mut()) => {
                    next_turn = None;
                    if let Some(request) = self.walk.next_request(read_ahead) {
                        self.walk.note_out(&request);
                        self.intake.send(request, turn);
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
                    self.take_parked(false).await?;
                }
            }
        }
    }

    /// Takes an answer when it is its turn, and those that waited for it. One of the journal has a position there.
    async fn accept(&mut self, arrived: Arrived, position: Option<u64>) -> Result<(), FetchError> {
        self.walk.note_arrival(&arrived.request, &arrived.facts());
        if self.walk.is_due(&arrived.request) {
            self.deliver(arrived).await?;
        } else {
            match position {
                Some(position) => self.parked.hold_or_leave(arrived, position),
                None => self.parked.hold(arrived),
            }
        }
        self.take_parked(false).await
    }

    /// Takes the pages whose turn it is, or all of them.
    async fn take_parked(&mut self, takes_all: bool) -> Result<(), FetchError> {
        while let Some(first) = self.parked.first() {
            if !takes_all && !self.walk.is_due(&first) {
                break;
            }
            if let Some(arrived) = self.parked.pop_first().map_err(FetchError::Journal)? {
                self.deliver(arrived).await?;
            }
        }
        Ok(())
    }

    async fn deliver(&mut self, arrived: Arrived) -> Result<(), FetchError> {
        let taken = self.walk.take(&arrived.request, &arrived.facts());
        (self.observe)(progress(&self.walk));
        let delivery = Delivery { window: arrived.request.window, contacts: arrived.into_contacts(), taken };
        // A slow output must not cost the answers that come in the meantime.
        self.intake.meanwhile((self.deliver)(delivery)).await.map_err(|ReceiverGone| FetchError::ReceiverGone)
    }

    /// A request that failed for good is tried again last, as long as others succeed.
    fn give_up(&mut self, request: &Request, error: ApiError) -> Result<(), FetchError> {
        self.failures_in_a_row += 1;
        if !error.may_pass() || self.failures_in_a_row > self.settings.concurrency.get() {
            return Err(FetchError::Api(error));
        }
        if self.walk.failed(request) {
            tracing::warn!("{error}; it is tried again when the others are there");
            return Ok(());
        }
        if !self.settings.allow_missing_pages {
            return Err(FetchError::Api(error));
        }
        tracing::warn!("{error}; the output goes without it");
        self.walk.abandon(request);
        Ok(())
    }
}

/// The walk over a list that the server calls not found.
fn empty_walk(settings: &FetchSettings) -> Walk {
    let mut walk = Walk::new(settings.page_size, settings.consistency);
    let pagination = Pagination { total_count: Some(0), ..Pagination::default() };
    let request = Request { window: Window::first(settings.page_size), purpose: Purpose::Page };
    walk.note_out(&request);
    let facts = PageFacts {
        window: request.window,
        items: &[],
        pagination: &pagination,
        read_between: None,
        clock: None,
        session: 0,
        request_id: None,
    };
    walk.take(&request, &facts);
    walk
}

fn progress(walk: &Walk) -> Progress {
    let report = walk.report();
    Progress {
        pages: report.pages,
        planned_pages: walk.planned_pages(),
        contacts: report.contacts,
        total: report.total_last,
        is_healing: walk.is_healing(),
    }
}

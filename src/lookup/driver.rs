//! Runs a lookup: limits the requests in flight, restores the order of the ids, and saves responses in the journal.
//!
//! [`look_up`] fetches every id of the [`Queue`] from a [`RowSource`]. Fetching is the one concurrent stage.
//!
//! *Easy to get wrong:* while one id is slow or in backoff, the others must not run ahead without limit. At most
//! [`READ_AHEAD`] ids per slot are fetched ahead of the next one to deliver.
//!
//! Tested with a model in `lookup::tests`, and through the binary in `tests/it`.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use futures::FutureExt;
use futures::future::{LocalBoxFuture, OptionFuture};

use super::flight::{FOUND, Flight, NOT_FOUND};
use super::past::Past;
use super::queue::{AfterFailure, LookupAnswer, Queue};
use super::report::LookupReport;
use super::source::{FetchedRow, Looked, LookupFailure, RowSource};
use crate::base::plural::count_of;
use crate::journal::JournalSlot;

/// Responses held or in flight per slot: enough to bridge one slow response, and little memory.
const READ_AHEAD: usize = 4;

/// When unread ids are allowed, four times this many consecutive requests may fail, or four times the concurrency if that
/// is higher.
const MIN_TOLERATED: usize = 8;

/// How to look ids up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookupSettings {
    /// Maximum number of requests in flight.
    pub concurrency: NonZeroUsize,
    /// Whether ids that cannot be read are skipped instead of ending the run.
    pub allow_unread: bool,
}

/// Progress of a lookup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LookupProgress {
    /// Ids whose answers were delivered.
    pub delivered: usize,
    /// All ids.
    pub total: usize,
}

/// Why a lookup ended early.
#[derive(Debug)]
pub enum LookupError<E> {
    /// An id could not be read.
    Source(E),
    /// The receiver of the answers has stopped; it reports the reason itself.
    ReceiverGone,
    /// The journal cannot be read.
    Journal(std::io::Error),
}

/// Looks up every id and passes the answers to `deliver` in the order of the ids.
///
/// Answers in `journal.past` are not requested again, and every new one is saved with `journal.writer`. While `deliver`
/// waits, responses in flight are received, but no new requests are sent. `observe` is called after every delivery.
/// `deliver` breaks when the receiver of the answers has stopped. `keys` must be the same list as in the run that wrote
/// the journal, without duplicates.
///
/// # Errors
/// When an id or the journal cannot be read, or the receiver of the answers has stopped.
pub async fn look_up<S: RowSource>(
    source: &S,
    keys: &[S::Key],
    settings: LookupSettings,
    journal: &mut JournalSlot,
    deliver: impl AsyncFnMut(Looked<'_, S::Key, S::Row>) -> ControlFlow<()>,
    observe: impl FnMut(LookupProgress),
) -> Result<LookupReport, LookupError<S::Error>> {
    let past =
        journal.past.take().map(|past| Past::read(past, keys.len())).transpose().map_err(LookupError::Journal)?;
    let mut session = 0;
    if let Some(past) = &past {
        let (writer, resumed) = past.resume().map_err(LookupError::Journal)?;
        (journal.writer, session) = (Some(writer), resumed);
    }
    let flight = Flight::new(source, &mut journal.writer, session);
    let report = LookupReport { ids: keys.len(), ..LookupReport::default() };
    let queue = Queue::new(keys.len());
    let unreadable = 0;
    let driver = LookupDriver {
        source,
        keys,
        settings,
        past,
        queue,
        flight,
        deliver,
        observe,
        report,
        failures_in_a_row: 0,
        unreadable,
    };
    driver.run().await
}

struct LookupDriver<'a, S: RowSource, D, F> {
    source: &'a S,
    keys: &'a [S::Key],
    settings: LookupSettings,
    past: Option<Past>,
    queue: Queue<S::Row>,
    flight: Flight<'a, S>,
    deliver: D,
    observe: F,
    report: LookupReport,
    /// Consecutive failed requests.
    failures_in_a_row: usize,
    /// Answers in the journal that can no longer be read.
    unreadable: u64,
}

impl<S, D, F> LookupDriver<'_, S, D, F>
where
    S: RowSource,
    D: AsyncFnMut(Looked<'_, S::Key, S::Row>) -> ControlFlow<()>,
    F: FnMut(LookupProgress),
{
    /// Fetches everything in the queue concurrently.
    async fn run(mut self) -> Result<LookupReport, LookupError<S::Error>> {
        let (source, concurrency) = (self.source, self.settings.concurrency.get());
        let mut next_permit: Option<LocalBoxFuture<'_, S::Permit>> = None;
        loop {
            self.deliver_due().await?;
            let can_ask = self.flight.len() < concurrency && self.queue.next(self.read_ahead()).is_some();
            if !can_ask && self.flight.len() == 0 {
                break;
            }
            // A permit that is no longer needed must not delay others.
            next_permit = next_permit.filter(|_| can_ask).or_else(|| can_ask.then(|| source.permit().boxed_local()));
            // What to request is decided when it may be sent, because answers arrive while the rate limit delays
            // requests.
            tokio::select! {
                biased;
                Some((position, arrived)) = self.flight.next() => match arrived {
                    Ok(fetched) => self.take(position, fetched),
                    Err(error) => self.take_failure(position, error)?,
                },
                Some(permit) = OptionFuture::from(next_permit.as_mut()) => {
                    next_permit = None;
                    if let Some(position) = self.queue.next(self.read_ahead()) {
                        self.queue.note_sent(position);
                        self.flight.send(position, &self.keys[position], permit);
                    }
                }
            }
        }
        assert!(self.queue.is_finished(), "a lookup without further requests has every answer");
        self.warn_of_damage();
        Ok(self.report)
    }

    fn read_ahead(&self) -> usize {
        self.settings.concurrency.get().saturating_mul(READ_AHEAD)
    }

    fn take(&mut self, position: usize, fetched: Option<FetchedRow<S::Row>>) {
        self.failures_in_a_row = 0;
        let answer = fetched.map_or(LookupAnswer::NotFound, |fetched| {
            let [first, last] = &mut self.report.request_ids;
            if first.is_none() {
                first.clone_from(&fetched.request_id);
            }
            *last = fetched.request_id.or_else(|| last.take());
            LookupAnswer::Found(fetched.row)
        });
        self.queue.take(position, answer);
    }

    /// Delivers the answers that are due, and reads answers from the journal within the read-ahead limit.
    async fn deliver_due(&mut self) -> Result<(), LookupError<S::Error>> {
        loop {
            self.take_past().map_err(LookupError::Journal)?;
            let Some((position, answer)) = self.queue.pop_due() else { return Ok(()) };
            let key = &self.keys[position];
            match answer {
                LookupAnswer::Found(ref row) => {
                    self.report.found += 1;
                    self.report.cut += usize::from(!self.source.is_whole(row));
                }
                LookupAnswer::NotFound => self.report.not_found += 1,
                LookupAnswer::Unread => self.report.unread.push(key.to_string()),
            }
            // Responses must not time out because the output is slow.
            let delivering = (self.deliver)(Looked { position, key, answer });
            if self.flight.meanwhile(delivering).await.is_break() {
                return Err(LookupError::ReceiverGone);
            }
            (self.observe)(LookupProgress { delivered: position + 1, total: self.keys.len() });
        }
    }

    /// Takes the next ids' answers from earlier runs.
    fn take_past(&mut self) -> std::io::Result<()> {
        let Some(past) = &mut self.past else { return Ok(()) };
        let read_ahead = self.settings.concurrency.get().saturating_mul(READ_AHEAD);
        while let Some(position) = self.queue.next_new(read_ahead) {
            let Some(entry) = past.take(position)? else { break };
            let answer = match entry.question.kind {
                FOUND => self.source.read(&self.keys[position], &entry.body).map(LookupAnswer::Found),
                NOT_FOUND => Some(LookupAnswer::NotFound),
                _ => None,
            };
            let Some(answer) = answer else {
                self.unreadable += 1;
                break;
            };
            self.report.resumed += 1;
            self.queue.take(position, answer);
        }
        Ok(())
    }

    /// Retries a request once after its own retries are used up.
    fn take_failure(&mut self, position: usize, error: S::Error) -> Result<(), LookupError<S::Error>> {
        let key = &self.keys[position];
        let is_refused = error.is_row_refused();
        let may_continue = error.may_pass() || is_refused && self.settings.allow_unread;
        if !may_continue {
            return Err(LookupError::Source(error));
        }
        self.failures_in_a_row += 1;
        // When every request fails, the service is down.
        if self.failures_in_a_row > self.tolerated_failures() {
            return Err(LookupError::Source(error));
        }
        if !is_refused && self.queue.fail(position) == AfterFailure::Again {
            tracing::warn!(name: "page_postponed", "cannot read {key} for now; retrying later");
            return Ok(());
        }
        if !self.settings.allow_unread {
            return Err(LookupError::Source(error));
        }
        tracing::warn!(name: "page_missing", "cannot read {key}; continuing without it (--allow-unread)");
        self.queue.take(position, LookupAnswer::Unread);
        Ok(())
    }

    /// Consecutive failed requests before the service is considered down.
    fn tolerated_failures(&self) -> usize {
        let concurrency = self.settings.concurrency.get();
        // A caller that allows unread ids may have many of them.
        if self.settings.allow_unread { concurrency.max(MIN_TOLERATED) * 4 } else { concurrency }
    }

    fn warn_of_damage(&self) {
        let damaged = self.past.as_ref().map_or(0, Past::damaged) + self.unreadable;
        if damaged > 0 {
            let parts = count_of(damaged, "damaged part", "damaged parts");
            tracing::warn!(name: "journal_damaged", "skipped {parts} of the journal; their rows were fetched again");
        }
    }
}

//! A page source in memory: the second implementation of [`PageSource`], with latency and a request rate in virtual time.

use std::cell::RefCell;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use bytestring::ByteString;
use tokio::time::{Instant, sleep};

use super::answers::{ModelError, ModelPage, answer, kept_answer};
use super::world::ListModel;
use crate::base::noun::RowNoun;
use crate::journal::tests::key;
use crate::journal::{Engage, JournalSlot, JournalState, JournalWriter, read_journal};
use crate::listing::{
    Consistency, DeliveredPage, Fetched, PageSource, ReadError, ReadSettings, ReceiverGone, RowId, Walk, WalkReport,
    Window, read_list,
};
use crate::verdict::{Evidence, Verdict};

/// Which windows cannot be fetched.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FailingWindows {
    /// The share of requests that fail after all retries.
    pub(super) rate: f64,
    /// Rows of the initial list for whose windows every request fails, wherever these rows are.
    pub(super) broken_rows: usize,
    /// The number of the one request that fails after all retries.
    pub(super) nth: Option<u64>,
    /// The offset from which on the service refuses windows.
    pub(super) refused_from: Option<u64>,
    /// Whether the service refuses windows that begin after the end of the list.
    pub(super) refuses_after_end: bool,
}

/// The simulated service.
pub(super) struct ModelSource {
    world: RefCell<ListModel>,
    began: Instant,
    /// Maximum latency in each direction, in microseconds.
    latency: u64,
    /// Time between two requests, in microseconds.
    pace: u64,
    failures: FailingWindows,
    broken: HashSet<RowId>,
}

impl ModelSource {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap()
    }
}

impl PageSource for ModelSource {
    type Page = ModelPage;
    type Permit = ();
    type Error = ModelError;

    async fn permit(&self) {
        sleep(Duration::from_micros(self.pace)).await;
    }

    async fn fetch(&self, window: Window, (): ()) -> Result<Fetched<ModelPage>, ModelError> {
        // The list is read at a moment between sending the request and receiving the answer.
        let (there, back) = {
            let random = &mut self.world.borrow_mut().random;
            (random.u64(0..=self.latency), random.u64(0..=self.latency))
        };
        sleep(Duration::from_micros(there)).await;
        let (rows, paging, time) = {
            let mut world = self.world.borrow_mut();
            world.advance_to(self.now());
            world.answer(window)
        };
        sleep(Duration::from_micros(back)).await;
        let FailingWindows { rate, nth, refused_from, refuses_after_end, .. } = self.failures;
        let is_after_end = refuses_after_end && rows.is_empty() && window.page > 1;
        if is_after_end || refused_from.is_some_and(|offset| window.offset() >= offset) {
            return Err(ModelError::Refused);
        }
        let number = self.world.borrow().requests;
        // The first answer of a run decides whether there is a run at all.
        let may_fail = rate > 0.0 && number > 1;
        let is_broken = rows.iter().any(|key| self.broken.contains(&key.id));
        if is_broken || nth == Some(number) || (may_fail && self.world.borrow_mut().random.f64() < rate) {
            return Err(ModelError::Failed);
        }
        Ok(answer(rows, paging, time, there + back))
    }

    fn read(&self, _window: Window, body: &ByteString) -> Option<Fetched<ModelPage>> {
        kept_answer(body)
    }
}

/// The result of reading a list.
#[derive(Debug)]
pub(super) struct ReadOutcome {
    /// `None` if the run failed, which publishes nothing.
    pub(super) verdict: Option<Verdict>,
    pub(super) evidence: Vec<Evidence>,
    /// Rows that existed during the whole run and are not in the output.
    pub(super) lost: usize,
    /// Whether the rows are the first ones of the initial list, in its order.
    pub(super) is_prefix: bool,
    pub(super) requests: u64,
    /// Requests of a run that begins with the journal of this one when it had finished.
    pub(super) requests_after_end: u64,
    #[expect(dead_code, reason = "shown when a history fails")]
    pub(super) report: Option<WalkReport>,
}

/// How a list is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadScenario {
    pub(super) page_size: u32,
    pub(super) concurrency: usize,
    pub(super) latency: u64,
    pub(super) pace: u64,
    pub(super) consistency: Consistency,
    /// After how many pages each run is stopped, in order of the runs. The next run resumes after a minute.
    pub(super) stops: [Option<u64>; 2],
    /// Rows created before this are not requested.
    pub(super) not_before: Option<i64>,
    pub(super) failures: FailingWindows,
    pub(super) allow_missing_pages: bool,
    pub(super) limit: Option<u64>,
}

/// Reads the list with the real driver, in as many runs as it takes.
pub(super) fn read(mut world: ListModel, reading: ReadScenario) -> ReadOutcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let ReadScenario { latency, pace, stops, failures, .. } = reading;
        let initial = world.initial_ids();
        let mut broken = HashSet::new();
        for _ in 0..failures.broken_rows {
            broken.extend(initial.get(world.random.usize(0..initial.len().max(1))));
        }
        let source = ModelSource { world: RefCell::new(world), began: Instant::now(), latency, pace, failures, broken };
        source.world.borrow_mut().begin();
        let folder = stops[0].map(|_| tempfile::tempdir().unwrap());
        let path = folder.as_ref().map(|folder| folder.path().join("j"));
        let mut rows = Vec::new();
        let mut ended = RunEnd::Stopped;
        for stop in stops.into_iter().flatten().map(Some).chain([None]) {
            rows.clear();
            ended = run_once(&source, reading, path.as_deref(), stop, &mut rows).await;
            if !matches!(ended, RunEnd::Stopped) {
                break;
            }
            sleep(Duration::from_secs(60)).await;
        }
        let requests = source.world.borrow().requests;
        if let (RunEnd::Finished(_), Some(path)) = (&ended, &path) {
            run_once(&source, reading, Some(path), None, &mut Vec::new()).await;
        }
        let world = source.world.into_inner();
        let requests_after_end = world.requests - requests;
        let unique: HashSet<RowId> = rows.iter().copied().collect();
        assert_eq!(unique.len(), rows.len(), "no row is delivered twice");
        assert!(unique.is_subset(&world.ever), "every delivered row existed at some time");
        // Rows created before the span are neither requested nor delivered.
        let is_requested = |id: &&RowId| reading.not_before.is_none_or(|bound| world.created_at(**id) >= bound);
        assert!(unique.iter().all(|id| is_requested(&id)), "no row before the span is delivered");
        let lost = world.throughout.difference(&unique).filter(is_requested).count();
        let (verdict, evidence, report) = match ended {
            RunEnd::Finished(walk) => {
                let (verdict, evidence) = walk.verdict(RowNoun { one: "row", many: "rows" });
                (Some(verdict), evidence, Some(walk.report().clone()))
            }
            RunEnd::Failed => (None, Vec::new(), None),
            RunEnd::Stopped => panic!("the last run is not stopped"),
        };
        let is_prefix = initial.starts_with(&rows);
        ReadOutcome { verdict, evidence, lost, is_prefix, requests, requests_after_end, report }
    })
}

/// How a run ended.
enum RunEnd {
    Finished(Box<Walk>),
    Stopped,
    Failed,
}

/// One run, with the journal at `path`.
async fn run_once(
    source: &ModelSource,
    reading: ReadScenario,
    path: Option<&Path>,
    stop: Option<u64>,
    rows: &mut Vec<RowId>,
) -> RunEnd {
    let ReadScenario { page_size, concurrency, consistency, allow_missing_pages, limit, .. } = reading;
    let concurrency = NonZeroUsize::new(concurrency).unwrap();
    let settings = ReadSettings {
        page_size,
        concurrency,
        consistency,
        allow_missing_pages,
        limit,
        recount_delay: Duration::from_millis(500),
        not_before: reading.not_before,
    };
    let mut journal = JournalSlot::default();
    if let Some(path) = path {
        match read_journal(path, &key()).unwrap() {
            JournalState::Usable(past) => journal.past = Some(*past),
            _ => journal.writer = Some(JournalWriter::new(path.to_owned(), &key(), 1, Engage::AtOnce)),
        }
    }
    // Pages of earlier runs are delivered again at once. Only those that this run reads count.
    let mut pages = journal.past.as_ref().map_or(0, |_| source.world.borrow().requests);
    let last = stop.map(|stop| source.world.borrow().requests + stop);
    let deliver = async |delivery: DeliveredPage<ModelPage>| {
        pages = pages.max(source.world.borrow().requests);
        if last.is_some_and(|last| pages >= last) {
            return Err(ReceiverGone);
        }
        let kept = delivery.page.0.iter().flatten().zip(&delivery.taken.keep);
        rows.extend(kept.filter(|&(_, &kept)| kept).map(|(key, _)| key.id));
        Ok(())
    };
    let read = read_list(source, &settings, &mut journal, deliver, |_| {}).await;
    journal.writer.and_then(JournalWriter::keep);
    match read {
        Ok(walk) => RunEnd::Finished(Box::new(walk)),
        Err(ReadError::ReceiverGone) => RunEnd::Stopped,
        Err(ReadError::Source(ModelError::Failed) | ReadError::RefusedFrom { .. }) => RunEnd::Failed,
        Err(error) => panic!("{error:?}"),
    }
}

//! A page source that answers by a function of the test, with latencies that differ from page to page.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::time::Duration;

use bytestring::ByteString;
use tokio::time::sleep;

use super::answers::{ModelError, ModelPage, answer, kept_answer};
use crate::base::noun::RowNoun;
use crate::journal::tests::key;
use crate::journal::{Engage, JournalSlot, JournalState, JournalWriter, read_journal};
use crate::listing::{
    Consistency, DeliveredPage, Fetched, PageSource, Paging, ReadError, ReadProgress, ReadSettings, ReceiverGone,
    RowId, RowKey, Window, read_list,
};
use crate::verdict::{EvidenceCode, Verdict};

/// An answer: the numbers of its rows from 0, and what it says about the list.
pub(super) type ServiceAnswer = Result<(std::ops::Range<u64>, Paging), ModelError>;

/// A window of a list with this many rows.
pub(super) fn window_of(total: u64, window: Window) -> (std::ops::Range<u64>, Paging) {
    let (from, to) = (window.offset().min(total), window.end().min(total));
    let paging = Paging {
        page: Some(window.page),
        page_size: Some(window.size),
        total_count: Some(total),
        has_more: Some(to < total),
    };
    (from..to, paging)
}

/// The service. Its function takes the number of the request, from 1, and the window.
pub(super) struct ScriptedList<F> {
    answer: F,
    pub(super) requests: RefCell<Vec<Window>>,
    /// How long a window takes, in milliseconds. Later pages are often answered first.
    pub(super) latency: fn(Window) -> u64,
    /// This page takes a minute, and the number of requests sent until then is noted.
    pub(super) slow_page: Option<u64>,
    pub(super) sent_meanwhile: RefCell<usize>,
}

impl<F: Fn(usize, Window) -> ServiceAnswer> ScriptedList<F> {
    pub(super) fn new(answer: F) -> Self {
        let latency = |window: Window| window.page * 7_919 % 13 * 10;
        Self { answer, requests: RefCell::default(), latency, slow_page: None, sent_meanwhile: RefCell::default() }
    }
}

impl<F: Fn(usize, Window) -> ServiceAnswer> PageSource for ScriptedList<F> {
    type Page = ModelPage;
    type Permit = ();
    type Error = ModelError;

    async fn permit(&self) {}

    async fn fetch(&self, window: Window, (): ()) -> Result<Fetched<ModelPage>, ModelError> {
        let number = {
            let mut requests = self.requests.borrow_mut();
            requests.push(window);
            requests.len()
        };
        sleep(Duration::from_millis((self.latency)(window))).await;
        if self.slow_page == Some(window.page) {
            sleep(Duration::from_secs(60)).await;
            *self.sent_meanwhile.borrow_mut() = self.requests.borrow().len();
        }
        let (rows, paging) = (self.answer)(number, window)?;
        let key = |number: u64| RowKey { id: RowId(number.into()), created_at: Some(1), updated_at: None };
        Ok(answer(rows.map(key).collect(), paging, 1_000_000_000_000_000, 1))
    }

    fn read(&self, _window: Window, body: &ByteString) -> Option<Fetched<ModelPage>> {
        kept_answer(body)
    }
}

/// The result of reading a list.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Numbers of the delivered rows, in the order of the output.
    pub(super) rows: Vec<u64>,
    pub(super) requests: Vec<Window>,
    pub(super) verdict: Verdict,
    pub(super) codes: Vec<EvidenceCode>,
    pub(super) missing: Vec<[u64; 2]>,
    pub(super) progress: Vec<ReadProgress>,
}

/// Settings with `concurrency` requests in flight.
pub(super) fn settings(consistency: Consistency, page_size: u32, concurrency: usize) -> ReadSettings {
    let concurrency = NonZeroUsize::new(concurrency).unwrap();
    let recount_delay = Duration::from_millis(500);
    let (allow_missing_pages, not_before, limit) = (false, None, None);
    ReadSettings { page_size, concurrency, consistency, allow_missing_pages, not_before, recount_delay, limit }
}

/// Reads the list with the real driver, in virtual time.
pub(super) fn read<F: Fn(usize, Window) -> ServiceAnswer>(
    service: &ScriptedList<F>,
    settings: &ReadSettings,
) -> Result<Outcome, ReadError<ModelError>> {
    read_once(service, settings, &mut JournalSlot::default(), usize::MAX)
}

/// The same in two runs: the first one is stopped after `pages` were delivered, and the second one resumes it.
pub(super) fn read_in_two_runs<F: Fn(usize, Window) -> ServiceAnswer>(
    service: &ScriptedList<F>,
    settings: &ReadSettings,
    pages: usize,
) -> Result<Outcome, ReadError<ModelError>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let writer = JournalWriter::new(path.clone(), &key(), 1, Engage::AtOnce);
    let mut journal = JournalSlot { past: None, writer: Some(writer) };
    let stopped = read_once(service, settings, &mut journal, pages);
    assert!(matches!(stopped, Err(ReadError::ReceiverGone)), "{stopped:?}");
    journal.writer.and_then(JournalWriter::keep);
    let JournalState::Usable(past) = read_journal(&path, &key()).unwrap() else { panic!("the journal is usable") };
    read_once(service, settings, &mut JournalSlot { past: Some(*past), writer: None }, usize::MAX)
}

fn read_once<F: Fn(usize, Window) -> ServiceAnswer>(
    service: &ScriptedList<F>,
    settings: &ReadSettings,
    journal: &mut JournalSlot,
    mut pages: usize,
) -> Result<Outcome, ReadError<ModelError>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let (mut rows, mut progress) = (Vec::new(), Vec::new());
    let deliver = async |delivery: DeliveredPage<ModelPage>| {
        pages = pages.checked_sub(1).ok_or(ReceiverGone)?;
        let kept = delivery.page.0.iter().flatten().zip(&delivery.taken.keep);
        rows.extend(kept.filter(|&(_, &kept)| kept).map(|(key, _)| u64::try_from(key.id.0).unwrap()));
        Ok(())
    };
    let observe = |now: ReadProgress| progress.push(now);
    let walk = runtime.block_on(read_list(service, settings, journal, deliver, observe))?;
    let (verdict, evidence) = walk.verdict(RowNoun { one: "row", many: "rows" });
    let codes = evidence.iter().map(|line| line.code).collect();
    let (requests, missing) = (service.requests.borrow().clone(), walk.report().missing_ranges());
    Ok(Outcome { rows, requests, verdict, codes, missing, progress })
}

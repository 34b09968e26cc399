//! A page source in memory: the second implementation of [`PageSource`], with latency and a pace in virtual time.

use std::cell::RefCell;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::time::Duration;

use bytestring::ByteString;
use tokio::time::{Instant, sleep};

use super::world::World;
use crate::listing::{
    Consistency, Delivery, Fetched, JournalSlot, ListPage, PageSource, ReadSettings, RowId, RowKey, RowNoun,
    SourceError, WalkReport, Window, read_list,
};
use crate::verdict::{Evidence, Verdict};

/// A page of the model.
pub(super) struct ModelPage(Vec<Option<RowKey>>);

impl ListPage for ModelPage {
    fn items(&self) -> &[Option<RowKey>] {
        &self.0
    }
}

/// The model never fails.
#[derive(Debug)]
pub(super) enum ModelError {}

impl SourceError for ModelError {
    fn may_pass(&self) -> bool {
        match *self {}
    }
    fn is_window_refused(&self) -> bool {
        match *self {}
    }
    fn smaller_page_size(&self, _size: u32) -> Option<u32> {
        match *self {}
    }
    fn is_empty_list(&self) -> bool {
        match *self {}
    }
}

/// The service.
pub(super) struct ModelSource {
    world: RefCell<World>,
    began: Instant,
    /// Longest time that an answer takes, in microseconds.
    latency: u64,
    /// Time between two requests, in microseconds.
    pace: u64,
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
        Ok(Fetched {
            page: ModelPage(rows.into_iter().map(Some).collect()),
            paging,
            request_id: None,
            answered_at: Some(time),
            elapsed_micros: there + back,
            body: ByteString::new(),
        })
    }

    fn read(&self, _window: Window, _body: &ByteString) -> Option<Fetched<ModelPage>> {
        None
    }
}

/// What came of reading a list.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) evidence: Vec<Evidence>,
    /// Rows that were there all the time and are not in the output.
    pub(super) lost: usize,
    pub(super) requests: u64,
    #[expect(dead_code, reason = "shown when a history fails")]
    pub(super) report: WalkReport,
}

/// How a list is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) page_size: u32,
    pub(super) concurrency: usize,
    pub(super) latency: u64,
    pub(super) pace: u64,
    pub(super) consistency: Consistency,
}

/// Reads the list with the real driver.
pub(super) fn read(world: World, reading: Reading) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let Reading { page_size, concurrency, latency, pace, consistency } = reading;
        let source = ModelSource { world: RefCell::new(world), began: Instant::now(), latency, pace };
        source.world.borrow_mut().begin();
        let concurrency = NonZeroUsize::new(concurrency).unwrap();
        let settings = ReadSettings { page_size, concurrency, consistency, allow_missing_pages: false };
        let mut read: Vec<RowId> = Vec::new();
        let deliver = async |delivery: Delivery<ModelPage>| {
            let rows = delivery.page.0.iter().flatten().zip(&delivery.taken.keep);
            read.extend(rows.filter(|&(_, &kept)| kept).map(|(key, _)| key.id));
            Ok(())
        };
        let mut journal = JournalSlot::default();
        let walk = read_list(&source, &settings, &mut journal, deliver, |_| {})
            .await
            .unwrap_or_else(|error| panic!("{error:?}"));
        let world = source.world.into_inner();
        let unique: HashSet<RowId> = read.iter().copied().collect();
        assert_eq!(unique.len(), read.len(), "no row is delivered twice");
        assert!(unique.is_subset(&world.ever), "no row is invented");
        let (verdict, evidence) = walk.verdict(RowNoun { one: "row", many: "rows" });
        let lost = world.throughout.difference(&unique).count();
        Outcome { verdict, evidence, lost, requests: world.requests, report: walk.report().clone() }
    })
}

//! Runs the real driver against an in-memory service: every id is answered once and in order, even if requests fail, runs
//! are stopped or the output is slow.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::ops::ControlFlow::{Break, Continue};
use std::path::Path;
use std::time::Duration;

use bytestring::ByteString;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::*;
use crate::api::{Permit, RateLimiter, RequestRate, Reserve};
use crate::journal::tests::key;
use crate::journal::{Engage, JournalSlot, JournalState, JournalWriter, read_journal};
use crate::verdict::Verdict;

/// Why the model does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ModelFailure {
    NotFound,
    Refused,
    Passing,
    Final,
}

impl LookupFailure for ModelFailure {
    fn is_not_found(&self) -> bool {
        *self == Self::NotFound
    }
    fn may_pass(&self) -> bool {
        *self == Self::Passing
    }
    fn is_row_refused(&self) -> bool {
        *self == Self::Refused
    }
}

/// The simulated service, which answers with the number of the id after a delay.
struct Model {
    limiter: RateLimiter,
    random: RefCell<fastrand::Rng>,
    /// How the next requests for an id fail, and how many of them do.
    trouble: RefCell<HashMap<usize, (ModelFailure, usize)>>,
    requested: RefCell<Vec<usize>>,
    in_flight: Cell<usize>,
    most_in_flight: Cell<usize>,
}

impl Model {
    fn new(seed: u64) -> Self {
        Self::with_rate(seed, None)
    }

    fn with_rate(seed: u64, rate: Option<RequestRate>) -> Self {
        Self {
            limiter: RateLimiter::new(rate, Reserve::default()),
            random: RefCell::new(fastrand::Rng::with_seed(seed)),
            trouble: RefCell::default(),
            requested: RefCell::default(),
            in_flight: Cell::new(0),
            most_in_flight: Cell::new(0),
        }
    }

    fn with_trouble(self, position: usize, trouble: ModelFailure, times: usize) -> Self {
        self.trouble.borrow_mut().insert(position, (trouble, times));
        self
    }

    fn trouble_of(&self, position: usize) -> Option<ModelFailure> {
        let mut all = self.trouble.borrow_mut();
        let (trouble, times) = all.get_mut(&position).filter(|(_, times)| *times > 0)?;
        *times -= 1;
        Some(*trouble)
    }
}

impl RowSource for Model {
    type Key = Uuid;
    type Row = usize;
    type Permit = Permit;
    type Error = ModelFailure;

    async fn permit(&self) -> Permit {
        self.limiter.ready().await
    }

    async fn fetch(&self, id: &Uuid, _permit: Permit) -> Result<FetchedRow<usize>, ModelFailure> {
        let position = usize::try_from(id.as_u128()).unwrap();
        self.requested.borrow_mut().push(position);
        self.in_flight.set(self.in_flight.get() + 1);
        self.most_in_flight.set(self.most_in_flight.get().max(self.in_flight.get()));
        let millis = self.random.borrow_mut().u64(1..400);
        sleep(Duration::from_millis(millis)).await;
        self.in_flight.set(self.in_flight.get() - 1);
        match self.trouble_of(position) {
            Some(trouble) => Err(trouble),
            None => Ok(FetchedRow {
                row: position,
                request_id: Some(format!("req_{position}")),
                answered_at: Some(7),
                elapsed_micros: millis * 1000,
                body: position.to_string().into(),
            }),
        }
    }

    fn read(&self, _id: &Uuid, body: &ByteString) -> Option<usize> {
        body.parse().ok()
    }
}

/// The result of a lookup.
struct EndedLookup {
    answers: Vec<LookupAnswer<usize>>,
    result: Result<LookupReport, LookupError<ModelFailure>>,
}

impl EndedLookup {
    fn report(&self) -> &LookupReport {
        self.result.as_ref().expect("the lookup succeeded")
    }
}

const SETTINGS: LookupSettings = LookupSettings { concurrency: NonZeroUsize::new(8).unwrap(), allow_unread: false };

fn ids(count: usize) -> Vec<Uuid> {
    (0..count as u128).map(Uuid::from_u128).collect()
}

async fn run(model: &Model, count: usize, settings: LookupSettings, journal: &mut JournalSlot) -> EndedLookup {
    let mut answers = Vec::new();
    let deliver = async |looked: Looked<'_, Uuid, usize>| {
        assert_eq!((looked.position, *looked.key), (answers.len(), Uuid::from_u128(answers.len() as u128)));
        answers.push(looked.answer);
        Continue::<()>(())
    };
    let result = look_up(model, &ids(count), settings, journal, deliver, |_| {}).await;
    EndedLookup { answers, result }
}

fn all_found(count: usize) -> Vec<LookupAnswer<usize>> {
    (0..count).map(LookupAnswer::Found).collect()
}

#[tokio::test(start_paused = true)]
async fn answers_come_in_the_order_of_the_ids_and_each_is_requested_once() {
    for (seed, count) in [(1, 0), (2, 1), (3, 500)] {
        let model = Model::new(seed);
        let ended = run(&model, count, SETTINGS, &mut JournalSlot::default()).await;
        assert_eq!(ended.answers, all_found(count));
        assert_eq!(model.requested.borrow().len(), count);
        assert!(model.most_in_flight.get() <= 8 && (count < 8 || model.most_in_flight.get() == 8));
        assert_eq!(ended.report().verdict().0, Verdict::Complete);
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_no_row_has_is_an_answer() {
    let model = Model::new(1).with_trouble(3, ModelFailure::NotFound, 9).with_trouble(99, ModelFailure::NotFound, 9);
    let ended = run(&model, 100, SETTINGS, &mut JournalSlot::default()).await;
    let mut wanted = all_found(100);
    (wanted[3], wanted[99]) = (LookupAnswer::NotFound, LookupAnswer::NotFound);
    assert_eq!(ended.answers, wanted);
    assert_eq!((ended.report().found, ended.report().not_found), (98, 2));
    assert_eq!(model.requested.borrow().len(), 100, "another request would return the same answer");
    assert_eq!(ended.report().verdict().0, Verdict::Complete);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_fails_is_requested_once_more_and_the_others_wait_for_it() {
    let model = Model::new(1).with_trouble(3, ModelFailure::Passing, 1);
    let ended = run(&model, 500, SETTINGS, &mut JournalSlot::default()).await;
    assert_eq!(ended.answers, all_found(500));
    let requested = model.requested.borrow();
    let again = requested.iter().rposition(|&position| position == 3).unwrap();
    assert!(
        requested[..again].iter().all(|&position| position < 3 + 8 * 4),
        "no further ahead than the read-ahead limit"
    );
}

#[tokio::test(start_paused = true)]
async fn an_id_that_keeps_failing_ends_the_run_unless_that_is_allowed() {
    for trouble in [ModelFailure::Passing, ModelFailure::Refused] {
        let model = Model::new(1).with_trouble(3, trouble, 9);
        let ended = run(&model, 100, SETTINGS, &mut JournalSlot::default()).await;
        assert!(matches!(ended.result, Err(LookupError::Source(error)) if error == trouble));
        let model = Model::new(1).with_trouble(3, trouble, 9);
        let allowing = LookupSettings { allow_unread: true, ..SETTINGS };
        let ended = run(&model, 100, allowing, &mut JournalSlot::default()).await;
        let mut wanted = all_found(100);
        wanted[3] = LookupAnswer::Unread;
        assert_eq!(ended.answers, wanted);
        assert_eq!(ended.report().unread, [Uuid::from_u128(3).to_string()]);
        assert_eq!(ended.report().verdict().0, Verdict::Unverified);
    }
    let model = Model::new(1).with_trouble(3, ModelFailure::Final, 9);
    let ended = run(&model, 100, LookupSettings { allow_unread: true, ..SETTINGS }, &mut JournalSlot::default()).await;
    assert!(
        matches!(ended.result, Err(LookupError::Source(ModelFailure::Final))),
        "an error such as a wrong API key concerns every id"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lookup_ends_soon_when_the_service_is_down() {
    for allow_unread in [false, true] {
        let mut model = Model::new(1);
        for position in 50..10_000 {
            model = model.with_trouble(position, ModelFailure::Passing, 9);
        }
        let ended = run(&model, 10_000, LookupSettings { allow_unread, ..SETTINGS }, &mut JournalSlot::default()).await;
        assert!(matches!(ended.result, Err(LookupError::Source(ModelFailure::Passing))));
        assert!(model.requested.borrow().len() < 50 + 8 * 10, "{}", model.requested.borrow().len());
    }
}

fn journal_at(path: &Path) -> JournalSlot {
    match read_journal(path, &key()).unwrap() {
        JournalState::Usable(past) => JournalSlot { past: Some(*past), writer: None },
        JournalState::None => {
            let writer = JournalWriter::new(path.to_owned(), &key(), 7, Engage::AtOnce);
            JournalSlot { past: None, writer: Some(writer) }
        }
        JournalState::Unusable(why) => panic!("{why}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_is_stopped_repeatedly_repeats_only_requests_in_flight() {
    const IDS: usize = 400;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let model = Model::new(5).with_trouble(40, ModelFailure::NotFound, 9);
    let mut stops = 0;
    let ended = loop {
        let mut journal = journal_at(&path);
        let limit = Duration::from_millis(700 + 100 * stops);
        let outcome = tokio::time::timeout(limit, run(&model, IDS, SETTINGS, &mut journal)).await;
        // As when the process is killed: requests in flight are lost, and the journal is not closed.
        drop(journal);
        match outcome {
            Ok(ended) => break ended,
            Err(_) => stops += 1,
        }
    };
    assert!(stops >= 5, "{stops}");
    let mut wanted = all_found(IDS);
    wanted[40] = LookupAnswer::NotFound;
    assert_eq!(ended.answers, wanted);
    assert!(ended.report().resumed > 200);
    let requested = model.requested.borrow();
    let twice = requested.len() - requested.iter().collect::<HashSet<_>>().len();
    assert!(twice as u64 <= stops * 8, "{twice} ids twice after {stops} stops");
}

#[tokio::test(start_paused = true)]
async fn unreadable_journal_entries_are_requested_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let model = Model::new(1);
    run(&model, 50, SETTINGS, &mut journal_at(&path)).await;
    // One record is damaged, and another has a kind that no version of this program writes.
    let mut bytes = std::fs::read(&path).unwrap();
    let starts: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, four)| four == b"SJR1").map(|(at, _)| at).collect();
    bytes[starts[10] + 20] ^= 0x55;
    std::fs::write(&path, bytes).unwrap();
    let mut writer = JournalSlot::default();
    if let JournalSlot { past: Some(mut past), .. } = journal_at(&path) {
        while past.next_entry().unwrap().is_some() {}
        writer.writer = Some(past.resume().unwrap().0);
    }
    let question = crate::journal::Question { kind: FUTURE_KIND, page: 20, size: 1 };
    let entry =
        crate::journal::Entry { session: 1, question, elapsed_micros: 0, answered_at: 0, body: ByteString::new() };
    writer.writer.as_mut().unwrap().append(entry);
    drop(writer);
    let model = Model::new(2);
    let ended = run(&model, 50, SETTINGS, &mut journal_at(&path)).await;
    assert_eq!(ended.answers, all_found(50));
    assert_eq!((model.requested.borrow().len(), ended.report().resumed), (2, 48));
}

const FUTURE_KIND: u8 = 200;

#[tokio::test(start_paused = true)]
async fn the_whole_quota_is_used_and_no_more() {
    // 1,200 a minute with a burst of 50, one of them in reserve.
    let rate = RequestRate::new(1200, Duration::from_secs(60), 50);
    let model = Model::with_rate(1, rate);
    let began = Instant::now();
    let ended = run(&model, 3000, SETTINGS, &mut JournalSlot::default()).await;
    assert_eq!(ended.answers.len(), 3000);
    let bucket = f64::from(3000 - 49) / 20.0;
    let took = began.elapsed().as_secs_f64();
    assert!((bucket..bucket * 1.03).contains(&took), "{took} s for {bucket} s of quota");
}

#[tokio::test(start_paused = true)]
async fn a_slow_receiver_stops_requests_and_loses_no_answer() {
    let model = Model::new(1);
    let mut delivered = 0;
    let deliver = async |_: Looked<'_, Uuid, usize>| {
        delivered += 1;
        sleep(Duration::from_secs(10)).await;
        assert_eq!(model.in_flight.get(), 0, "answers in flight were received");
        assert!(model.requested.borrow().len() <= delivered + 8 * 4);
        Continue::<()>(())
    };
    let report = look_up(&model, &ids(60), SETTINGS, &mut JournalSlot::default(), deliver, |_| {}).await.unwrap();
    assert_eq!((report.found, model.requested.borrow().len()), (60, 60));
}

#[tokio::test(start_paused = true)]
async fn a_closed_receiver_ends_the_lookup() {
    let model = Model::new(1);
    let deliver = async |looked: Looked<'_, Uuid, usize>| if looked.position < 10 { Continue(()) } else { Break(()) };
    let ended = look_up(&model, &ids(10_000), SETTINGS, &mut JournalSlot::default(), deliver, |_| {}).await;
    assert!(matches!(ended, Err(LookupError::ReceiverGone)));
    assert!(model.requested.borrow().len() < 60);
}

//! A server in memory whose list moves, and a driver that brings its answers in any order: a walk without HTTP.

use std::collections::{BTreeMap, HashSet};

use crate::api::wire::Pagination;
use crate::contacts::{ContactId, RowKey};
use crate::verdict::Verdict;

use super::{Consistency, PageFacts, Purpose, Request, Walk, WalkReport};

/// How the list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    CreatedAscending,
    CreatedDescending,
    RandomKey,
    UpdatedAscending,
    UpdatedDescending,
    /// Another one for each answer, among 250 neighbours.
    Unstable,
}

pub(super) const STABLE_ORDERS: [Order; 5] = [
    Order::CreatedAscending,
    Order::CreatedDescending,
    Order::RandomKey,
    Order::UpdatedAscending,
    Order::UpdatedDescending,
];

/// How often the list moves before each answer, on average.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rates {
    pub(super) create: f64,
    pub(super) delete: f64,
    pub(super) update: f64,
    /// One goes and another one comes in the same moment.
    pub(super) replace: f64,
}

/// The server.
pub(super) struct Server {
    pub(super) rows: Vec<RowKey>,
    pub(super) order: Order,
    pub(super) cap: u32,
    /// Contacts that have been in the list all the time.
    pub(super) throughout: HashSet<u128>,
    /// All contacts there ever were.
    pub(super) ever: HashSet<u128>,
    /// Microseconds; every answer and every change takes a tick.
    pub(super) clock: i64,
    /// As under the documented limit of 200 answers a minute.
    pub(super) tick: i64,
    /// How far the clock that dates contacts is ahead of the one that dates answers.
    pub(super) skew: i64,
    pub(super) requests: u64,
    pub(super) next_id: u128,
    pub(super) random: fastrand::Rng,
}

impl Server {
    pub(super) fn new(contacts: u32, order: Order, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let row = |at: u32| RowKey {
            id: ContactId(u128::from(at) + 1),
            created_at: Some(i64::from(at)),
            updated_at: at.is_multiple_of(3).then_some(i64::from(at) + 5),
        };
        let mut rows: Vec<RowKey> = (0..contacts).map(row).collect();
        match order {
            Order::CreatedDescending | Order::UpdatedDescending => rows.reverse(),
            Order::RandomKey => random.shuffle(&mut rows),
            _ => {}
        }
        let throughout: HashSet<u128> = rows.iter().map(|row| row.id.0).collect();
        let (next_id, clock) = (u128::from(contacts) + 1, 1_000_000_000_000);
        Self {
            rows,
            order,
            cap: 100,
            ever: throughout.clone(),
            throughout,
            clock,
            tick: 300_000,
            skew: 0,
            requests: 0,
            next_id,
            random,
        }
    }

    pub(super) fn create(&mut self) {
        let row = RowKey { id: ContactId(self.next_id), created_at: Some(self.clock + self.skew), updated_at: None };
        self.next_id += 1;
        self.ever.insert(row.id.0);
        self.insert(row);
    }

    fn insert(&mut self, row: RowKey) {
        let at = match self.order {
            Order::CreatedAscending | Order::UpdatedAscending | Order::Unstable => self.rows.len(),
            Order::CreatedDescending | Order::UpdatedDescending => 0,
            Order::RandomKey => self.random.usize(0..=self.rows.len()),
        };
        self.rows.insert(at, row);
    }

    pub(super) fn delete(&mut self, at: usize) {
        if at < self.rows.len() {
            let row = self.rows.remove(at);
            self.throughout.remove(&row.id.0);
        }
    }

    pub(super) fn update(&mut self, at: usize) {
        let Some(row) = self.rows.get_mut(at) else { return };
        row.updated_at = Some(self.clock + self.skew);
        if matches!(self.order, Order::UpdatedAscending | Order::UpdatedDescending) {
            let row = self.rows.remove(at);
            self.insert(row);
        }
    }

    /// A row for a change, near the window that is asked for in half of the cases: there it does the most harm.
    fn some_row(&mut self, request: &Request) -> usize {
        let near = usize::try_from(request.window.offset()).unwrap();
        let at = if self.random.bool() { near.saturating_sub(150) + self.random.usize(0..300) } else { usize::MAX };
        if at < self.rows.len() { at } else { self.random.usize(0..self.rows.len().max(1)) }
    }

    fn draw(&mut self, rate: f64) -> usize {
        let mut count = 0;
        while count < 50 && self.random.f64() < rate / (1.0 + rate) {
            count += 1;
        }
        count
    }

    pub(super) fn move_before(&mut self, request: &Request, rates: Rates) {
        for _ in 0..self.draw(rates.create) {
            self.clock += self.tick;
            self.create();
        }
        for _ in 0..self.draw(rates.delete) {
            let at = self.some_row(request);
            self.delete(at);
        }
        for _ in 0..self.draw(rates.update) {
            self.clock += self.tick;
            let at = self.some_row(request);
            self.update(at);
        }
        for _ in 0..self.draw(rates.replace) {
            self.clock += self.tick;
            let at = self.some_row(request);
            self.delete(at);
            self.create();
        }
    }

    pub(super) fn answer(&mut self, request: &Request) -> Answer {
        self.requests += 1;
        self.clock += self.tick;
        let size = request.window.size.min(self.cap);
        let start = usize::try_from((request.window.page - 1) * u64::from(size)).unwrap().min(self.rows.len());
        let end = (start + size as usize).min(self.rows.len());
        let mut rows = self.rows.clone();
        if self.order == Order::Unstable {
            rows.chunks_mut(250).for_each(|ties| self.random.shuffle(ties));
        }
        let total = self.rows.len() as u64;
        let pagination = Pagination {
            page: Some(request.window.page),
            page_size: Some(size),
            total_count: Some(total),
            total_pages: Some(total.div_ceil(u64::from(size))),
            has_more: Some(end < self.rows.len()),
        };
        Answer { items: rows[start..end].iter().copied().map(Some).collect(), pagination, read_at: self.clock }
    }
}

/// What the server said to one request.
pub(super) struct Answer {
    pub(super) items: Vec<Option<RowKey>>,
    pub(super) pagination: Pagination,
    pub(super) read_at: i64,
}

struct InFlight {
    request: Request,
    sent_at: i64,
    answer: Option<Answer>,
}

/// What came of a walk.
pub(super) struct Outcome {
    pub(super) taken: Vec<u128>,
    pub(super) verdict: Verdict,
    pub(super) evidence: Vec<String>,
    pub(super) report: WalkReport,
    /// Contacts that were there all the time and are not in the output.
    pub(super) missing: usize,
}

/// Walks the list with so many requests in flight, answered and brought in any order; `between` may do more to the list.
pub(super) fn walk(
    server: &mut Server,
    concurrency: usize,
    consistency: Consistency,
    rates: Rates,
    mut between: impl FnMut(&mut Server, u64),
) -> Outcome {
    let mut walk = Walk::new(100, consistency);
    let mut in_flight: Vec<InFlight> = Vec::new();
    let mut parked: BTreeMap<u64, InFlight> = BTreeMap::new();
    let mut taken = Vec::new();
    let ahead = 4 * concurrency as u64;
    loop {
        while in_flight.len() < concurrency {
            let Some(request) = walk.next_request(ahead) else { break };
            walk.note_out(&request);
            in_flight.push(InFlight { request, sent_at: server.clock, answer: None });
        }
        if in_flight.is_empty() {
            break;
        }
        let at = server.random.usize(0..in_flight.len());
        if in_flight[at].answer.is_none() {
            let request = in_flight[at].request;
            server.move_before(&request, rates);
            between(server, server.requests + 1);
            in_flight[at].answer = Some(server.answer(&request));
            continue;
        }
        let arrived = in_flight.swap_remove(at);
        with_facts(&arrived, |facts| walk.note_arrival(&arrived.request, facts));
        if walk.is_due(&arrived.request) {
            take(&mut walk, &arrived, &mut taken);
        } else {
            parked.insert(arrived.request.window.page, arrived);
        }
        while let Some((_, first)) = parked.first_key_value()
            && walk.is_due(&first.request)
        {
            let (_, first) = parked.pop_first().unwrap();
            take(&mut walk, &first, &mut taken);
        }
    }
    assert!(walk.is_finished() && parked.is_empty());
    let (verdict, evidence) = walk.verdict();
    let unique: HashSet<u128> = taken.iter().copied().collect();
    assert_eq!(unique.len(), taken.len(), "no contact is taken twice");
    assert!(unique.is_subset(&server.ever), "no contact is invented");
    let missing = server.throughout.difference(&unique).count();
    Outcome { taken, verdict, evidence, report: walk.report().clone(), missing }
}

fn with_facts<T>(arrived: &InFlight, act: impl FnOnce(&PageFacts<'_>) -> T) -> T {
    let answer = arrived.answer.as_ref().unwrap();
    act(&PageFacts {
        window: arrived.request.window,
        items: &answer.items,
        pagination: &answer.pagination,
        read_between: Some((arrived.sent_at, answer.read_at)),
        clock: None,
        session: 0,
        request_id: None,
    })
}

fn take(walk: &mut Walk, arrived: &InFlight, taken: &mut Vec<u128>) {
    with_facts(arrived, |facts| {
        let result = walk.take(&arrived.request, facts);
        let new = facts.items.iter().flatten().zip(&result.keep).filter(|&(_, &kept)| kept);
        taken.extend(new.map(|(key, _)| key.id.0));
    });
}

/// A page of the plain walk.
pub(super) fn page(number: u64, size: u32) -> Request {
    Request { window: super::Window { page: number, size }, purpose: Purpose::Page }
}

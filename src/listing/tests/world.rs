//! A list in memory that changes while it is read by offset, as that of a service does.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::changes::{Count, ListChange};
use super::orders::ModelOrder;
use crate::listing::{Paging, RowId, RowKey, Window};

#[derive(Debug, Clone, Copy)]
struct ListedRow {
    key: RowKey,
    place: (i64, u64),
}

/// The list.
#[derive(Debug)]
pub(super) struct ListModel {
    rows: Vec<ListedRow>,
    outside: Vec<ListedRow>,
    order: ModelOrder,
    pub(super) cap: u32,
    pub(super) random: fastrand::Rng,
    /// Microseconds since the run began.
    now: u64,
    /// Changes per second, of each kind.
    pub(super) rates: Vec<(f64, ListChange)>,
    /// Changes before the request with this number.
    pub(super) scripts: Vec<(u64, ListChange)>,
    pub(super) count: Count,
    pub(super) has_dates: bool,
    /// Maximum age of an outdated answer, in microseconds, and the probability of one.
    pub(super) lag: Option<(u64, f64)>,
    counted: Option<(usize, u64)>,
    past: Vec<(u64, Rc<[ListedRow]>)>,
    /// Number of times that a row was added or changed.
    activity: i64,
    hot: Option<RowId>,
    fresh: Vec<RowId>,
    reading_at: u64,
    pub(super) requests: u64,
    pub(super) throughout: HashSet<RowId>,
    pub(super) ever: HashSet<RowId>,
    created: HashMap<RowId, i64>,
}

const EPOCH: i64 = 1_700_000_000_000_000;
/// More than the times of all rows differ.
const AFTER_ALL: i64 = 100_000_000_000_000;

impl ListModel {
    pub(super) fn new(rows: usize, order: ModelOrder, cap: u32, seed: u64) -> Self {
        let mut world = Self {
            rows: Vec::new(),
            outside: Vec::new(),
            order,
            cap,
            random: fastrand::Rng::with_seed(seed),
            now: 0,
            rates: Vec::new(),
            scripts: Vec::new(),
            count: Count::Exact,
            has_dates: true,
            lag: None,
            counted: None,
            past: Vec::new(),
            activity: 0,
            hot: None,
            fresh: Vec::new(),
            reading_at: 0,
            requests: 0,
            throughout: HashSet::new(),
            ever: HashSet::new(),
            created: HashMap::new(),
        };
        let is_tied = matches!(order, ModelOrder::TiedAscending | ModelOrder::TiedDescending);
        let ties = if is_tied { [2, 5, 40, 300, rows.max(1)][world.random.usize(0..5)] } else { 1 };
        for at in 0..rows {
            let created = EPOCH - 1_000_000_000_000 + i64::try_from(at - at % ties).unwrap() * 1_000_000;
            let updated = if matches!(order, ModelOrder::MigratedAscending | ModelOrder::MigratedDescending) {
                (at < rows / 2).then_some(created + 1)
            } else {
                (world.random.u8(..) < 100).then(|| EPOCH - 900_000_000 + world.random.i64(0..800_000_000))
            };
            world.add(created, updated);
        }
        world.throughout = world.rows.iter().map(|row| row.key.id).collect();
        world.fresh.clear();
        world
    }

    /// The ids of all rows, in the order of the list.
    pub(super) fn initial_ids(&self) -> Vec<RowId> {
        self.rows.iter().map(|row| row.key.id).collect()
    }

    /// When a row was created, even if it no longer exists.
    pub(super) fn created_at(&self, id: RowId) -> i64 {
        self.created[&id]
    }

    /// The time before which the oldest `rows` rows of the initial list were created.
    pub(super) fn time_of(rows: usize) -> i64 {
        EPOCH - 1_000_000_000_000 + i64::try_from(rows).unwrap() * 1_000_000
    }

    /// The current time, in microseconds UTC.
    fn time(&self) -> i64 {
        EPOCH + i64::try_from(self.now).unwrap()
    }

    fn place(&self, key: &RowKey, heap: u64) -> (i64, u64) {
        let created = key.created_at.unwrap_or(0);
        let changed = key.updated_at.unwrap_or(created);
        let id = (key.id.0 >> 64) as u64;
        match self.order {
            ModelOrder::CreatedAscending => (created, id),
            ModelOrder::CreatedDescending => (-created, id),
            ModelOrder::UpdatedAscending => (changed, id),
            ModelOrder::UpdatedDescending => (-changed, id),
            ModelOrder::NullableAscending => (key.updated_at.unwrap_or(i64::MAX), id),
            ModelOrder::NullableDescending => (key.updated_at.map_or(i64::MIN, |time| -time), id),
            ModelOrder::MigratedAscending => (key.updated_at.unwrap_or(created + AFTER_ALL), id),
            ModelOrder::MigratedDescending => (key.updated_at.map_or(-created - AFTER_ALL, |time| -time), id),
            ModelOrder::Grouped => (created + i64::from(heap.is_multiple_of(64)) * AFTER_ALL, id),
            ModelOrder::RandomKey | ModelOrder::Unstable => (0, id),
            ModelOrder::Heap => (0, heap),
            ModelOrder::TiedAscending => (created, heap),
            ModelOrder::TiedDescending => (-created, heap),
            ModelOrder::ActivityAscending => (self.activity, id),
            ModelOrder::ActivityDescending => (-self.activity, id),
        }
    }

    fn add(&mut self, created: i64, updated: Option<i64>) {
        let id = RowId(self.random.u128(1..));
        self.put(RowKey { id, created_at: Some(created), updated_at: updated });
        self.fresh.push(id);
    }

    fn put(&mut self, key: RowKey) {
        self.activity += 1;
        let heap = self.random.u64(..);
        let place = self.place(&key, heap);
        let at = self.rows.partition_point(|row| row.place < place);
        self.rows.insert(at, ListedRow { key, place });
        self.ever.insert(key.id);
        self.created.insert(key.id, key.created_at.unwrap_or(i64::MIN));
    }

    /// The index of a random row, often one near the window that is being read.
    fn random_row(&mut self) -> Option<usize> {
        let rows = self.rows.len() as u64;
        if rows == 0 {
            return None;
        }
        let near = (self.reading_at + self.random.u64(0..300)).saturating_sub(150);
        let at = if self.random.bool() && near < rows { near } else { self.random.u64(0..rows) };
        usize::try_from(at).ok()
    }

    fn delete(&mut self) -> Option<ListedRow> {
        let at = self.random_row()?;
        let row = self.rows.remove(at);
        self.throughout.remove(&row.key.id);
        Some(row)
    }

    fn update_as_of(&mut self, at: usize, time: i64) {
        let mut key = self.rows.remove(at).key;
        if self.has_dates {
            key.updated_at = Some(time);
        }
        self.put(key);
    }

    fn update_id(&mut self, id: RowId) {
        if let Some(at) = self.rows.iter().position(|row| row.key.id == id) {
            self.update_as_of(at, self.time());
        }
    }

    pub(super) fn change(&mut self, change: ListChange) {
        match change {
            ListChange::Create => self.add(self.time(), None),
            ListChange::CommitLate => {
                let began = self.time() - self.random.i64(0..20_000_000);
                self.add(began, None);
            }
            ListChange::Delete => drop(self.delete()),
            ListChange::Update => {
                if let Some(at) = self.random_row() {
                    self.update_as_of(at, self.time());
                }
            }
            ListChange::UpdateLate => {
                if let Some(at) = self.random_row() {
                    let began = self.time() - self.random.i64(0..60_000_000);
                    self.update_as_of(at, began);
                }
            }
            ListChange::Touch => {
                if let Some(at) = self.random_row() {
                    let key = self.rows.remove(at).key;
                    self.put(key);
                }
            }
            ListChange::Replace => {
                self.delete();
                self.add(self.time(), None);
            }
            ListChange::UpdateAgain => {
                let hot = self.hot.or_else(|| self.random_row().map(|at| self.rows[at].key.id));
                self.hot = hot;
                if let Some(id) = hot {
                    self.update_id(id);
                }
            }
            ListChange::Enrich => {
                let recent = self.fresh.len().saturating_sub(20);
                if let Some(&id) = self.fresh.get(recent..).and_then(|fresh| fresh.first()) {
                    self.update_id(id);
                }
            }
            ListChange::Leave => {
                let row = self.delete();
                self.outside.extend(row);
            }
            ListChange::Enter => {
                if let Some(row) = self.outside.pop() {
                    self.put(row.key);
                }
            }
            ListChange::Import(rows) => (0..rows).for_each(|_| self.add(self.time(), None)),
            ListChange::DeleteShare(percent) => {
                let mut rows = std::mem::take(&mut self.rows);
                rows.retain(|row| {
                    let stays = self.random.u32(0..100) >= percent;
                    stays || {
                        self.throughout.remove(&row.key.id);
                        false
                    }
                });
                self.rows = rows;
            }
            ListChange::DeleteRange(rows) => {
                let from = self.random_row().unwrap_or(0);
                let to = (from + rows).min(self.rows.len());
                for row in self.rows.drain(from..to) {
                    self.throughout.remove(&row.key.id);
                }
            }
            ListChange::UpdateShare(percent) => {
                let chosen: Vec<RowId> = self.rows.iter().map(|row| row.key.id).collect();
                for id in chosen.into_iter().filter(|_| self.random.u32(0..100) < percent).collect::<Vec<_>>() {
                    self.update_id(id);
                }
            }
        }
        if self.lag.is_some() {
            self.past.push((self.now, self.rows.as_slice().into()));
        }
    }

    /// Advances the time, and makes the changes that are due.
    pub(super) fn advance_to(&mut self, now: u64) {
        let total: f64 = self.rates.iter().map(|(rate, _)| rate).sum();
        if total <= 0.0 {
            self.now = self.now.max(now);
            return;
        }
        loop {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a few seconds in microseconds"
            )]
            let wait = (-(1.0 - self.random.f64()).ln() / total * 1e6) as u64;
            if self.now + wait > now {
                break;
            }
            self.now += wait.max(1);
            let mut pick = self.random.f64() * total;
            let chosen = self
                .rates
                .iter()
                .find(|(rate, _)| {
                    pick -= rate;
                    pick <= 0.0
                })
                .map(|&(_, change)| change);
            if let Some(change) = chosen {
                self.change(change);
            }
        }
        self.now = self.now.max(now);
    }

    /// Answers a request for a window.
    pub(super) fn answer(&mut self, window: Window) -> (Vec<RowKey>, Paging, i64) {
        self.requests += 1;
        self.reading_at = window.offset();
        let due: Vec<ListChange> =
            self.scripts.iter().filter(|&&(at, _)| at == self.requests).map(|&(_, change)| change).collect();
        let before = self.rows.len();
        for change in due {
            self.change(change);
        }
        if matches!(self.count, Count::Before | Count::After) && self.random.u8(0..4) == 0 {
            // The time between two statements is short, but a busy list changes even then.
            self.advance_to(self.now + 3_000);
        }
        let (rows, is_late) = self.seen_rows();
        let total = match self.count {
            Count::Missing => None,
            Count::Before => Some(before),
            Count::Exact | Count::After => Some(rows.len()),
            Count::Cached(micros) => {
                let counted = self.counted.filter(|&(_, at)| self.now < at + micros).unwrap_or((rows.len(), self.now));
                self.counted = Some(counted);
                Some(counted.0)
            }
        };
        let size = window.size.min(self.cap);
        let offset = usize::try_from((window.page - 1) * u64::from(size)).unwrap().min(rows.len());
        let end = (offset + size as usize).min(rows.len());
        let mut keys: Vec<RowKey> = rows[offset..end].iter().map(|row| row.key).collect();
        if self.order == ModelOrder::Unstable {
            keys = self.shuffled(&rows, offset, end);
        }
        if !self.has_dates {
            for key in &mut keys {
                (key.created_at, key.updated_at) = (None, None);
            }
        }
        let has_more = total.map(|total| window.page < (total as u64).div_ceil(u64::from(size)));
        let paging = Paging {
            page: Some(window.page),
            page_size: Some(size),
            total_count: total.map(|total| total as u64),
            has_more,
        };
        if self.count == Count::After && !is_late {
            self.advance_to(self.now + 1_000);
        }
        (keys, paging, self.time())
    }

    /// The rows from which the request is answered, and whether they are outdated.
    fn seen_rows(&mut self) -> (Rc<[ListedRow]>, bool) {
        if let Some((lag, chance)) = self.lag
            && self.random.f64() < chance
        {
            let at = self.now.saturating_sub(self.random.u64(0..=lag));
            if let Some((_, rows)) = self.past.iter().rev().find(|&&(time, _)| time <= at) {
                return (Rc::clone(rows), true);
            }
        }
        (self.rows.as_slice().into(), false)
    }

    fn shuffled(&mut self, rows: &[ListedRow], offset: usize, end: usize) -> Vec<RowKey> {
        let (from, to) = (offset / 250 * 250, rows.len());
        let mut keys: Vec<RowKey> = rows[from..to.min(from + 500)].iter().map(|row| row.key).collect();
        keys.chunks_mut(250).for_each(|chunk| self.random.shuffle(chunk));
        keys[offset - from..end - from].to_vec()
    }

    /// Stores the initial list, for replicas that lag behind.
    pub(super) fn begin(&mut self) {
        if self.lag.is_some() {
            self.past.push((0, self.rows.as_slice().into()));
        }
    }
}

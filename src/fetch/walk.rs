//! The whole walk through a list: decisions without I/O.
//!
//! The driver asks [`Walk::next_request`] what to fetch and brings every answer to [`Walk::take`]. The walk has three
//! ways of reading:
//! - *plain*: the first page tells how many there are and which page size the server honours; the others are asked for
//!   at once. On a list that stands still there are exactly as many requests as pages.
//! - *healing*, from the first sign of movement on: see [`Healing`].
//! - *sweeps* over the whole list, where joins cannot be anchored, or as the second look of [`Consistency::Strict`]: see
//!   [`Sweeps`].
//!
//! *Easy to get wrong:* pages of the plain walk are taken in page order, so that the output has the order of the list
//! whatever the concurrency; see [`Walk::is_due`]. Signs of movement are looked for as soon as an answer arrives.
//!
//! A walk is a function of the answers it took and their order, which is what the journal keeps. When a stopped run goes
//! on, its answers are taken again and the walk stands where it stood.

use crate::contacts::RowKey;
use crate::verdict::Verdict;

use super::clocks::Clocks;
use super::early::PageTrace;
use super::healing::{Healing, Unreliable};
use super::marks::{BlockMarks, RowPrint};
use super::moments::Moments;
use super::plain::PlainPages;
use super::seen::SeenIds;
use super::sweeps::Sweeps;
use super::{Consistency, PageFacts, Purpose, Request, Taken, WalkReport, Window};

/// Room for ids made at once by what the first page says; a larger list makes it grow.
const MAX_RESERVED_IDS: u64 = 50_000_000;
/// How far a time may lie in the future and still be that of a change, in microseconds.
const CLOCK_SLACK: i64 = 5_000_000;
/// How far the clock that dates contacts may be from the one that dates answers, in microseconds: machines that are kept
/// in time differ by a few milliseconds. More makes more joins doubtful.
pub(super) const CLOCK_SKEW: i64 = 100_000;

/// The state of one walk.
#[derive(Debug)]
pub struct Walk {
    consistency: Consistency,
    page_size: u32,
    pages: PlainPages,
    /// When rows are known to have moved, until healing asks for it.
    moments: Moments,
    has_seen_sign: bool,
    /// When the walk began, in microseconds of the server's clock.
    began_at: Option<i64>,
    clocks: Clocks,
    phase: Phase,
    seen: SeenIds,
    report: WalkReport,
    is_healed: bool,
}

#[derive(Debug)]
enum Phase {
    Plain,
    Healing(Box<Healing>),
    Sweeping(Sweeps),
    Finished,
}

impl Walk {
    /// A walk that asks for pages of `page_size`.
    pub fn new(page_size: u32, consistency: Consistency) -> Self {
        Self {
            consistency,
            page_size,
            pages: PlainPages::new(),
            moments: Moments::default(),
            has_seen_sign: false,
            began_at: None,
            clocks: Clocks::default(),
            phase: Phase::Plain,
            seen: SeenIds::with_capacity(0),
            report: WalkReport::default(),
            is_healed: false,
        }
    }

    /// Answers that the list is expected to take, without those that movement may cost.
    pub fn planned_pages(&self) -> Option<u64> {
        let total = self.report.total_last.map(|total| total.div_ceil(u64::from(self.page_size)).max(1));
        total.filter(|_| self.report.pages > 0)
    }

    /// What the walk has met so far.
    pub fn report(&self) -> &WalkReport {
        &self.report
    }

    /// Whether there is nothing left to ask for.
    pub fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Finished)
    }

    /// Whether the list moves and what that hid is being looked for.
    pub fn is_healing(&self) -> bool {
        match self.phase {
            Phase::Healing(_) => true,
            // The second look of a strict walk heals nothing.
            Phase::Sweeping(_) => self.report.unreliable.is_some(),
            Phase::Plain | Phase::Finished => false,
        }
    }

    /// The answers taken so far came from the journal of a run before.
    pub fn note_resumed(&mut self) {
        self.report.pages_resumed = self.report.pages;
    }

    /// The next request, or `None` while that depends on answers that are out; it stays the next one until
    /// [`note_out`](Self::note_out) says that it is on its way. No page of the plain walk is given out
    /// that is `read_ahead` pages or more before the one that is taken next.
    pub fn next_request(&self, read_ahead: u64) -> Option<Request> {
        let size = self.page_size;
        let page_request = |page, purpose| Request { window: Window { page, size }, purpose };
        match &self.phase {
            Phase::Plain => self.pages.next_page(read_ahead).map(|page| page_request(page, Purpose::Page)),
            Phase::Healing(healing) => healing.next_request(),
            Phase::Sweeping(sweeps) => sweeps.plan.next_page(u64::MAX).map(|page| page_request(page, Purpose::Sweep)),
            Phase::Finished => None,
        }
    }

    /// Notes that a request is on its way: the next one, or one that a run before has sent.
    pub fn note_out(&mut self, request: &Request) {
        match (&mut self.phase, request.purpose) {
            (Phase::Plain, Purpose::Page) => self.pages.note_out(request.window.page),
            (Phase::Healing(healing), _) => healing.note_out(request),
            (Phase::Sweeping(sweeps), Purpose::Sweep) => sweeps.plan.give_out(request.window.page),
            _ => {}
        }
    }

    /// Looks for signs of movement in an answer that has arrived and may have to wait until it is taken.
    pub fn note_arrival(&mut self, request: &Request, facts: &PageFacts<'_>) {
        facts.clock.into_iter().for_each(|ahead| self.clocks.note(ahead));
        if request.purpose != Purpose::Page {
            return;
        }
        if self.report.pages == 0 {
            self.note_beginning(facts);
            if facts.window.page == 1 {
                // It tells what to hold the others against, and is itself looked at when it is taken.
                return;
            }
        }
        if self.has_sign(facts) {
            self.note_sign();
        }
        if self.has_seen_sign {
            self.pages.suspect(facts.window.page);
        }
    }

    /// When a run before has kept pages but not the first one, they were read before it, and it is they that tell what the
    /// list was like at the beginning.
    fn note_beginning(&mut self, facts: &PageFacts<'_>) {
        let earliest = facts.read_between.map(|(earliest, _)| earliest);
        let earliest = earliest.map(|earliest| earliest.saturating_sub(CLOCK_SKEW));
        self.began_at = self.began_at.into_iter().chain(earliest).min();
        self.report.total_first = self.report.total_first.or(facts.pagination.total_count);
    }

    /// Whether an answer may be taken now. Pages of the plain walk are taken in page order.
    pub fn is_due(&mut self, request: &Request) -> bool {
        let is_page = matches!(self.phase, Phase::Plain) && request.purpose == Purpose::Page;
        !is_page || self.pages.is_due(request.window.page)
    }

    /// Takes an answer; says for each of its contacts whether it is new.
    pub fn take(&mut self, request: &Request, facts: &PageFacts<'_>) -> Taken {
        if self.report.pages == 0 {
            self.begin(facts);
        }
        self.report.pages += 1;
        self.report.note_total(facts.pagination.total_count);
        if let Some(id) = facts.request_id {
            self.report.request_ids[usize::from(self.report.pages > 1)] = Some(id.to_owned());
        }
        if request.purpose != Purpose::Page && matches!(self.phase, Phase::Plain) {
            // Only while the answers of a run before are taken again: here it began to heal.
            self.begin_healing();
        }
        let keep = self.note_items(request, facts);
        let fresh = match request.purpose {
            Purpose::Page => self.take_page(facts, &keep),
            Purpose::Join { .. } | Purpose::Seed { .. } => self.take_join(request, facts, &keep),
            Purpose::Sweep => self.take_sweep(facts, &keep),
        };
        let items = facts.items.get(fresh.clone()).unwrap_or_default();
        self.report.rejected += items.iter().filter(|item| item.is_none()).count() as u64;
        self.advance();
        Taken { keep, fresh }
    }

    fn begin(&mut self, facts: &PageFacts<'_>) {
        let pagination = facts.pagination;
        self.page_size = facts.honoured_size();
        let by_total = pagination.total_count.map(|total| total.div_ceil(u64::from(self.page_size)));
        self.pages.plan_to(by_total.or(pagination.total_pages).unwrap_or(1).max(1));
        let total = pagination.total_count.unwrap_or_default().min(MAX_RESERVED_IDS);
        self.seen.reserve(usize::try_from(total).unwrap_or(0));
        self.note_beginning(facts);
        if self.has_seen_sign {
            self.note_sign();
        }
    }

    fn take_page(&mut self, facts: &PageFacts<'_>, keep: &[bool]) -> std::ops::Range<usize> {
        let page = facts.window.page;
        let was_suspect = self.pages.taken(page);
        self.report.odd_pages += u64::from(facts.is_odd(self.page_size));
        let has_repeats = keep.contains(&false);
        let has_sign = has_repeats || self.has_sign(facts);
        if has_sign {
            self.report.movements += 1;
            self.note_sign();
        }
        if has_repeats && let Some((from, to)) = self.pages.read_around(page, facts.read_between) {
            self.moments.add(from, to);
        }
        let planned = Window { page, size: self.page_size };
        if facts.place_of_answer().0 == planned.offset() && !has_sign && !was_suspect {
            let marks = BlockMarks::of_page(facts.items, keep);
            self.pages.keep(page, PageTrace { marks, read_between: facts.read_between, session: facts.session });
        }
        if !self.pages.stops_at(facts) && !self.heals_movement() {
            self.pages.extend(facts, keep.contains(&true));
        }
        0..facts.items.len()
    }

    fn take_join(&mut self, request: &Request, facts: &PageFacts<'_>, keep: &[bool]) -> std::ops::Range<usize> {
        let Phase::Healing(healing) = &mut self.phase else { return 0..0 };
        self.report.windows_reread += 1;
        let taken = healing.take(request, facts, keep);
        self.report.joins = healing.joins;
        taken.unwrap_or_else(|reason| {
            self.fall_back(reason);
            0..0
        })
    }

    fn take_sweep(&mut self, facts: &PageFacts<'_>, keep: &[bool]) -> std::ops::Range<usize> {
        if let Phase::Sweeping(sweeps) = &mut self.phase {
            sweeps.take(facts, keep, self.began_at, &mut self.report);
        }
        0..0
    }

    fn note_items(&mut self, request: &Request, facts: &PageFacts<'_>) -> Vec<bool> {
        let mut keep = Vec::with_capacity(facts.items.len());
        self.seen.prefetch(facts.items.iter().flatten().map(|key| key.id));
        for key in facts.items.iter().flatten() {
            let is_new = self.seen.insert(key.id);
            if is_new {
                self.report.contacts += 1;
                self.report.dated += u64::from(key.created_at.or(key.updated_at).is_some());
            } else {
                // Windows that close gaps overlap on purpose.
                self.report.duplicates += u64::from(request.purpose == Purpose::Page);
            }
            keep.push(is_new);
            let Some(moment) = self.moment(key, facts) else { continue };
            if is_new {
                let is_created = key.created_at.is_some_and(|created| Some(created) >= self.began_at);
                self.report.created += u64::from(is_created);
                self.report.updated += u64::from(!is_created);
            }
            let moments = match &mut self.phase {
                Phase::Healing(healing) => &mut healing.early.moments,
                _ => &mut self.moments,
            };
            moments.add(moment.saturating_sub(CLOCK_SKEW), moment.saturating_add(CLOCK_SKEW));
            moments.note_row(RowPrint::new(key), moment);
        }
        keep
    }

    /// When a contact was created or updated, if that was during the walk.
    fn moment(&self, key: &RowKey, facts: &PageFacts<'_>) -> Option<i64> {
        let (began, (_, read)) = self.began_at.zip(facts.read_between)?;
        // A time in the future is bad data, not a change that just happened, and says nothing of the other time.
        let lately = began..=read.saturating_add(CLOCK_SLACK);
        key.created_at.filter(|time| lately.contains(time)).max(key.updated_at.filter(|time| lately.contains(time)))
    }

    /// Whether an answer shows by itself that the list moved, or does not add up.
    fn has_sign(&self, facts: &PageFacts<'_>) -> bool {
        let has_other_total = facts.pagination.total_count != self.report.total_first;
        let has_moved_row = facts.items.iter().flatten().any(|key| self.moment(key, facts).is_some());
        // A gateway kept it, and nobody knows what the list was like when it did.
        let is_older = facts.read_between.zip(self.began_at).is_some_and(|((_, latest), began)| latest < began);
        has_other_total || has_moved_row || is_older || facts.is_odd(self.page_size)
    }

    /// Nothing new is asked for plainly once gaps will be healed.
    fn note_sign(&mut self) {
        self.has_seen_sign = true;
        if self.consistency != Consistency::Plain {
            self.pages.stop();
        }
    }

    fn heals_movement(&self) -> bool {
        self.report.movements > 0 && self.consistency != Consistency::Plain
    }

    /// Notes that a request was given up; says whether it will be tried again later.
    pub fn failed(&mut self, request: &Request) -> bool {
        match (&mut self.phase, request.purpose) {
            (Phase::Plain, Purpose::Page) => self.pages.failed(request.window.page),
            (Phase::Healing(healing), _) => healing.failed(request),
            (Phase::Sweeping(sweeps), Purpose::Sweep) => sweeps.plan.failed(request.window.page),
            _ => true,
        }
    }

    /// Goes on without an answer that could not be had twice: its rows count as missing, or as not read again.
    pub fn abandon(&mut self, request: &Request) {
        match (&mut self.phase, request.purpose) {
            (Phase::Healing(healing), _) => {
                let around = healing.abandon(request);
                self.report.missing.extend(around.map(|row| row + 1..=row + u64::from(healing.cap())));
            }
            (Phase::Sweeping(_), Purpose::Sweep) => self.report.not_swept.push(request.window.rows()),
            _ => {}
        }
        self.advance();
    }

    /// Goes from one way of reading to the next when it has nothing left to ask for.
    fn advance(&mut self) {
        let heals_movement = self.heals_movement();
        match &mut self.phase {
            Phase::Plain if self.pages.is_finished() && heals_movement => self.begin_healing(),
            Phase::Plain if self.pages.is_finished() => {
                let size = self.page_size;
                let missing = self.pages.missing().map(|page| Window { page, size });
                self.report.missing.extend(missing.map(Window::rows));
                self.finish_or_confirm();
            }
            Phase::Healing(healing) => match healing.advance() {
                Err(reason) => self.fall_back(reason),
                Ok(()) if healing.is_finished() => {
                    self.is_healed = true;
                    self.finish_or_confirm();
                }
                Ok(()) => {}
            },
            Phase::Sweeping(sweeps) => {
                if !sweeps.go_on(&mut self.report) {
                    self.phase = Phase::Finished;
                }
            }
            Phase::Finished | Phase::Plain => {}
        }
    }

    fn begin_healing(&mut self) {
        self.report.movements = self.report.movements.max(1);
        let (pages, moments) = (self.pages.take_traces(), std::mem::take(&mut self.moments));
        let total = self.report.total_last.unwrap_or(0);
        self.phase = Phase::Healing(Box::new(Healing::new(&pages, moments, self.page_size, total)));
    }

    fn fall_back(&mut self, reason: Unreliable) {
        if let Phase::Healing(healing) = &self.phase {
            self.page_size = healing.cap();
        }
        self.report.unreliable = Some(reason);
        self.sweep();
    }

    fn finish_or_confirm(&mut self) {
        let is_whole = self.report.missing.is_empty();
        if self.consistency == Consistency::Strict && is_whole { self.sweep() } else { self.phase = Phase::Finished }
    }

    fn sweep(&mut self) {
        self.phase = Phase::Sweeping(Sweeps::begin(&mut self.report, self.page_size));
    }

    /// Whether everything is there, and what says so.
    pub fn verdict(&self) -> (Verdict, Vec<String>) {
        debug_assert!(self.is_finished(), "a walk is judged at its end");
        self.report.verdict(self.is_healed, self.clocks.behind())
    }
}

#[cfg(test)]
#[path = "walk_lies_tests.rs"]
mod lies_tests;
#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;

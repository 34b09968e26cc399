//! The plain read: every page once, taken in page order, as long as the list stands still.
//!
//! [`PlainPages`] knows which page is due and what the pages taken so far leave behind for [healing](super::healing),
//! should the list begin to move.
//!
//! *Easy to get wrong:* a page that arrived with the first sign of movement or after it may wait for its turn. It stays a
//! suspect until then, since nobody knows whether it was read before or after the movement.

use std::collections::BTreeSet;

use super::PageFacts;
use super::early::PageTrace;
use super::plan::PagePlan;

/// Pages without a new contact that are asked for beyond the planned end while the server says that more follow.
pub(super) const MAX_STALE_PAGES: u32 = 3;
/// Pages without any item after which a list is at its end, whatever the server says.
pub(super) const MAX_EMPTY_PAGES: u32 = 8;
/// Pages before one with a repeated row that may hold its first copy: rows seldom move further between two readings.
const NEAR_PAGES: usize = 8;

/// The pages of the plain read.
#[derive(Debug)]
pub(super) struct PlainPages {
    plan: PagePlan,
    /// The page that is taken next.
    due: u64,
    stale_beyond_plan: u32,
    empty_pages: u32,
    /// What the pages from 1 on left behind; `None` where they are missing or in doubt.
    traces: Vec<Option<PageTrace>>,
    suspects: BTreeSet<u64>,
}

impl PlainPages {
    pub(super) fn new() -> Self {
        Self {
            plan: PagePlan::new(1, 1),
            due: 1,
            stale_beyond_plan: 0,
            empty_pages: 0,
            traces: Vec::new(),
            suspects: BTreeSet::new(),
        }
    }

    /// The page to ask for next, fewer than `read_ahead` before the one that is taken next.
    pub(super) fn next_page(&self, read_ahead: u64) -> Option<u64> {
        self.plan.next_page(self.due.saturating_add(read_ahead))
    }

    /// Notes that a page is asked for.
    pub(super) fn note_out(&mut self, page: u64) {
        self.plan.give_out(page);
    }

    /// Plans the pages up to `last`.
    pub(super) fn plan_to(&mut self, last: u64) {
        self.plan.set_last(last);
    }

    /// Plans nothing beyond the pages that were asked for.
    pub(super) fn stop(&mut self) {
        self.plan.stop();
    }

    /// Notes that a page could not be had; says whether it will be tried again.
    pub(super) fn failed(&mut self, page: u64) -> bool {
        self.plan.failed(page)
    }

    /// Whether every planned page is there or could not be had.
    pub(super) fn is_finished(&self) -> bool {
        self.plan.is_finished()
    }

    /// The pages that could not be had.
    pub(super) fn missing(&self) -> impl Iterator<Item = u64> + '_ {
        self.plan.missing().iter().copied()
    }

    /// Whether it is the page's turn.
    pub(super) fn is_due(&mut self, page: u64) -> bool {
        while self.plan.is_skipped(self.due) {
            self.due += 1;
        }
        page <= self.due
    }

    /// Puts a page in doubt that has arrived and is yet to be taken.
    pub(super) fn suspect(&mut self, page: u64) {
        self.suspects.insert(page);
    }

    /// Notes that a page is taken; says whether it was in doubt.
    pub(super) fn taken(&mut self, page: u64) -> bool {
        self.plan.answered(page);
        self.due = self.due.max(page + 1);
        self.suspects.remove(&page)
    }

    /// Remembers a page whose place in the list is certain.
    pub(super) fn keep(&mut self, page: u64, trace: PageTrace) {
        let at = index(page);
        if self.traces.len() <= at {
            self.traces.resize_with(at + 1, || None);
        }
        self.traces[at] = Some(trace);
    }

    /// The time in which a page and those shortly before it were read: a row of it that came twice moved in that time.
    pub(super) fn read_around(&self, page: u64, read_between: Option<(i64, i64)>) -> Option<(i64, i64)> {
        let before = self.traces.iter().take(index(page)).skip(index(page).saturating_sub(NEAR_PAGES));
        let times = before.flatten().filter_map(|trace| trace.read_between).chain(read_between);
        times.reduce(|(from, to), (other_from, other_to)| (from.min(other_from), to.max(other_to)))
    }

    /// Plans nothing more behind a page that shows the end of the list; says whether it does.
    pub(super) fn stops_at(&mut self, facts: &PageFacts<'_>) -> bool {
        self.empty_pages += u32::from(facts.items.is_empty());
        let is_end = facts.is_behind_the_end() || self.empty_pages > MAX_EMPTY_PAGES;
        if is_end {
            self.stop();
        }
        is_end
    }

    /// After the last planned page: goes on while the server says that more follow.
    pub(super) fn extend(&mut self, facts: &PageFacts<'_>, has_new: bool) {
        if facts.window.page < self.plan.last() {
            return;
        }
        // Where nothing is said, only an empty page is an end: the server may allow fewer rows than were asked for.
        let may_have_more = facts.pagination.total_count.is_none() && !facts.items.is_empty();
        let mut has_more = facts.pagination.has_more.unwrap_or(may_have_more);
        if has_more && !has_new {
            self.stale_beyond_plan += 1;
            has_more = self.stale_beyond_plan < MAX_STALE_PAGES;
        }
        if has_more {
            self.plan.set_last(self.plan.last() + 1);
        }
    }

    /// Gives what the pages left behind, once nothing is read plainly any more.
    pub(super) fn take_traces(&mut self) -> Vec<Option<PageTrace>> {
        std::mem::take(&mut self.traces)
    }
}

/// Where a page, counted from 1, stands among the traces.
fn index(page: u64) -> usize {
    usize::try_from(page).unwrap_or(usize::MAX).saturating_sub(1)
}

//! Reading the whole list again, where joins cannot be relied on, or as a second look.
//!
//! Sweeps promise nothing but the verdict. Where rows have no fixed place, a sweep may miss the very row that was missed
//! before, so they go on until one finds nothing new and as many contacts were read as the API counts. After a few in vain
//! they give up, and the evidence says how many are known to be missing.
//!
//! *Easy to get wrong:* that the API counts more is no reason to go on for ever: an account may count what it does not list.

use super::plain::MAX_EMPTY_PAGES;
use super::plan::PagePlan;
use super::{PageFacts, WalkReport};

/// Sweeps over a list that joins cannot be relied on in.
const MAX_SWEEPS: u32 = 10;
/// Sweeps in a row that may find nothing new while the API counts more. A row that may stand on any of a few pages is
/// missed by about one sweep in three, and so by three of them in about one case of 25.
const MAX_VAIN_SWEEPS: u32 = 3;

/// One sweep after the other.
#[derive(Debug)]
pub(super) struct Sweeps {
    /// Pages of the present one.
    pub(super) plan: PagePlan,
    page_size: u32,
    /// Sweeps in a row that found nothing new.
    vain: u32,
    /// Pages of the present one without any item.
    empty_pages: u32,
    /// Whether the present one has met the end of the list.
    is_at_end: bool,
}

impl Sweeps {
    /// Begins the first sweep.
    pub(super) fn begin(report: &mut WalkReport, page_size: u32) -> Self {
        let mut sweeps = Self { plan: PagePlan::new(1, 1), page_size, vain: 0, empty_pages: 0, is_at_end: false };
        sweeps.begin_next(report);
        sweeps
    }

    fn begin_next(&mut self, report: &mut WalkReport) {
        report.sweeps += 1;
        report.found_by_last_sweep = 0;
        (self.empty_pages, self.is_at_end) = (0, false);
        self.plan = PagePlan::new(1, self.pages(report.total_last.unwrap_or(0)).max(1));
    }

    fn pages(&self, total: u64) -> u64 {
        total.div_ceil(u64::from(self.page_size))
    }

    /// Takes a page; `keep` says for each contact whether it had not come before.
    pub(super) fn take(
        &mut self,
        facts: &PageFacts<'_>,
        keep: &[bool],
        walk_began_at: Option<i64>,
        report: &mut WalkReport,
    ) {
        self.plan.answered(facts.window.page);
        self.move_end(facts, report);
        let began_at = walk_began_at.unwrap_or(i64::MAX);
        let new = facts.items.iter().flatten().zip(keep).filter(|&(_, &is_new)| is_new);
        let missed = new.filter(|(key, _)| key.created_at.is_none_or(|created| created < began_at));
        report.found_by_last_sweep += missed.count() as u64;
        report.pages_swept += 1;
    }

    /// A list that grew since the sweep was planned, or that is longer than it is said to be, is read to its present end.
    fn move_end(&mut self, facts: &PageFacts<'_>, report: &WalkReport) {
        self.empty_pages += u32::from(facts.items.is_empty());
        if facts.is_behind_the_end() || self.empty_pages > MAX_EMPTY_PAGES {
            self.is_at_end = true;
            self.plan.stop();
        }
        if self.is_at_end {
            return;
        }
        let counted = self.pages(facts.pagination.total_count.unwrap_or(0));
        // No further than what was read takes, for a server that says so for ever.
        let read = self.pages(report.contacts + report.rejected) + 1;
        let has_more = facts.pagination.has_more == Some(true);
        let told = if has_more { (facts.window.page + 1).min(read) } else { 0 };
        self.plan.set_last(self.plan.last().max(counted).max(told));
    }

    /// When a sweep is through, begins another one if that may help; says whether there is still something to read.
    pub(super) fn go_on(&mut self, report: &mut WalkReport) -> bool {
        if !self.plan.is_finished() {
            return true;
        }
        let has_found = report.found_by_last_sweep > 0;
        self.vain = if has_found { 0 } else { self.vain + 1 };
        let is_short = report.fewer_than_counted() > 0 && self.vain < MAX_VAIN_SWEEPS;
        // A second look at a list that can be relied on has said what it can.
        let may_help = report.unreliable.is_some() && (has_found || is_short);
        let goes_on = may_help && report.sweeps < MAX_SWEEPS;
        if goes_on {
            self.begin_next(report);
        }
        goes_on
    }
}

//! Reading the whole list page by page: the plain mode, the second read of the strict mode, and the fallback where the
//! order of rows cannot be relied on.
//!
//! A rescan proves nothing by itself. If rows have no fixed position, it may miss the same row again, so rescans are
//! repeated until one finds nothing new and as many rows were read as the list has. After a few that find nothing, they
//! stop, and the evidence says how many rows are known to be missing.

use std::collections::BTreeSet;

use super::WalkReport;
use super::page_plan::PagePlan;
use crate::listing::PageFacts;

/// Maximum number of rescans of a list whose order cannot be relied on.
const MAX_RESCANS: u32 = 10;
/// Maximum number of consecutive rescans that find nothing new while the API counts more rows. A row that moves among a
/// few pages is missed by about one rescan in three, and so by three in a row in about one case in 25.
const MAX_VAIN_RESCANS: u32 = 3;
/// Number of pages without items after which the list is taken to have ended, whatever the server says.
const MAX_EMPTY_PAGES: u32 = 8;

/// Successive reads of the whole list.
#[derive(Debug)]
pub(super) struct Rescan {
    /// Pages of the current rescan.
    pub(super) plan: PagePlan,
    page_size: u32,
    /// Consecutive rescans that found nothing new.
    vain: u32,
    /// Pages of the current rescan without any item.
    empty_pages: u32,
    /// Whether the current rescan has reached the end of the list.
    is_at_end: bool,
    /// Pages of the current rescan on which every row is older than the requested span.
    older_pages: BTreeSet<u64>,
    /// Whether all its pages were sorted by creation time, newest first.
    is_sorted: bool,
}

impl Rescan {
    /// Starts the first rescan.
    pub(super) fn begin(report: &mut WalkReport, page_size: u32) -> Self {
        let mut rescan = Self {
            plan: PagePlan::new(1, 1),
            page_size,
            vain: 0,
            empty_pages: 0,
            is_at_end: false,
            older_pages: BTreeSet::new(),
            is_sorted: true,
        };
        rescan.begin_next(report);
        rescan
    }

    /// Sets the page size that the server honors, before the first page is taken.
    pub(super) fn set_page_size(&mut self, page_size: u32) {
        self.page_size = page_size;
    }

    fn begin_next(&mut self, report: &mut WalkReport) {
        report.rescans += 1;
        report.found_by_last_rescan = 0;
        (self.empty_pages, self.is_at_end) = (0, false);
        self.older_pages.clear();
        self.plan = PagePlan::new(1, self.pages(report.total_last.unwrap_or(0)).max(1));
    }

    fn pages(&self, total: u64) -> u64 {
        total.div_ceil(u64::from(self.page_size.max(1)))
    }

    /// Processes a page.
    pub(super) fn take(&mut self, facts: &PageFacts<'_>, report: &mut WalkReport) {
        self.plan.answered(facts.window.page);
        report.pages_rescanned += 1;
        self.empty_pages += u32::from(facts.items.is_empty());
        if facts.is_behind_the_end() || self.empty_pages > MAX_EMPTY_PAGES {
            self.is_at_end = true;
            self.plan.stop();
        }
        if self.is_behind_span(facts, report) {
            report.is_cut = true;
            self.is_at_end = true;
            self.plan.stop();
        }
        if self.is_at_end {
            return;
        }
        // A list that grew, or that is longer than its count says, is read to its current end.
        let counted = self.pages(facts.paging.total_count.unwrap_or(0));
        let is_full = facts.items.len() >= facts.window.size as usize;
        // Without a count, only an empty page shows the end: a short one may be all that the server sends at once.
        let is_uncounted = facts.paging.total_count.is_none() && !facts.items.is_empty();
        let may_have_more = facts.paging.has_more == Some(true) || is_uncounted;
        // But not forever, in case a server always reports more.
        let read = self.pages(report.known() + report.rejected) + 2;
        let is_open = is_full && facts.paging.has_more.is_none();
        let announced = if may_have_more || is_open { (facts.window.page + 1).min(read) } else { 0 };
        self.plan.set_last(self.plan.last().max(counted).max(announced));
    }

    /// Whether this page and an adjacent one show that the remaining rows are older than the requested span, as far as
    /// pages without overlap can show it. Always false if the order cannot be relied on.
    fn is_behind_span(&mut self, facts: &PageFacts<'_>, report: &WalkReport) -> bool {
        let Some(bound) = report.not_before.filter(|_| report.unreliable.is_none()) else { return false };
        let times: Vec<i64> = facts.items.iter().filter_map(|item| item.as_ref()?.created_at).collect();
        self.is_sorted &= times.is_sorted_by(|before, after| before >= after);
        if times.is_empty() || times.iter().any(|&time| time >= bound) {
            return false;
        }
        let page = facts.window.page;
        self.older_pages.insert(page);
        let has_neighbor = self.older_pages.contains(&(page + 1)) || self.older_pages.contains(&(page - 1));
        self.is_sorted && has_neighbor
    }

    /// After a complete read, starts another if that may help; returns whether there is more to read.
    pub(super) fn continues(&mut self, report: &mut WalkReport) -> bool {
        if !self.plan.is_finished() {
            return true;
        }
        let has_found = report.found_by_last_rescan > 0;
        self.vain = if has_found { 0 } else { self.vain + 1 };
        let is_short = report.fewer_than_counted() > 0 && self.vain < MAX_VAIN_RESCANS;
        // A second read of a list with a stable order needs no third.
        let may_help = match report.unreliable {
            Some(_) => has_found || is_short,
            None => report.order_unknown && has_found,
        };
        let continues = may_help && report.rescans < MAX_RESCANS;
        if continues {
            self.begin_next(report);
        }
        continues
    }
}

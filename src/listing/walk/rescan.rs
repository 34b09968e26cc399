//! Reading the whole list page by page: the plain mode, the search for rows that were not read, and the fallback where the
//! list cannot be followed.
//!
//! A rescan proves nothing by itself. If rows have no fixed position, it may miss the same row again, so rescans are
//! repeated until one finds nothing new and as many rows were read as the list has. After a few that find nothing, they
//! stop, and the evidence says how many rows are known to be missing.
//!
//! *Easy to get wrong:* an answer without rows shows the end of the list only if its count agrees. If it does not, the page
//! is requested once more. A page that stays empty although later pages have rows counts as not read.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::page_plan::PagePlan;
use super::span::STEPS_TO_PROVE;
use super::{Consistency, Phase, Walk, WalkReport};
use crate::listing::{PageFacts, Window};

/// Maximum number of rescans of a list whose order cannot be relied on.
const MAX_RESCANS: u32 = 10;
/// Maximum number of consecutive rescans that find nothing new while the API counts more rows. A row that moves among a
/// few pages is missed by about one rescan in three, and so by three in a row in about one case in 25.
const MAX_VAIN_RESCANS: u32 = 3;
/// The same if the list no longer counts more rows.
const MAX_VAIN_SEARCHES: u32 = 2;
/// Number of pages without items after which the list is taken to have ended, whatever the server says.
const MAX_EMPTY_PAGES: usize = 8;

/// Successive reads of the whole list.
#[derive(Debug)]
pub(super) struct Rescan {
    /// Pages of the current rescan.
    pub(super) plan: PagePlan,
    page_size: u32,
    /// Consecutive rescans that found nothing new.
    vain: u32,
    /// Pages of the current rescan without any item.
    empty_pages: BTreeSet<u64>,
    /// Pages of the current rescan that were empty although the API announced rows, and were requested again.
    requested_again: BTreeSet<u64>,
    /// The last page of the current rescan that has items.
    last_filled: u64,
    /// Whether the current rescan has reached the end of the list.
    is_at_end: bool,
    /// Whether the service refused a page of the current rescan, and so all pages after it.
    is_refused: bool,
    /// Rows that were known before the first rescan.
    known_before: u64,
    /// Pages of the current rescan on which every row is older than the requested span.
    older_pages: BTreeSet<u64>,
    /// Whether all its pages were sorted by creation time, newest first.
    is_sorted: bool,
    /// Rows on them that were older than the row before them.
    steps: u64,
}

impl Rescan {
    /// Starts the first rescan.
    pub(super) fn begin(report: &mut WalkReport, page_size: u32) -> Self {
        let mut rescan = Self {
            plan: PagePlan::new(1),
            page_size,
            vain: 0,
            empty_pages: BTreeSet::new(),
            requested_again: BTreeSet::new(),
            last_filled: 0,
            is_at_end: false,
            is_refused: false,
            known_before: report.known(),
            older_pages: BTreeSet::new(),
            is_sorted: true,
            steps: 0,
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
        (self.last_filled, self.is_at_end, self.is_refused) = (0, false, false);
        for pages in [&mut self.empty_pages, &mut self.requested_again, &mut self.older_pages] {
            pages.clear();
        }
        self.plan = PagePlan::new(self.pages(report.total_last.unwrap_or(0)).max(1));
    }

    fn pages(&self, total: u64) -> u64 {
        total.div_ceil(u64::from(self.page_size.max(1)))
    }

    /// The next page to request, fewer than `read_ahead` pages after the first one that is awaited.
    pub(super) fn next_window(&self, read_ahead: usize) -> Option<Window> {
        let page = self.plan.next_page(read_ahead)?;
        Some(Window { page, size: self.page_size })
    }

    /// Whether a window is one of its pages. Others were requested before it began.
    fn has_page(&self, window: Window) -> bool {
        window.size == self.page_size
    }

    /// Whether no page before a window is awaited, so that its rows are next in list order.
    pub(super) fn is_next(&self, window: Window) -> bool {
        !self.has_page(window) || self.plan.is_next(window.page)
    }

    /// Records that a page is being requested.
    pub(super) fn note_sent(&mut self, window: Window) {
        if self.has_page(window) {
            self.plan.give_out(window.page);
        }
    }

    /// Records that a page could not be fetched; returns whether reading continues as if it had not been requested.
    pub(super) fn failed(&mut self, window: Window) -> bool {
        !self.has_page(window) || self.plan.failed(window.page)
    }

    /// Records that the service refuses a page, and so all pages after it.
    pub(super) fn refused(&mut self, window: Window) {
        if self.has_page(window) {
            (self.is_at_end, self.is_refused) = (true, true);
            self.plan.refused(window.page);
        }
    }

    /// Rows of the list that the current rescan could not read, from 1.
    fn missing_rows(&self, total: Option<u64>) -> Vec<RangeInclusive<u64>> {
        let empty = self.empty_pages.range(..self.last_filled);
        let pages = self.plan.missing().iter().chain(empty);
        let mut rows: Vec<_> = pages.map(|&page| Window { page, size: self.page_size }.rows()).collect();
        if self.is_refused {
            // Pages after the refused one that were never requested.
            let last = Window { page: self.plan.last(), size: self.page_size };
            rows.extend(total.filter(|&total| total > last.end()).map(|total| last.end() + 1..=total));
        }
        rows
    }

    /// Processes a page.
    pub(super) fn take(&mut self, facts: &PageFacts<'_>, report: &mut WalkReport) {
        report.pages_rescanned += 1;
        // The first answer of a run shows the size.
        if !self.has_page(facts.window) && report.pages > 1 {
            return;
        }
        let page = facts.window.page;
        self.plan.answered(page);
        if !facts.items.is_empty() {
            self.last_filled = self.last_filled.max(page);
        } else if facts.claims_more() && self.requested_again.insert(page) {
            self.plan.request_again(page);
            return;
        } else {
            self.empty_pages.insert(page);
        }
        if facts.is_after_the_end() || self.empty_pages.len() > MAX_EMPTY_PAGES {
            self.is_at_end = true;
            self.plan.stop();
        }
        if self.is_after_span(facts, report) {
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
        let announced = if may_have_more || is_open { (page + 1).min(read) } else { 0 };
        self.plan.set_last(self.plan.last().max(counted).max(announced));
    }

    /// Whether this page and an adjacent one show that the remaining rows are older than the requested span, as far as
    /// pages without overlap can show it. Always false if the order cannot be relied on.
    fn is_after_span(&mut self, facts: &PageFacts<'_>, report: &WalkReport) -> bool {
        let Some(bound) = report.not_before.filter(|_| report.unreliable.is_none()) else { return false };
        let times: Vec<i64> = facts.items.iter().filter_map(|item| item.as_ref()?.created_at).collect();
        self.is_sorted &= times.is_sorted_by(|before, after| before >= after);
        self.steps += times.iter().zip(times.iter().skip(1)).filter(|(before, after)| before > after).count() as u64;
        if times.is_empty() || times.iter().any(|&time| time >= bound) {
            return false;
        }
        let page = facts.window.page;
        self.older_pages.insert(page);
        let has_neighbor = self.older_pages.contains(&(page + 1)) || self.older_pages.contains(&(page - 1));
        self.is_sorted && self.steps >= STEPS_TO_PROVE && has_neighbor
    }

    /// After a complete read, starts another if that may help; returns whether there is more to read.
    pub(super) fn continues(&mut self, report: &mut WalkReport) -> bool {
        if !self.plan.is_finished() {
            return true;
        }
        let has_found = report.found_by_last_rescan > 0;
        self.vain = if has_found { 0 } else { self.vain + 1 };
        let is_short = report.fewer_than_counted() > 0 && self.vain < MAX_VAIN_RESCANS;
        // Unread rows that it did not find may have been deleted, or may have moved from one page to the one before it.
        let found = report.known() - self.known_before;
        let is_incomplete = report.looks_for_unread && report.unread > found && self.vain < MAX_VAIN_SEARCHES;
        // One read of a list with a stable order needs no other.
        let may_help = match report.unreliable {
            Some(_) => has_found || is_short,
            None => ((report.order_unknown || report.looks_for_unread) && has_found) || is_incomplete,
        };
        let continues = may_help && report.rescans < MAX_RESCANS;
        if continues {
            self.begin_next(report);
        }
        continues
    }
}

impl Walk {
    /// Ends the last rescan.
    pub(super) fn end_rescans(&mut self) {
        let Phase::Rescanning(rescan) = &mut self.phase else { return };
        let report = &mut self.report;
        let missing = rescan.missing_rows(report.total_last);
        if self.consistency == Consistency::Plain {
            // A full page does not show that no rows follow, whatever its count, and another answer is of another moment.
            let is_full = self.first_items >= u64::from(rescan.page_size);
            let is_whole = missing.is_empty() && report.fewer_than_counted() == 0;
            self.is_single_answer = is_whole && !is_full && report.pages == 1;
            report.missing.extend(missing);
        } else {
            report.not_rescanned.extend(missing);
            let fewer = report.fewer_than_counted();
            report.unread = if report.looks_for_unread { fewer } else { report.unread.min(fewer) };
            if report.unreliable.is_none() && !report.lacks_rows() && self.confirms() {
                self.begin_second_read();
                return;
            }
        }
        self.phase = Phase::Finished;
    }
}

//! Which pages to ask for, which contacts to keep, and whether it all adds up: decisions without I/O.
//!
//! The driver asks [`Walk::next_page`] what to fetch and brings answers to [`Walk::take_page`] in page order. The first
//! page tells how many there are and which page size the server honours; the others can then be fetched at once. On a
//! list that stands still there are exactly as many requests as pages.
//!
//! *Easy to get wrong:* a list that moves need not change its length. A deletion before the reading place and a
//! creation behind it leave `total_count` as it was and still hide one contact. That creation is met later in the
//! walk, so a contact created after the walk began counts as a sign of movement like a changed total.
//!
//! Page numbers are 1-based and `(page - 1) * page_size` is the offset (API reference, "List contacts").

use crate::api::wire::Pagination;
use crate::contacts::RowKey;
use crate::verdict::Verdict;

use super::SeenIds;

/// Pages without a new contact that are asked for beyond the planned end while the server says that more follow.
const MAX_STALE_PAGES: u32 = 3;

/// Room for ids made at once by what the first page says; a larger list makes it grow.
const MAX_RESERVED_IDS: u64 = 50_000_000;

/// What an answer says, without its contacts.
#[derive(Debug, Clone, Copy)]
pub struct PageFacts<'a> {
    /// 1-based number of the page that was asked for.
    pub page: u64,
    /// One entry for each item; `None` for an item that is no contact.
    pub items: &'a [Option<RowKey>],
    /// What the server says of the list.
    pub pagination: &'a Pagination,
    /// The server's clock in microseconds UTC, if it told.
    pub answered_at: Option<i64>,
}

/// The state of one walk through the list.
#[derive(Debug)]
pub struct Walk {
    page_size: u32,
    /// `None` until the first page has told.
    planned_pages: Option<u64>,
    next_page: u64,
    is_at_end: bool,
    stale_pages_beyond_plan: u32,
    seen: SeenIds,
    report: WalkReport,
    began_at: Option<i64>,
}

/// What a walk has met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WalkReport {
    /// Pages taken.
    pub pages: u64,
    /// Different contacts.
    pub contacts: u64,
    /// Items that were no contacts.
    pub rejected: u64,
    /// Contacts that came again and were dropped.
    pub duplicates: u64,
    /// `total_count` of the first page.
    pub total_first: Option<u64>,
    /// `total_count` of the last page taken.
    pub total_last: Option<u64>,
    /// Smallest `total_count`.
    pub total_min: Option<u64>,
    /// Largest `total_count`.
    pub total_max: Option<u64>,
    /// Contacts that were created after the walk began.
    pub created_during_walk: u64,
    /// Pages with fewer or more items than their place in the list asks for.
    pub odd_pages: u64,
}

impl Walk {
    /// A walk that asks for pages of `page_size`.
    pub fn new(page_size: u32) -> Self {
        Self {
            page_size,
            planned_pages: None,
            next_page: 1,
            is_at_end: false,
            stale_pages_beyond_plan: 0,
            seen: SeenIds::with_capacity(0),
            report: WalkReport::default(),
            began_at: None,
        }
    }

    /// Rows on a page, as the server honours it.
    pub fn page_size(&self) -> u32 {
        self.page_size
    }

    /// Pages that the list is known to have.
    pub fn planned_pages(&self) -> Option<u64> {
        self.planned_pages
    }

    /// What the walk has met so far.
    pub fn report(&self) -> &WalkReport {
        &self.report
    }

    /// Whether every page has been taken.
    pub fn is_finished(&self) -> bool {
        self.is_at_end
    }

    /// The page to ask for next, or `None` while that depends on an answer that is still out.
    pub fn next_page(&mut self) -> Option<u64> {
        let limit = self.planned_pages.unwrap_or(1);
        let page = self.next_page;
        (!self.is_at_end && page <= limit).then(|| {
            self.next_page += 1;
            page
        })
    }

    /// The number that [`next_page`](Self::next_page) would give.
    pub fn peek_page(&self) -> u64 {
        self.next_page
    }

    /// Takes the next page in order; says for each contact of the page whether it is new.
    pub fn take_page(&mut self, facts: &PageFacts<'_>) -> Vec<bool> {
        let pagination = facts.pagination;
        if self.report.pages == 0 {
            self.plan(pagination);
            self.began_at = facts.answered_at;
        }
        self.report.pages += 1;
        self.note_total(pagination.total_count);
        let keep = self.note_items(facts);
        self.extend_or_end(facts, keep.contains(&true));
        keep
    }

    fn plan(&mut self, pagination: &Pagination) {
        if let Some(honoured) = pagination.page_size.filter(|&size| size > 0) {
            self.page_size = honoured;
        }
        let by_total = pagination.total_count.map(|total| total.div_ceil(u64::from(self.page_size)));
        self.planned_pages = Some(by_total.or(pagination.total_pages).unwrap_or(1).max(1));
        let total = pagination.total_count.unwrap_or_default().min(MAX_RESERVED_IDS);
        self.seen.reserve(usize::try_from(total).unwrap_or(0));
    }

    fn note_total(&mut self, total: Option<u64>) {
        let report = &mut self.report;
        report.total_first = report.total_first.or(total);
        report.total_last = total.or(report.total_last);
        report.total_min = report.total_min.min(total).or(report.total_min).or(total);
        report.total_max = report.total_max.max(total);
    }

    fn note_items(&mut self, facts: &PageFacts<'_>) -> Vec<bool> {
        let mut keep = Vec::with_capacity(facts.items.len());
        for item in facts.items {
            let Some(key) = item else {
                self.report.rejected += 1;
                continue;
            };
            let is_new = self.seen.insert(key.id);
            if is_new {
                self.report.contacts += 1;
            } else {
                self.report.duplicates += 1;
            }
            // A date in the future is bad data, not a creation that just happened.
            let created_during_walk = match (key.created_at, self.began_at, facts.answered_at) {
                (Some(created), Some(began), Some(answered)) => (began..=answered).contains(&created),
                _ => false,
            };
            self.report.created_during_walk += u64::from(created_during_walk);
            keep.push(is_new);
        }
        if let Some(total) = facts.pagination.total_count {
            let before = (facts.page - 1).saturating_mul(u64::from(self.page_size));
            let expected = total.saturating_sub(before).min(u64::from(self.page_size));
            self.report.odd_pages += u64::from(facts.items.len() as u64 != expected);
        }
        keep
    }

    /// After the last planned page: goes on while the server says that more follow.
    fn extend_or_end(&mut self, facts: &PageFacts<'_>, has_new: bool) {
        let planned = self.planned_pages.unwrap_or(1);
        if facts.page < planned {
            return;
        }
        let is_full = facts.items.len() as u64 >= u64::from(self.page_size);
        let mut has_more = facts.pagination.has_more.unwrap_or(facts.pagination.total_count.is_none() && is_full);
        if has_more && !has_new {
            self.stale_pages_beyond_plan += 1;
            has_more = self.stale_pages_beyond_plan < MAX_STALE_PAGES;
        }
        if has_more {
            self.planned_pages = Some(planned + 1);
        } else {
            self.is_at_end = true;
        }
    }

    /// Whether everything is there, and what says so.
    pub fn verdict(&self) -> (Verdict, Vec<String>) {
        let report = &self.report;
        let mut doubts = Vec::new();
        match (report.total_min, report.total_max) {
            (Some(min), Some(max)) if min != max => {
                doubts.push(format!("the list moved while it was read: it had between {min} and {max} contacts"));
            }
            (None, _) | (_, None) => doubts.push("the API did not tell how many contacts there are".to_owned()),
            _ => {}
        }
        if report.duplicates > 0 {
            doubts.push(format!("{} contacts came more than once, so pages overlapped", report.duplicates));
        }
        if report.created_during_walk > 0 {
            doubts.push(format!("{} contacts were created during the run", report.created_during_walk));
        }
        if report.odd_pages > 0 {
            doubts.push(format!("{} pages were shorter or longer than their place asks for", report.odd_pages));
        }
        let read = report.contacts + report.rejected;
        if let Some(total) = report.total_last.filter(|&total| total != read) {
            doubts.push(format!("{read} different items were read, and the last page said {total}"));
        }
        if doubts.is_empty() {
            return (
                Verdict::Complete,
                vec![format!("every page said {read} contacts, and {read} different ones were read")],
            );
        }
        (Verdict::Unverified, doubts)
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;

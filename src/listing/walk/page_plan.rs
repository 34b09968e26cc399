//! The order in which one read of the whole list requests its pages.
//!
//! Pages are requested in ascending order, each once. A page that could not be fetched is set aside and requested again
//! after all others were answered.

use std::collections::BTreeSet;

/// The pages of one read, from 1 to a last page that can still change.
#[derive(Debug, Clone)]
pub(super) struct PagePlan {
    next: u64,
    last: u64,
    /// Pages below `next` that were skipped and are still to be requested.
    holes: BTreeSet<u64>,
    /// Requested and not answered yet.
    in_flight: BTreeSet<u64>,
    /// Failed once; requested again after all others.
    set_aside: BTreeSet<u64>,
    /// Failed twice.
    missing: BTreeSet<u64>,
}

impl PagePlan {
    /// A read of the pages from `first` to `last`.
    pub(super) fn new(first: u64, last: u64) -> Self {
        let empty = BTreeSet::new;
        Self { next: first, last, holes: empty(), in_flight: empty(), set_aside: empty(), missing: empty() }
    }

    /// The last page planned.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Changes the last page planned.
    pub(super) fn set_last(&mut self, last: u64) {
        self.last = last;
    }

    /// Plans nothing beyond the pages already requested.
    pub(super) fn stop(&mut self) {
        self.last = self.next - 1;
    }

    /// The next page to request, below `limit`; `None` while there is none.
    pub(super) fn next_page(&self, limit: u64) -> Option<u64> {
        let page = self.holes.first().copied().or((self.next <= self.last).then_some(self.next));
        match page {
            Some(page) => Some(page).filter(|&page| page < limit),
            // Everything else was answered: retry what failed.
            None if self.in_flight.is_subset(&self.set_aside) => {
                self.set_aside.difference(&self.in_flight).next().copied()
            }
            None => None,
        }
    }

    /// Records that a page is being requested; skipped pages become holes.
    pub(super) fn give_out(&mut self, page: u64) {
        self.holes.extend(self.next..page);
        self.next = self.next.max(page + 1);
        self.holes.remove(&page);
        self.in_flight.insert(page);
    }

    /// Records that a page was answered.
    pub(super) fn answered(&mut self, page: u64) {
        self.in_flight.remove(&page);
        self.set_aside.remove(&page);
    }

    /// Records that a page could not be fetched; returns whether it will be requested again.
    pub(super) fn failed(&mut self, page: u64) -> bool {
        self.in_flight.remove(&page);
        self.holes.remove(&page);
        let is_first_time = self.set_aside.insert(page);
        if !is_first_time {
            self.set_aside.remove(&page);
            self.missing.insert(page);
        }
        is_first_time
    }

    /// Pages that failed twice.
    pub(super) fn missing(&self) -> &BTreeSet<u64> {
        &self.missing
    }

    /// Whether every planned page was answered or failed twice.
    pub(super) fn is_finished(&self) -> bool {
        self.next > self.last && self.holes.is_empty() && self.in_flight.is_empty() && self.set_aside.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_next(plan: &mut PagePlan, limit: u64) -> Option<u64> {
        let page = plan.next_page(limit)?;
        plan.give_out(page);
        Some(page)
    }

    #[test]
    fn pages_are_requested_once_and_in_order() {
        let mut plan = PagePlan::new(1, 3);
        let requested: Vec<_> = std::iter::from_fn(|| request_next(&mut plan, u64::MAX)).collect();
        assert_eq!(requested, [1, 2, 3]);
        for page in requested {
            plan.answered(page);
        }
        assert!(plan.is_finished());
    }

    #[test]
    fn pages_from_the_limit_on_are_not_requested() {
        let mut plan = PagePlan::new(1, 9);
        assert_eq!(request_next(&mut plan, 2), Some(1));
        assert_eq!(request_next(&mut plan, 2), None);
        assert_eq!(request_next(&mut plan, 3), Some(2));
    }

    #[test]
    fn a_failed_page_is_requested_once_more_after_all_others() {
        let mut plan = PagePlan::new(1, 2);
        assert_eq!((request_next(&mut plan, 9), request_next(&mut plan, 9)), (Some(1), Some(2)));
        assert!(plan.failed(1));
        assert_eq!(request_next(&mut plan, 9), None, "page 2 is still in flight");
        plan.answered(2);
        assert_eq!(request_next(&mut plan, 9), Some(1));
        assert!(!plan.failed(1));
        assert!(plan.is_finished() && plan.missing().contains(&1));
    }

    #[test]
    fn skipped_pages_are_requested_first() {
        let mut plan = PagePlan::new(1, 6);
        for page in [1, 2, 5] {
            plan.give_out(page);
            plan.answered(page);
        }
        let requested: Vec<_> = std::iter::from_fn(|| request_next(&mut plan, u64::MAX)).collect();
        assert_eq!(requested, [3, 4, 6]);
    }
}

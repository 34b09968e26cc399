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
    /// Pages below `next` that are still to be requested: skipped, or requested again at once.
    holes: BTreeSet<u64>,
    /// Requested and not answered yet.
    in_flight: BTreeSet<u64>,
    /// Failed once; requested again after all others.
    set_aside: BTreeSet<u64>,
    /// Failed twice, or refused.
    missing: BTreeSet<u64>,
}

impl PagePlan {
    /// A read of the pages up to `last`.
    pub(super) fn new(last: u64) -> Self {
        let empty = BTreeSet::new;
        Self { next: 1, last, holes: empty(), in_flight: empty(), set_aside: empty(), missing: empty() }
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

    /// The first page that is in flight or still to be requested. Pages that were set aside do not count before they are
    /// requested again.
    fn first_open(&self) -> u64 {
        let first = |pages: &BTreeSet<u64>| pages.first().copied().unwrap_or(u64::MAX);
        self.next.min(first(&self.holes)).min(first(&self.in_flight))
    }

    /// Whether no page before this one is awaited, so that its rows are next in list order.
    pub(super) fn is_next(&self, page: u64) -> bool {
        page <= self.first_open()
    }

    /// The next page to request, fewer than `read_ahead` pages after the first one that is awaited; `None` while there is
    /// none.
    pub(super) fn next_page(&self, read_ahead: usize) -> Option<u64> {
        let limit = self.first_open().saturating_add(read_ahead as u64);
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
        self.missing.remove(&page);
    }

    /// Plans an answered page once more, before all others.
    pub(super) fn request_again(&mut self, page: u64) {
        self.holes.insert(page);
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

    /// Records that the service refuses a page, and so all pages after it: none of them is requested anymore.
    pub(super) fn refused(&mut self, page: u64) {
        self.in_flight.remove(&page);
        self.missing.insert(page);
        self.missing.append(&mut self.holes.split_off(&page));
        self.missing.append(&mut self.set_aside.split_off(&page));
        self.stop();
    }

    /// Pages that failed twice or were refused.
    pub(super) fn missing(&self) -> &BTreeSet<u64> {
        &self.missing
    }

    /// Whether every planned page was answered, failed twice or was refused.
    pub(super) fn is_finished(&self) -> bool {
        self.next > self.last && self.holes.is_empty() && self.in_flight.is_empty() && self.set_aside.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_next(plan: &mut PagePlan, read_ahead: usize) -> Option<u64> {
        let page = plan.next_page(read_ahead)?;
        plan.give_out(page);
        Some(page)
    }

    fn request_all(plan: &mut PagePlan) -> Vec<u64> {
        std::iter::from_fn(|| request_next(plan, usize::MAX)).collect()
    }

    #[test]
    fn pages_are_requested_once_and_in_order() {
        let mut plan = PagePlan::new(3);
        let requested = request_all(&mut plan);
        assert_eq!(requested, [1, 2, 3]);
        for page in requested {
            plan.answered(page);
        }
        assert!(plan.is_finished());
    }

    #[test]
    fn pages_wait_for_the_first_one_that_is_awaited() {
        let mut plan = PagePlan::new(9);
        let requested: Vec<_> = std::iter::from_fn(|| request_next(&mut plan, 3)).collect();
        assert_eq!(requested, [1, 2, 3]);
        plan.answered(3);
        assert_eq!((plan.next_page(3), plan.is_next(3)), (None, false), "page 1 is awaited");
        plan.answered(1);
        assert_eq!((plan.next_page(3), plan.is_next(1), plan.is_next(3)), (Some(4), true, false));
        assert!(plan.failed(2));
        assert!(plan.is_next(3), "the rows of a page that was set aside come later");
        assert_eq!(plan.next_page(3), Some(4));
    }

    #[test]
    fn a_failed_page_is_requested_once_more_after_all_others() {
        let mut plan = PagePlan::new(2);
        assert_eq!(request_all(&mut plan), [1, 2]);
        assert!(plan.failed(1));
        assert_eq!(request_next(&mut plan, 9), None, "page 2 is still in flight");
        plan.answered(2);
        assert_eq!(request_next(&mut plan, 9), Some(1));
        assert!(!plan.failed(1));
        assert!(plan.is_finished() && plan.missing().contains(&1));
    }

    #[test]
    fn skipped_pages_are_requested_first() {
        let mut plan = PagePlan::new(6);
        for page in [1, 2, 5] {
            plan.give_out(page);
            plan.answered(page);
        }
        assert!(!plan.is_next(5), "pages 3 and 4 come before it");
        assert_eq!(request_all(&mut plan), [3, 4, 6]);
    }

    #[test]
    fn an_answered_page_can_be_requested_again() {
        let mut plan = PagePlan::new(3);
        assert_eq!(request_all(&mut plan), [1, 2, 3]);
        for page in 1..=3 {
            plan.answered(page);
        }
        plan.request_again(2);
        assert!(!plan.is_finished() && plan.is_next(2) && !plan.is_next(3));
        assert_eq!(request_all(&mut plan), [2]);
        plan.answered(2);
        assert!(plan.is_finished());
    }

    #[test]
    fn pages_after_a_refused_one_are_missing_unless_they_are_answered() {
        let mut plan = PagePlan::new(9);
        assert_eq!((0..5).map_while(|_| request_next(&mut plan, 9)).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert!(plan.failed(4));
        plan.refused(3);
        plan.refused(5);
        assert!(!plan.is_finished(), "pages 1 and 2 are awaited");
        plan.answered(1);
        plan.answered(2);
        assert!(plan.is_finished());
        assert_eq!((plan.last(), plan.missing().iter().copied().collect::<Vec<_>>()), (5, vec![3, 4, 5]));
    }
}

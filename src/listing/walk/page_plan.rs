//! Which pages of one read through the list are requested next.
//!
//! Pages are issued in ascending order, each once. A page that could not be fetched is set aside and issued again after all
//! others were answered.

use std::collections::BTreeSet;

/// The pages of one read, from 1 to a last page that can still change.
#[derive(Debug, Clone)]
pub(super) struct PagePlan {
    next: u64,
    last: u64,
    /// Below `next`, and to be requested (again).
    holes: BTreeSet<u64>,
    /// Issued and not answered.
    out: BTreeSet<u64>,
    /// Failed once, waiting for all others.
    set_aside: BTreeSet<u64>,
    /// Finally failed.
    missing: BTreeSet<u64>,
}

impl PagePlan {
    /// A read of the pages from `first` to `last`.
    pub(super) fn new(first: u64, last: u64) -> Self {
        let empty = BTreeSet::new;
        Self { next: first, last, holes: empty(), out: empty(), set_aside: empty(), missing: empty() }
    }

    /// The last page planned.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Moves the end of the plan.
    pub(super) fn set_last(&mut self, last: u64) {
        self.last = last;
    }

    /// Plans nothing beyond the pages already issued.
    pub(super) fn stop(&mut self) {
        self.last = self.next - 1;
    }

    /// The next page to request, below `limit`; `None` while there is none.
    pub(super) fn next_page(&self, limit: u64) -> Option<u64> {
        let page = self.holes.first().copied().or((self.next <= self.last).then_some(self.next));
        match page {
            Some(page) => Some(page).filter(|&page| page < limit),
            // Everything else was answered: retry what failed.
            None if self.out.is_subset(&self.set_aside) => self.set_aside.difference(&self.out).next().copied(),
            None => None,
        }
    }

    /// Records that a page is being requested; skipped pages become holes.
    pub(super) fn give_out(&mut self, page: u64) {
        self.holes.extend(self.next..page);
        self.next = self.next.max(page + 1);
        self.holes.remove(&page);
        self.out.insert(page);
    }

    /// Records that a page was answered.
    pub(super) fn answered(&mut self, page: u64) {
        self.out.remove(&page);
        self.set_aside.remove(&page);
    }

    /// Records that a page could not be fetched; returns whether it will be requested again.
    pub(super) fn failed(&mut self, page: u64) -> bool {
        self.out.remove(&page);
        self.holes.remove(&page);
        let is_first_time = self.set_aside.insert(page);
        if !is_first_time {
            self.set_aside.remove(&page);
            self.missing.insert(page);
        }
        is_first_time
    }

    /// Pages that finally failed.
    pub(super) fn missing(&self) -> &BTreeSet<u64> {
        &self.missing
    }

    /// Whether every planned page was answered or finally failed.
    pub(super) fn is_finished(&self) -> bool {
        self.next > self.last && self.holes.is_empty() && self.out.is_empty() && self.set_aside.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give_out_next(plan: &mut PagePlan, limit: u64) -> Option<u64> {
        let page = plan.next_page(limit)?;
        plan.give_out(page);
        Some(page)
    }

    #[test]
    fn pages_are_given_out_once_and_in_order() {
        let mut plan = PagePlan::new(1, 3);
        let given: Vec<_> = std::iter::from_fn(|| give_out_next(&mut plan, u64::MAX)).collect();
        assert_eq!(given, [1, 2, 3]);
        for page in given {
            plan.answered(page);
        }
        assert!(plan.is_finished());
    }

    #[test]
    fn a_limit_holds_back_what_is_ahead() {
        let mut plan = PagePlan::new(1, 9);
        assert_eq!(give_out_next(&mut plan, 2), Some(1));
        assert_eq!(give_out_next(&mut plan, 2), None);
        assert_eq!(give_out_next(&mut plan, 3), Some(2));
    }

    #[test]
    fn a_page_that_failed_comes_last_and_only_once_more() {
        let mut plan = PagePlan::new(1, 2);
        assert_eq!((give_out_next(&mut plan, 9), give_out_next(&mut plan, 9)), (Some(1), Some(2)));
        assert!(plan.failed(1));
        assert_eq!(give_out_next(&mut plan, 9), None, "page 2 is still in flight");
        plan.answered(2);
        assert_eq!(give_out_next(&mut plan, 9), Some(1));
        assert!(!plan.failed(1));
        assert!(plan.is_finished() && plan.missing().contains(&1));
    }

    #[test]
    fn pages_known_from_before_leave_holes_that_come_first() {
        let mut plan = PagePlan::new(1, 6);
        for page in [1, 2, 5] {
            plan.give_out(page);
            plan.answered(page);
        }
        let given: Vec<_> = std::iter::from_fn(|| give_out_next(&mut plan, u64::MAX)).collect();
        assert_eq!(given, [3, 4, 6]);
    }
}

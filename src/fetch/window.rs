//! Which rows a request asks for.
//!
//! `page` and `page_size` of the API are together only an offset, `(page - 1) * page_size` (API reference, "List
//! contacts"). A window can therefore begin at nearly any row, by choosing the size a little below the cap.

use std::ops::RangeInclusive;

/// The rows that one request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    /// 1-based number of the page.
    pub page: u64,
    /// Rows on a page, at least 1.
    pub size: u32,
}

impl Window {
    /// The first rows of the list.
    pub fn first(size: u32) -> Self {
        Self { page: 1, size }
    }

    /// Rows of the list before the window.
    pub fn offset(self) -> u64 {
        self.page.saturating_sub(1).saturating_mul(u64::from(self.size))
    }

    /// Rows of the list before the window's end.
    pub fn end(self) -> u64 {
        self.offset().saturating_add(u64::from(self.size))
    }

    /// Its rows as people count them, from 1.
    pub(super) fn rows(self) -> RangeInclusive<u64> {
        self.offset().saturating_add(1)..=self.end()
    }

    /// The window that begins at row `start` or before it and reaches furthest behind it.
    ///
    /// Sizes from half of `cap` up to `cap` are tried. Smaller ones never reach further: the page of twice the size that
    /// holds `start` ends where the smaller page does, or one such page later.
    ///
    /// Near the head of the list few windows begin where they should: behind a start in the first half of the first page,
    /// none but that page does. Further on, 89 of 100 rows are ahead on average; but where pages begin is a matter of
    /// divisors, and there are starts, and whole stretches of them, that many sizes miss by much. Only the row `start` is
    /// sure.
    pub fn reaching(start: u64, cap: u32) -> Self {
        let cap = cap.max(1);
        let smallest = (cap / 2).max(1);
        let fitting = (smallest..=cap).map(|size| Self { page: start / u64::from(size) + 1, size });
        // The largest window wins a tie, so that the head of the list is asked for as a plain page is.
        fitting.max_by_key(|window| (window.end(), window.size)).unwrap_or(Self::first(cap))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_head_of_the_list_is_a_full_first_page() {
        for start in [0, 1, 49, 50] {
            assert_eq!(Window::reaching(start, 100), Window::first(100));
        }
    }

    #[test]
    fn from_the_middle_of_the_first_page_on_windows_reach_beyond_it() {
        assert!((51..100).all(|start| Window::reaching(start, 100).end() > 100));
    }

    #[test]
    fn a_cap_of_one_still_reaches_every_row() {
        assert_eq!(Window::reaching(7, 1), Window { page: 8, size: 1 });
    }

    /// Over many starts that are always the same: no bound above half a page holds for each stretch. Of those of 500
    /// starts below two million, 204 have fewer than 85 rows ahead on average, the worst 84.2.
    #[test]
    fn on_the_long_run_most_of_a_window_is_ahead() {
        let starts = 10_000..60_000_u64;
        let ahead: u64 = starts.clone().map(|at| Window::reaching(at, 100).end() - at).sum();
        assert_eq!(ahead / (starts.end - starts.start), 89);
    }

    proptest! {
        #[test]
        fn a_window_holds_its_start_and_keeps_to_the_cap(start in 0_u64..2_000_000, cap in 1_u32..300) {
            let window = Window::reaching(start, cap);
            prop_assert!(window.offset() <= start && start < window.end());
            prop_assert!(window.size <= cap);
        }

        #[test]
        fn no_size_reaches_further(start in 0_u64..2_000_000, cap in 1_u32..300) {
            let end = Window::reaching(start, cap).end();
            prop_assert!((1..=cap).all(|size| (start / u64::from(size) + 1) * u64::from(size) <= end));
        }
    }
}

//! Which rows a request covers.
//!
//! The API turns `page` and `page_size` into an offset, `(page - 1) * page_size` (API reference, "List contacts"). A
//! window can therefore start at nearly any row if its size is a little below the cap, the page size of the walk. That
//! makes reading with overlap cheap: see `docs/completeness.md`.

use std::ops::RangeInclusive;

/// Pages smaller than this cannot overlap at every row.
const SMALL_CAP: u32 = 20;

/// The rows that one request covers.
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
        Self { page: 1, size: size.max(1) }
    }

    /// Rows of the list before the window.
    pub fn offset(self) -> u64 {
        self.page.saturating_sub(1).saturating_mul(u64::from(self.size))
    }

    /// Rows of the list before the window's end.
    pub fn end(self) -> u64 {
        self.offset().saturating_add(u64::from(self.size))
    }

    /// Its rows, counted from 1.
    pub fn rows(self) -> RangeInclusive<u64> {
        self.offset().saturating_add(1)..=self.end()
    }

    /// The window that starts at least `overlap` rows before row `end` (counted from 0) and extends furthest after it.
    ///
    /// Sizes from half of `cap` up to `cap` are tried: a smaller window never reaches further, because the window of
    /// twice its size that holds the same row ends where it does, or later. `None` if no window both holds the row before
    /// `end` and reaches past it, which happens only for a cap of a few rows.
    pub fn overlapping(end: u64, overlap: u64, cap: u32) -> Option<Self> {
        let cap = cap.max(1);
        if end == 0 {
            return Some(Self::first(cap));
        }
        let start = end.saturating_sub(overlap.max(1));
        let sizes = (cap / 2).max(1)..=cap;
        let furthest = if cap < SMALL_CAP {
            // No window crosses a row whose number is a multiple of every size.
            let is_dead_end = |size| sizes.clone().all(|other| reach(start, size).is_multiple_of(u64::from(other)));
            // An end that is no dead end is better only if there is progress.
            let advances = |&size: &u32| reach(start, size) > end;
            sizes.clone().filter(advances).max_by_key(|&size| (!is_dead_end(size), reach(start, size), size))
        } else {
            // The largest size wins a tie, so that the start of the list is read as a plain page.
            sizes.max_by_key(|&size| reach(start, size))
        };
        let size = furthest?;
        Some(Self { page: start / u64::from(size) + 1, size }).filter(|window| window.end() > end)
    }

    /// Whether some window holds the row before `end` and reaches past it.
    pub fn can_overlap(end: u64, cap: u32) -> bool {
        // The first size nearly always decides.
        let ends_elsewhere = |size| !end.is_multiple_of(u64::from(size));
        cap >= SMALL_CAP && (cap / 2..=cap).any(ends_elsewhere) || Self::overlapping(end, 1, cap).is_some()
    }
}

/// The end of the page of this size that holds row `start`.
fn reach(start: u64, size: u32) -> u64 {
    let size = u64::from(size);
    start - start % size + size
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_start_of_the_list_is_a_full_first_page() {
        assert_eq!(Window::overlapping(0, 5, 100), Some(Window::first(100)));
    }

    #[test]
    fn the_second_window_overlaps_the_first_by_one_row() {
        let second = Window::overlapping(100, 1, 100).unwrap();
        assert_eq!((second, second.offset(), second.end()), (Window { page: 2, size: 99 }, 99, 198));
    }

    #[test]
    fn pages_of_two_rows_cannot_overlap_everywhere() {
        assert_eq!(Window::overlapping(2, 1, 2), None);
        assert!((1..50_000).all(|end| Window::overlapping(end, 1, 20).is_some()));
    }

    #[test]
    fn small_pages_reach_a_dead_end_rather_than_stop_before_it() {
        // Row 12 ends a page of every size, so nothing overlaps after it. But rows 11 and 12 can be read.
        assert_eq!(Window::overlapping(10, 1, 4), Some(Window { page: 3, size: 4 }));
        assert!(Window::can_overlap(10, 4) && !Window::can_overlap(12, 4));
    }

    /// What overlap costs on a list that does not change: 14% more windows than pages.
    #[test]
    fn a_list_of_100_000_rows_takes_1143_windows() {
        let (mut end, mut windows) = (100, 1);
        while end < 100_000 {
            end = Window::overlapping(end, 1, 100).unwrap().end();
            windows += 1;
        }
        assert_eq!(windows, 1143);
    }

    proptest! {
        #[test]
        fn a_window_overlaps_as_requested_within_the_cap(end in 1_u64..2_000_000, overlap in 1_u64..40, cap in 3_u32..300) {
            if let Some(window) = Window::overlapping(end, overlap, cap) {
                prop_assert!(window.offset() <= end.saturating_sub(overlap) && end < window.end());
                prop_assert!(window.size <= cap);
            }
        }

        #[test]
        fn no_size_reaches_further(end in 1_u64..2_000_000, cap in 20_u32..300) {
            let reached = Window::overlapping(end, 1, cap).map_or(end, Window::end);
            prop_assert!((1..=cap).all(|size| ((end - 1) / u64::from(size) + 1) * u64::from(size) <= reached));
        }
    }
}

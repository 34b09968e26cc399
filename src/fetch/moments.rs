//! When the list is known to have moved.
//!
//! A contact created or updated during the walk tells the moment; one that comes twice tells that rows moved between its two
//! readings. Times are microseconds of the server's clock.

use std::collections::HashMap;

use super::marks::RowPrint;

/// Rows that changed that are kept one by one: enough to tell a great change, a few megabytes at the most.
const MAX_ROWS: usize = 200_000;
/// Spans of time kept; more of them leave no moment out of doubt.
const MAX_SPANS: usize = 200_000;

/// Spans of time in which the list moved, from and to, both included.
#[derive(Debug, Clone, Default)]
pub(super) struct Moments {
    spans: Vec<(i64, i64)>,
    is_sorted: bool,
    /// When each row changed that was met.
    rows: HashMap<RowPrint, i64>,
}

impl Moments {
    /// Notes that something moved between two moments.
    pub(super) fn add(&mut self, from: i64, to: i64) {
        if self.spans.len() == MAX_SPANS {
            self.settle();
        }
        if self.spans.len() == MAX_SPANS {
            self.spans = vec![(i64::MIN, i64::MAX)];
        }
        self.spans.push((from, to));
        self.is_sorted = false;
    }

    /// Notes when a row changed, however often it is met.
    pub(super) fn note_row(&mut self, row: RowPrint, moment: i64) {
        if self.rows.len() < MAX_ROWS {
            self.rows.insert(row, moment);
        }
    }

    /// When rows changed, one entry a row, in ascending order.
    pub(super) fn of_rows(&self) -> Vec<i64> {
        let mut times: Vec<i64> = self.rows.values().copied().collect();
        times.sort_unstable();
        times
    }

    /// Whether something is known to have moved between two moments.
    pub(super) fn touch(&mut self, from: i64, to: i64) -> bool {
        if !self.is_sorted {
            self.settle();
        }
        let next = self.spans.partition_point(|&(_, end)| end < from);
        self.spans.get(next).is_some_and(|&(start, _)| start <= to)
    }

    /// Whether something moved, for certain, before a moment.
    pub(super) fn any_before(&self, moment: i64) -> bool {
        self.spans.iter().any(|&(_, to)| to < moment)
    }

    /// Sorts the spans and joins those that overlap.
    fn settle(&mut self) {
        self.spans.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::with_capacity(self.spans.len());
        for &(from, to) in &self.spans {
            match joined.last_mut() {
                Some((_, end)) if from <= *end => *end = (*end).max(to),
                _ => joined.push((from, to)),
            }
        }
        self.spans = joined;
        self.is_sorted = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_touch_what_they_overlap() {
        let mut moments = Moments::default();
        assert!(!moments.touch(i64::MIN, i64::MAX));
        for (from, to) in [(50, 50), (10, 20), (15, 30)] {
            moments.add(from, to);
        }
        for (from, to, touched) in [(0, 9, false), (0, 10, true), (30, 40, true), (31, 49, false), (50, 60, true)] {
            assert_eq!(moments.touch(from, to), touched, "{from} to {to}");
        }
        assert!(moments.any_before(31) && !moments.any_before(30));
    }

    #[test]
    fn too_many_spans_touch_everything() {
        let mut moments = Moments::default();
        for at in 0..=i64::try_from(MAX_SPANS).unwrap() {
            moments.add(at * 10, at * 10);
        }
        assert!(moments.touch(5, 6));
    }
}

//! What the list is sorted by, judging by its rows, and how many rows were inserted into the part already read.
//!
//! In a list sorted by creation, by last change or by id, a row that changes keeps its place or moves to an end, and both
//! ends are read again. In any other order it may move up in the middle of the list, into a part that was read already:
//! the one case that overlap cannot detect. Such a list is read again if it changed (`docs/completeness.md`).
//!
//! *Easy to get wrong:* dates are used only to recognize the order, never to prove that a row was read.

use std::collections::VecDeque;

use crate::listing::RowKey;

/// Neighboring rows that may be in reverse order because of changes while the list is read: `MIN_BREAKS`, plus one for
/// every `ROWS_FOR_A_BREAK` rows.
const MIN_BREAKS: u64 = 4;
const ROWS_FOR_A_BREAK: u64 = 400;

/// Whether the rows read so far are sorted, in either direction, by a key with which a changed row keeps its place or
/// moves to an end of the list.
#[derive(Debug, Default)]
pub(super) struct ListOrder {
    rows: u64,
    has_dates: bool,
    by_creation: SortKey<i64>,
    by_change: SortKey<i64>,
    /// As unsigned numbers, which is how ids are sorted.
    by_id: SortKey<u128>,
}

/// The order of the rows by one of their values.
#[derive(Debug, Default)]
struct SortKey<T> {
    /// The value of the last row; if it has none, that of the row before it.
    last: Option<T>,
    descending: u64,
    ascending: u64,
}

impl<T: Copy + Ord> SortKey<T> {
    fn note(&mut self, value: Option<T>) {
        let Some(value) = value else { return };
        if let Some(last) = self.last.replace(value) {
            self.descending += u64::from(last > value);
            self.ascending += u64::from(last < value);
        }
    }

    /// Whether all but `allowed` neighbors are in the same order. A value that all rows share does not sort them.
    fn is_sorted(&self, allowed: u64) -> bool {
        self.descending.min(self.ascending) <= allowed && self.descending.max(self.ascending) > allowed
    }
}

impl ListOrder {
    /// Records the next row of the list.
    pub(super) fn note(&mut self, row: &RowKey) {
        self.rows += 1;
        self.has_dates |= row.created_at.is_some();
        self.by_creation.note(row.created_at);
        self.by_change.note(row.updated_at.or(row.created_at));
        self.by_id.note(Some(row.id.0));
    }

    /// Whether the rows are sorted by one of the keys, as far as rows with dates show it.
    pub(super) fn is_known(&self) -> bool {
        let allowed = MIN_BREAKS + self.rows / ROWS_FOR_A_BREAK;
        let is_sorted =
            self.by_creation.is_sorted(allowed) || self.by_change.is_sorted(allowed) || self.by_id.is_sorted(allowed);
        !self.has_dates || self.rows <= MIN_BREAKS || is_sorted
    }
}

/// Rows inserted before the edge while the list was read, derived from how far the boundaries moved.
#[derive(Debug, Default)]
pub(super) struct Insertions {
    /// Rows by which the list has grown before the edge.
    growth: i64,
    /// The same at the last boundaries.
    recent: VecDeque<i64>,
    count: u64,
}

impl Insertions {
    /// Records by how many rows a boundary moved. `in_flight` answers may show the list in any order of time, so a shift
    /// that only reverses a recent one is not an insertion.
    pub(super) fn note(&mut self, shift: i64, in_flight: usize) {
        let before = self.recent.iter().copied().max().unwrap_or(0);
        self.growth = self.growth.saturating_add(shift);
        self.count += self.growth.saturating_sub(before).max(0).cast_unsigned();
        self.recent.push_back(self.growth);
        while self.recent.len() > in_flight.max(1) {
            self.recent.pop_front();
        }
    }

    /// Number of inserted rows, without those that deletions hide.
    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::RowId;

    fn order_of(rows: impl IntoIterator<Item = (u128, i64, Option<i64>)>) -> bool {
        let mut order = ListOrder::default();
        for (id, created, updated_at) in rows {
            order.note(&RowKey { id: RowId(id), created_at: Some(created), updated_at });
        }
        order.is_known()
    }

    #[test]
    fn lists_sorted_by_creation_change_or_id_are_recognized() {
        let scattered = |at: i64| at * 7_919 % 1_000;
        assert!(order_of((0..1_000_i64).map(|at| (scattered(at).cast_unsigned().into(), at, None))));
        assert!(order_of((0..1_000_i64).map(|at| (scattered(at).cast_unsigned().into(), -at, Some(scattered(at))))));
        assert!(order_of((0..1_000_i64).map(|at| (scattered(at).cast_unsigned().into(), scattered(at), Some(-at)))));
        assert!(order_of((0..1_000_i64).map(|at| (
            u128::from(at.cast_unsigned()),
            scattered(at),
            Some(scattered(at + 1))
        ))));
    }

    #[test]
    fn some_rows_without_dates_do_not_hide_the_order() {
        let scattered = |at: i64| at * 7_919 % 1_000;
        let mut order = ListOrder::default();
        for at in 0..1_000_i64 {
            let created_at = (at % 20 > 0).then_some(at);
            order.note(&RowKey { id: RowId(scattered(at).cast_unsigned().into()), created_at, updated_at: None });
        }
        assert!(order.is_known());
    }

    #[test]
    fn rows_sorted_by_a_date_that_most_do_not_have_are_not() {
        let scattered = |at: i64| at * 7_919 % 1_000;
        let rows =
            (0..1_000_i64).map(|at| (scattered(at).cast_unsigned().into(), scattered(at), (at < 300).then_some(at)));
        assert!(!order_of(rows));
    }

    #[test]
    fn rows_with_one_shared_date_have_no_order() {
        assert!(!order_of((0..1_000_i64).map(|at| ((at * 7_919 % 1_000).cast_unsigned().into(), 5, Some(5)))));
    }

    #[test]
    fn an_insertion_is_counted_and_an_answer_from_an_earlier_time_is_not() {
        let count = |shifts: &[i64], in_flight| {
            let mut insertions = Insertions::default();
            for &shift in shifts {
                insertions.note(shift, in_flight);
            }
            insertions.count()
        };
        assert_eq!(count(&[0, 1, 0, -1, 0], 1), 1);
        assert_eq!(count(&[0, -1, 1, -1, 0], 4), 0);
        assert_eq!(count(&[-1, 0, 0, 0, 2, 0], 2), 2);
    }
}

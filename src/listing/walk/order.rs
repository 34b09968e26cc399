//! What the list is sorted by, judging by its rows, and how many rows were inserted into the part already read.
//!
//! In a list sorted by creation, by last change or by id, a row that changes keeps its place or moves to an end, and both
//! ends are read again. In any other order it may move up in the middle of the list, into a part that was read already:
//! the one case that overlap cannot detect. Such a list is read again if it changed (`docs/completeness.md`).
//!
//! Among rows that share a time, such as those of one import, the service may use any order, and another one after a
//! change. So many rows of one time sort nothing, and if only a few share theirs, inserted rows may have moved among them,
//! unless such rows are sorted by random ids, which shows what sorts them.
//!
//! *Easy to get wrong:* dates are used only to recognize the order, never to prove that a row was read.

use std::collections::VecDeque;

use uuid::{Uuid, Version};

use crate::listing::{RowId, RowKey};

/// Neighbors that share a time before that time is taken to sort nothing.
const MAX_TIES: u32 = 8;
/// Rows that must share the time of the row before them, and be sorted by id, to show that ids sort them.
const MIN_TIES: u64 = 16;
/// Lists of so few rows are taken for sorted: the answers that hold their ends hold all of them.
const FEW_ROWS: u64 = 4;

/// What a list is sorted by, and so where a row that changes moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KnownOrder {
    /// By id: it keeps its place, and new rows are anywhere. Lists without dates, and those of a few rows, are taken for such.
    Fixed,
    /// By creation: it keeps its place, and new rows are at an end. If the list is sorted by a group first, of which no row
    /// was read, a row may leave that group.
    ByCreation,
    /// By the last change: it moves to an end, unless its time is much older than the moment at which it moves. Or by
    /// creation, where a row may move among the few that share its time.
    Nearly,
    /// By something else: it may move anywhere.
    Unknown,
}

/// Whether the rows read so far are sorted, in either direction, by a key with which a changed row keeps its place or
/// moves to an end of the list.
///
/// Not one row may be out of place. In a list sorted by one of the keys, the rows that continue an edge are sorted however
/// much it changes, and a list sorted by a group first (such as contacts that opted out, then all others, each by creation)
/// has just one neighbor in reverse order for each group.
#[derive(Debug, Default)]
pub(super) struct ListOrder {
    rows: u64,
    has_dates: bool,
    by_creation: SortKey<i64>,
    by_change: SortKey<i64>,
    /// As unsigned numbers, which is how ids are sorted.
    by_id: SortKey<u128>,
    sections: Sections,
}

/// In which directions a value of the rows changes.
#[derive(Debug, Default)]
struct SortDirection {
    ascends: bool,
    descends: bool,
}

impl SortDirection {
    fn note<T: Ord>(&mut self, last: &T, value: &T) {
        self.ascends |= last < value;
        self.descends |= last > value;
    }

    /// A value that all rows share does not sort them.
    fn is_sorted(&self) -> bool {
        self.ascends != self.descends
    }

    fn is_mixed(&self) -> bool {
        self.ascends && self.descends
    }
}

/// The order of the rows by one of their values.
#[derive(Debug, Default)]
struct SortKey<T> {
    last: Option<T>,
    direction: SortDirection,
    ties: Ties,
}

/// Neighbors that share a value.
#[derive(Debug, Default)]
struct Ties {
    last_id: u128,
    /// Rows directly before the last one that share its value.
    run: u32,
    /// All rows that share that of the row before them.
    rows: u64,
    /// The order of the ids of such rows.
    ids: SortDirection,
    /// Whether one of these ids is not random.
    has_other_ids: bool,
    /// Whether too many rows share a value to show an order.
    are_many: bool,
}

impl Ties {
    fn note(&mut self, id: u128, is_tie: bool) {
        self.run = if is_tie { self.run + 1 } else { 0 };
        if is_tie {
            self.rows += 1;
            self.ids.note(&self.last_id, &id);
            self.has_other_ids |= Uuid::from_u128(id).get_version() != Some(Version::Random);
            self.are_many |= self.run > MAX_TIES;
        }
        self.last_id = id;
    }

    /// Whether ids sort rows that share a value. Ids that contain their time of creation ascend in the order in which the
    /// rows were stored, too.
    fn are_by_id(&self) -> bool {
        self.rows >= MIN_TIES && self.ids.is_sorted() && !self.has_other_ids
    }

    fn are_unsorted(&self) -> bool {
        self.are_many && !self.are_by_id()
    }

    /// Whether a row may move among others of its value.
    fn may_move(&self) -> bool {
        self.rows > 0 && !self.are_by_id()
    }
}

impl<T: Copy + Ord> SortKey<T> {
    /// Notes the value of the next row.
    fn note(&mut self, value: T, id: RowId) {
        let last = self.last.replace(value);
        self.ties.note(id.0, last == Some(value));
        if let Some(last) = last {
            self.direction.note(&last, &value);
        }
    }

    fn is_sorted(&self) -> bool {
        self.direction.is_sorted() && !self.ties.are_unsorted()
    }

    /// Whether it may be what sorts the rows, although it does not show their order.
    fn is_tied(&self) -> bool {
        self.ties.are_unsorted() && !self.direction.is_mixed()
    }
}

/// Whether all rows that were never changed are on one side, and all that were on the other.
///
/// A database that sorts rows without a time of change before or after all others (`NULLS FIRST`, `NULLS LAST`) moves a row
/// that changes to the border between the two. Until something changes, such a list can look like one sorted by creation.
#[derive(Debug, Default)]
struct Sections {
    was_changed: Option<bool>,
    borders: u64,
    /// Rows before the first border.
    rows_before: u64,
}

impl Sections {
    fn note(&mut self, is_changed: bool) {
        self.borders += u64::from(self.was_changed.replace(is_changed).is_some_and(|before| before != is_changed));
        self.rows_before += u64::from(self.borders == 0);
    }

    /// Whether there is such a border, after more than the `reach` rows that an answer from the start certainly holds.
    fn has_border(&self, reach: u64) -> bool {
        self.borders == 1 && self.rows_before > reach
    }
}

impl ListOrder {
    /// Records the next row of the list.
    pub(super) fn note(&mut self, row: &RowKey) {
        self.rows += 1;
        self.has_dates |= row.created_at.is_some() || row.updated_at.is_some();
        if let Some(created_at) = row.created_at {
            self.by_creation.note(created_at, row.id);
        }
        if let Some(changed_at) = row.updated_at.or(row.created_at) {
            self.by_change.note(changed_at, row.id);
        }
        self.by_id.note(row.id.0, row.id);
        self.sections.note(row.updated_at.is_some());
    }

    /// Begins with rows that do not follow the last ones in the list.
    pub(super) fn begin_part(&mut self) {
        (self.by_creation.last, self.by_change.last, self.by_id.last) = (None, None, None);
    }

    /// What the rows are sorted by, as far as rows with dates show it. `cap`: rows on a page; `new_at_start`: rows found
    /// before the first of them since.
    pub(super) fn known(&self, cap: u32, new_at_start: u64) -> KnownOrder {
        if !self.has_dates || self.rows <= FEW_ROWS {
            KnownOrder::Fixed
        } else if self.sections.has_border(u64::from(cap / 2).saturating_sub(new_at_start)) {
            KnownOrder::Unknown
        } else if self.by_change.is_sorted() {
            // A list in which nothing has changed yet may be sorted by creation, too.
            KnownOrder::Nearly
        } else if self.by_creation.is_sorted() && self.by_creation.ties.may_move() {
            KnownOrder::Nearly
        } else if self.by_creation.is_sorted() {
            KnownOrder::ByCreation
        } else if self.by_id.is_sorted() && !self.by_creation.is_tied() {
            // Ids may ascend because the rows of one import are listed in the order in which they were stored.
            KnownOrder::Fixed
        } else {
            KnownOrder::Unknown
        }
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

    fn order_of(rows: impl IntoIterator<Item = (u128, i64, Option<i64>)>) -> bool {
        let mut order = ListOrder::default();
        for (id, created, updated_at) in rows {
            order.note(&RowKey { id: RowId(id), created_at: Some(created), updated_at });
        }
        order.known(100, 0) != KnownOrder::Unknown
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
    fn rows_that_share_a_time_are_sorted_only_if_random_ids_sort_them() {
        let known = |ties: i64, id: fn(i64) -> u128| {
            let mut order = ListOrder::default();
            for at in 0..1_000_i64 {
                let created_at = Some(-(at / ties));
                // One row was changed, so the list is not sorted by change.
                let updated_at = (at == 5).then_some(7);
                order.note(&RowKey { id: RowId(id(at)), created_at, updated_at });
            }
            order.known(100, 0)
        };
        let random = |at: i64| u128::from((at * 7_919 % 1_009).cast_unsigned()) << 96 | 4 << 76;
        let ascending = |at: i64| u128::from((at % 200).cast_unsigned()) << 96 | 4 << 76;
        let by_time = |at: i64| u128::from((at % 200).cast_unsigned()) << 96 | 7 << 76;
        let expected = [KnownOrder::ByCreation, KnownOrder::Nearly, KnownOrder::Nearly, KnownOrder::Unknown];
        assert_eq!([1, 2, 9, 10].map(|ties| known(ties, random)), expected);
        assert_eq!(known(200, ascending), KnownOrder::ByCreation);
        assert_eq!(known(200, by_time), KnownOrder::Unknown);
    }

    #[test]
    fn some_rows_without_dates_do_not_hide_the_order() {
        let scattered = |at: i64| at * 7_919 % 1_000;
        let mut order = ListOrder::default();
        for at in 0..1_000_i64 {
            let created_at = (at % 20 > 0).then_some(at);
            order.note(&RowKey { id: RowId(scattered(at).cast_unsigned().into()), created_at, updated_at: None });
        }
        assert_ne!(order.known(100, 0), KnownOrder::Unknown);
    }

    #[test]
    fn rows_sorted_by_a_date_that_most_do_not_have_are_not() {
        let scattered = |at: i64| at * 7_919 % 1_000;
        let rows =
            (0..1_000_i64).map(|at| (scattered(at).cast_unsigned().into(), scattered(at), (at < 300).then_some(at)));
        assert!(!order_of(rows));
    }

    #[test]
    fn rows_sorted_by_a_group_first_have_no_known_order() {
        let scattered = |at: i64| (at * 7_919 % 1_009).cast_unsigned().into();
        for size in [1, 6, 500, 999] {
            assert!(!order_of((0..1_000_i64).map(|at| (scattered(at), (at + size) % 1_000, None))));
        }
    }

    #[test]
    fn rows_with_and_without_changes_on_two_sides_have_no_known_order() {
        let sections = |unchanged: i64, also: i64| {
            let is_changed = |at: i64| at >= unchanged || at == also;
            order_of((0..1_000_i64).map(|at| {
                let id = (at * 7_919 % 1_009).cast_unsigned().into();
                (id, -at, is_changed(at).then_some(-at))
            }))
        };
        assert!(!sections(51, 999) && !sections(500, 999) && !sections(999, 999));
        assert!(sections(50, 999), "the answer that holds the start holds the border");
        assert!(sections(500, 7) && sections(0, 999) && sections(1_000, 7));
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

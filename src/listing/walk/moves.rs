//! Detects that rows may have moved within the list, which overlap cannot show.
//!
//! *Easy to get wrong:* responses to concurrent requests show the list at different times. So a row may be repeated, or a
//! boundary may move back and forth, although no row moved in the list.

use super::order::{Insertions, KnownOrder, ListOrder};
use crate::listing::RowKey;

/// Maximum number of repeated rows whose positions are kept.
const MAX_REMEMBERED: usize = 10_000;
/// Repeated rows that are tolerated after a search or in a resumed run, because answers from different times were
/// combined: `MIN_MOVED`, plus one for every `ROWS_FOR_A_MOVE` rows. If the order is not stable, many more are repeated.
const MIN_MOVED: u64 = 4;
const ROWS_FOR_A_MOVE: u64 = 200;
/// After a search, windows still in flight return rows that were read in the meantime. Searches beyond this number do not
/// raise the tolerance.
const MAX_SEARCHES_EXPECTED: u64 = 2;

/// Rows that may vanish from the start of the list, because they are deleted or moved, before it is read again.
const MAX_VANISHED: u64 = 16;

/// What rows and boundaries have shown about moves within the list.
#[derive(Debug, Default)]
pub(super) struct Moves {
    order: ListOrder,
    insertions: Insertions,
    /// Maximum number of requests in flight at once so far.
    most_in_flight: u64,
    /// Rows that first came in an answer that did not continue the line; they may be repeated in one that does.
    strays: u64,
    /// Those of them that changed during the run.
    recent_strays: u64,
    /// Rows of edges after their anchors; they may be repeated, too.
    skipped: u64,
    /// Whether rows of the line were not where they should be, so that a moved block may have been taken for another part.
    has_block_moved: bool,
    /// Whether rows that were inserted before the edge may not have been counted.
    has_jumped: bool,
    /// New rows in answers that held the start of the list, after the list was read.
    new_at_start: u64,
    /// For each repeated row, how many rows had been delivered before it.
    again_at: Vec<u64>,
    /// How many rows had been delivered when the last row arrived that certainly did not change during the run.
    last_settled: u64,
}

/// Circumstances of a walk that explain repeated rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances {
    /// Rows read.
    pub(super) rows: u64,
    /// Boundaries searched for.
    pub(super) searches: u64,
    /// Whether an earlier run read a part of the list.
    pub(super) is_resumed: bool,
    /// Rows on a page.
    pub(super) cap: u32,
}

impl Moves {
    /// Records how many requests are in flight.
    pub(super) fn note_in_flight(&mut self, in_flight: u64) {
        self.most_in_flight = self.most_in_flight.max(in_flight);
    }

    /// Records by how many rows a boundary moved.
    pub(super) fn note_boundary(&mut self, shift: i64) {
        self.insertions.note(shift, usize::try_from(self.most_in_flight).unwrap_or(usize::MAX));
    }

    /// Records that the next rows do not follow the last ones in the list.
    pub(super) fn begin_part(&mut self) {
        self.order.begin_part();
    }

    /// Records the next row in list order.
    pub(super) fn note_row(&mut self, row: &RowKey) {
        self.order.note(row);
    }

    /// Records how often reading continued elsewhere, where nothing shows by how many rows the list had grown.
    pub(super) fn note_jumps(&mut self, jumps: u64) {
        self.has_jumped |= jumps > 0;
    }

    /// Records a row that first came in an answer that did not continue the line. `is_recent`: it changed during the run.
    pub(super) fn note_stray(&mut self, is_recent: bool) {
        self.strays += 1;
        self.recent_strays += u64::from(is_recent);
    }

    /// Records rows of the edge that an answer does not hold where they were, so that the next one may repeat them.
    pub(super) fn note_skipped(&mut self, rows: usize) {
        self.skipped += rows as u64;
    }

    /// Records a new row between the start of the list and the first row that was read.
    pub(super) fn note_new_at_start(&mut self) {
        self.new_at_start += 1;
    }

    /// Records that a row after `rows` rows certainly did not change during the run.
    pub(super) fn note_settled(&mut self, rows: u64) {
        self.last_settled = rows;
    }

    /// Records that `again` rows were repeated after `rows` rows were delivered.
    pub(super) fn note_repeated(&mut self, rows: u64, again: u64) {
        let remaining = MAX_REMEMBERED.saturating_sub(self.again_at.len());
        self.again_at.extend(std::iter::repeat_n(rows, usize::try_from(again).unwrap_or(remaining).min(remaining)));
    }

    /// Rows that were repeated in the middle of the list, if there are more than the circumstances explain, otherwise 0.
    /// Rows that are repeated at its end changed and moved there.
    pub(super) fn in_middle(&self, circumstances: Circumstances) -> u64 {
        let Circumstances { rows, searches, is_resumed, cap } = circumstances;
        let again = self.again_at.iter().filter(|&&rows| rows < self.last_settled).count() as u64;
        // If every boundary was found at once, in one run, no row may be repeated.
        let is_straight = searches == 0 && !is_resumed;
        let searched = searches.min(MAX_SEARCHES_EXPECTED) * 2 * u64::from(cap);
        let tolerated = if is_straight { 0 } else { MIN_MOVED + rows / ROWS_FOR_A_MOVE + searched };
        if again > self.strays + self.skipped + tolerated { again } else { 0 }
    }

    /// Records how many edges were gone, so that reading continued after other rows, which may not be where they were:
    /// neighbors that move as a block, although no field of theirs changes, look like the part of the list they came from.
    pub(super) fn note_lost_edges(&mut self, edges: u64) {
        self.has_block_moved |= edges > 0;
    }

    /// Records how many rows are gone from the start of the list: those at which it ended may have moved there as a block.
    pub(super) fn note_vanished(&mut self, rows: u64) {
        self.has_block_moved |= rows > MAX_VANISHED;
    }

    /// Whether rows may have moved up, into the part that was already read. `probed_old`: rows found in its middle that
    /// existed before the run. `cap`: rows on a page.
    pub(super) fn may_be_unseen(&self, has_changed: bool, probed_old: u64, cap: u32) -> bool {
        if self.has_block_moved {
            return true;
        }
        match self.order.known(cap, self.new_at_start) {
            KnownOrder::Fixed => probed_old > 0,
            KnownOrder::Nearly if self.has_jumped => has_changed,
            KnownOrder::ByCreation | KnownOrder::Nearly => {
                probed_old > 0 || self.insertions.count() > self.new_at_start + self.recent_strays
            }
            KnownOrder::Unknown => has_changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::RowId;

    const STRAIGHT: Circumstances = Circumstances { rows: 1_000, searches: 0, is_resumed: false, cap: 100 };

    fn again(rows: u64, count: u64) -> Moves {
        let mut moves = Moves::default();
        moves.note_repeated(rows, count);
        moves.note_settled(900);
        moves
    }

    #[test]
    fn a_row_repeated_in_the_middle_counts_and_one_at_the_end_does_not() {
        assert_eq!(again(500, 1).in_middle(STRAIGHT), 1);
        assert_eq!(again(950, 30).in_middle(STRAIGHT), 0);
    }

    #[test]
    fn answers_from_different_times_explain_some_repeated_rows() {
        let resumed = Circumstances { is_resumed: true, ..STRAIGHT };
        assert_eq!((again(500, 9).in_middle(resumed), again(500, 10).in_middle(resumed)), (0, 10));
        let searched = Circumstances { searches: 5, ..STRAIGHT };
        assert_eq!((again(500, 409).in_middle(searched), again(500, 410).in_middle(searched)), (0, 410));
        let mut stray = again(500, 1);
        stray.note_stray(false);
        assert_eq!(stray.in_middle(STRAIGHT), 0);
    }

    #[test]
    fn rows_may_have_moved_among_those_of_one_time_wherever_the_list_grew() {
        // Sorted by creation; only the first two rows share a time.
        let sorted = || {
            let mut moves = Moves::default();
            for at in 0..100_i64 {
                let (id, created_at) = (RowId((at * 11 % 101).cast_unsigned().into()), Some(-at.max(1)));
                moves.note_row(&RowKey { id, created_at, updated_at: (at % 7 == 3).then_some(at * 7 % 101) });
            }
            moves
        };
        let mut grown = sorted();
        assert!(!grown.may_be_unseen(true, 0, 100));
        grown.note_boundary(1);
        assert!(grown.may_be_unseen(true, 0, 100));
        grown.note_new_at_start();
        assert!(!grown.may_be_unseen(true, 0, 100));
        let mut jumped = sorted();
        jumped.note_jumps(1);
        assert!(jumped.may_be_unseen(true, 0, 100) && !jumped.may_be_unseen(false, 0, 100));
    }

    #[test]
    fn more_rows_inserted_than_found_at_the_start_moved_up_in_the_middle() {
        let mut moves = Moves::default();
        for at in 0..100_i64 {
            let (created_at, id) = (Some(at * 7 % 101), RowId((at * 11 % 101).cast_unsigned().into()));
            moves.note_row(&RowKey { id, created_at, updated_at: Some(1_000 - at) });
        }
        for shift in [0, 1, 0, 1, -1] {
            moves.note_boundary(shift);
        }
        moves.note_new_at_start();
        assert!(moves.may_be_unseen(true, 0, 100));
        moves.note_new_at_start();
        assert!(!moves.may_be_unseen(true, 0, 100));
    }
}

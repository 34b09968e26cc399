//! Signs that rows move within the list, where overlap cannot follow them.
//!
//! *Easy to get wrong:* responses to concurrent requests show different moments, so a row may be repeated, and a boundary
//! may move back and forth, without a row moving in the list.

use super::order::{Insertions, ListOrder};
use crate::listing::RowKey;

/// Maximum number of repeated rows whose positions are kept.
const MAX_REMEMBERED: usize = 10_000;
/// Rows that may be repeated when answers of several moments were combined, after a search or by a run that resumed: this
/// many, plus one per this many rows. If the order is not stable, many more are repeated.
const MIN_MOVED: u64 = 4;
const ROWS_FOR_A_MOVE: u64 = 200;
/// After a search, windows in flight bring rows that were read in the meantime. More searches do not raise the limit.
const MAX_SEARCHES_EXPECTED: u64 = 2;

/// Signs of moves that rows and boundaries have shown.
#[derive(Debug, Default)]
pub(super) struct Moves {
    order: ListOrder,
    insertions: Insertions,
    /// Most requests in flight at once.
    most_out: u64,
    /// Rows that were first in an answer that continued nothing; they may be repeated in one that does.
    strays: u64,
    /// Rows delivered when a row was repeated.
    again_at: Vec<u64>,
    /// Rows delivered when a row arrived that certainly did not change during the run.
    last_settled: u64,
}

/// Reasons in a walk for repeated rows.
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
    pub(super) fn note_out(&mut self, out: u64) {
        self.most_out = self.most_out.max(out);
    }

    /// Records by how many rows a boundary moved.
    pub(super) fn note_boundary(&mut self, shift: i64) {
        self.insertions.note(shift, usize::try_from(self.most_out).unwrap_or(usize::MAX));
    }

    /// Records a new row in list order.
    pub(super) fn note_row(&mut self, row: &RowKey) {
        self.order.note(row);
    }

    /// Records a row whose first answer continued nothing.
    pub(super) fn note_stray(&mut self) {
        self.strays += 1;
    }

    /// Records that a row after `rows` rows certainly did not change during the run.
    pub(super) fn note_settled(&mut self, rows: u64) {
        self.last_settled = rows;
    }

    /// Records that after `rows` rows this many were repeated.
    pub(super) fn note_again(&mut self, rows: u64, again: u64) {
        let room = MAX_REMEMBERED.saturating_sub(self.again_at.len());
        self.again_at.extend(std::iter::repeat_n(rows, usize::try_from(again).unwrap_or(room).min(room)));
    }

    /// Rows that were repeated in the middle of the list, if there are more than the circumstances explain, otherwise 0.
    /// Rows that are repeated at its end changed and moved there.
    pub(super) fn in_middle(&self, circumstances: Circumstances) -> u64 {
        let Circumstances { rows, searches, is_resumed, cap } = circumstances;
        let again = self.again_at.iter().filter(|&&rows| rows < self.last_settled).count() as u64;
        // If every boundary was found at once, in one run, no row may be repeated.
        let is_straight = searches == 0 && !is_resumed;
        let searched = searches.min(MAX_SEARCHES_EXPECTED) * 2 * u64::from(cap);
        let excused = if is_straight { 0 } else { MIN_MOVED + rows / ROWS_FOR_A_MOVE + searched };
        if again > self.strays + excused { again } else { 0 }
    }

    /// Whether rows may have moved up, into the part that was already read: something changed, and no known order keeps rows
    /// in their positions.
    pub(super) fn may_be_unseen(&self, searches: u64, updated: u64) -> bool {
        let has_changed = self.insertions.count() > 0 || searches > 0 || updated > 0;
        has_changed && !self.order.is_known()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRAIGHT: Circumstances = Circumstances { rows: 1_000, searches: 0, is_resumed: false, cap: 100 };

    fn again(rows: u64, count: u64) -> Moves {
        let mut moves = Moves::default();
        moves.note_again(rows, count);
        moves.note_settled(900);
        moves
    }

    #[test]
    fn a_row_repeated_in_the_middle_moved_and_at_the_end_it_did_not() {
        assert_eq!(again(500, 1).in_middle(STRAIGHT), 1);
        assert_eq!(again(950, 30).in_middle(STRAIGHT), 0);
    }

    #[test]
    fn answers_of_several_moments_excuse_some() {
        let resumed = Circumstances { is_resumed: true, ..STRAIGHT };
        assert_eq!((again(500, 9).in_middle(resumed), again(500, 10).in_middle(resumed)), (0, 10));
        let searched = Circumstances { searches: 5, ..STRAIGHT };
        assert_eq!((again(500, 409).in_middle(searched), again(500, 410).in_middle(searched)), (0, 410));
        let mut stray = again(500, 1);
        stray.note_stray();
        assert_eq!(stray.in_middle(STRAIGHT), 0);
    }
}

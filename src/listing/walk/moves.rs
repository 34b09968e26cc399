//! Signs that rows move within the list, where overlap cannot follow them.
//!
//! *Easy to get wrong:* answers that were requested side by side show different moments, so a row may come again, and a
//! boundary may move back and forth, without a row moving in the list.

use super::order::{Insertions, ListOrder};
use crate::listing::RowKey;

/// Rows that came again whose places are remembered.
const MAX_REMEMBERED: usize = 10_000;
/// Rows that may come again once answers of several moments were put together, after a search or by a run that resumed: so
/// many, and one for every so many rows. Where the order is not stable, many come again.
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
    /// Rows that came first in an answer that continued nothing: they may come again in one that does.
    strays: u64,
    /// Rows delivered when a row came again.
    again_at: Vec<u64>,
    /// Rows delivered when a row came that was certainly not changed during the run.
    last_settled: u64,
}

/// What a walk did that may bring rows again.
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
    /// Notes how many requests are in flight.
    pub(super) fn note_out(&mut self, out: u64) {
        self.most_out = self.most_out.max(out);
    }

    /// Notes by how many rows a boundary moved.
    pub(super) fn note_boundary(&mut self, shift: i64) {
        self.insertions.note(shift, usize::try_from(self.most_out).unwrap_or(usize::MAX));
    }

    /// Notes a new row in list order.
    pub(super) fn note_row(&mut self, row: &RowKey) {
        self.order.note(row);
    }

    /// Notes a row that an answer which continued nothing was the first to hold.
    pub(super) fn note_stray(&mut self) {
        self.strays += 1;
    }

    /// Notes that after `rows` rows there came one that was certainly not changed during the run.
    pub(super) fn note_settled(&mut self, rows: u64) {
        self.last_settled = rows;
    }

    /// Notes that after `rows` rows so many came again.
    pub(super) fn note_again(&mut self, rows: u64, again: u64) {
        let room = MAX_REMEMBERED.saturating_sub(self.again_at.len());
        self.again_at.extend(std::iter::repeat_n(rows, usize::try_from(again).unwrap_or(room).min(room)));
    }

    /// Rows that came again in the middle of the list, if they are more than circumstances explain; else 0. Rows that come
    /// again at its end were changed, and moved there.
    pub(super) fn in_middle(&self, circumstances: Circumstances) -> u64 {
        let Circumstances { rows, searches, is_resumed, cap } = circumstances;
        let again = self.again_at.iter().filter(|&&rows| rows < self.last_settled).count() as u64;
        // Where every boundary showed at once, in one run, not a single row may.
        let is_straight = searches == 0 && !is_resumed;
        let searched = searches.min(MAX_SEARCHES_EXPECTED) * 2 * u64::from(cap);
        let excused = if is_straight { 0 } else { MIN_MOVED + rows / ROWS_FOR_A_MOVE + searched };
        if again > self.strays + excused { again } else { 0 }
    }

    /// Whether rows may have moved up, to where the list had been read already: something changed, and no order is known
    /// that keeps rows in their places.
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
    fn one_row_that_comes_again_in_the_middle_is_a_move_and_at_the_end_it_is_none() {
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

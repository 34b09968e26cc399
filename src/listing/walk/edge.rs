//! The end of what was read: its last rows, and how an answer is matched to them. See `docs/completeness.md`.

use super::answer::Answer;
use super::fingerprint::RowFingerprint;
use super::line::{Position, TAIL_MARKS};

/// The last rows that were read, which the next answer must continue.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    /// The last rows, in list order. Empty at the start of the list.
    tail: Vec<RowFingerprint>,
    /// Position of the last of them on the line.
    pub(super) position: Position,
    /// Rows of the list up to and including the last of them, when they were read.
    pub(super) offset: u64,
    /// Rows of the line up to and including it.
    pub(super) rank: u64,
    /// Items after it that are not rows.
    trailing: usize,
    /// `total_count` of the answer that held it.
    pub(super) total: Option<u64>,
}

/// Where an answer continues an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Anchor {
    /// The first item after the shared row.
    pub(super) start: usize,
    /// How many rows of the edge come after the shared row; they were deleted, moved, or are not in this answer yet.
    pub(super) skipped: usize,
    /// Whether the answer begins with it, and with no other row of the edge.
    pub(super) is_alone: bool,
}

/// Rows of an edge that follow each other in an answer.
#[derive(Debug, Clone, Copy)]
struct SharedRows {
    /// Index of the last of them in the edge.
    last: usize,
    /// Its index in the answer.
    at: usize,
    rows: usize,
    /// Whether the answer begins with the first of them.
    is_at_start: bool,
}

impl SharedRows {
    /// Whether they are enough for an anchor: one row alone may have moved, unless the answer was planned to begin with it.
    fn are_enough(&self, needed: usize) -> bool {
        self.rows >= needed || self.is_at_start
    }
}

impl Anchor {
    /// The anchor of the first window: the start of the list.
    pub(super) fn at_start() -> Self {
        Self { start: 0, skipped: 0, is_alone: false }
    }
}

impl Edge {
    /// The start of the list.
    pub(super) fn start() -> Self {
        Self { tail: Vec::new(), position: Position::START, offset: 0, rank: 0, trailing: 0, total: None }
    }

    /// The edge after item `at` of an answer, a row at `position` of the line. `rank` counts it.
    pub(super) fn after_row(answer: &Answer, at: usize, position: Position, rank: u64) -> Self {
        let rows: Vec<RowFingerprint> = answer.rows[..=at].iter().flatten().copied().collect();
        let tail = rows[rows.len().saturating_sub(TAIL_MARKS)..].to_vec();
        let offset = answer.offset + at as u64 + 1;
        Self { tail, position, offset, rank, trailing: 0, total: answer.total }
    }

    /// The edge before the first row of an answer, although nothing shows that it follows the rows of this edge.
    pub(super) fn skipping_to(&self, answer: &Answer) -> Self {
        Self { position: self.position, rank: self.rank, offset: answer.offset, ..Self::start() }
    }

    /// Whether this is the start of the list.
    pub(super) fn is_start(&self) -> bool {
        self.tail.is_empty()
    }

    /// Where an answer continues these rows; `None` if it holds none of them, or holds them in another order.
    ///
    /// A row that moved by itself proves nothing, as rows that were not read may be before it now. So the anchor is the last
    /// of the first rows of the edge in the answer that follow each other without others between them: at least two rows, or
    /// one with which the answer begins. All rows after it are new, or are read again.
    pub(super) fn anchor_in(&self, answer: &Answer) -> Option<Anchor> {
        if self.is_start() {
            return (answer.offset == 0).then_some(Anchor::at_start());
        }
        let shared = self.shared_from_start(&answer.rows).or_else(|| self.shared_run(&answer.rows))?;
        // Rows that preceded it must not follow it now.
        let before = &self.tail[..shared.last];
        // Most rows are ruled out by one bit of each, because most answers hold none of the edge after the anchor.
        let bits = before.iter().fold(0, |bits, row| bits | row.bit());
        let is_before = |row: &RowFingerprint| row.bit() & bits != 0 && before.contains(row);
        let is_in_order = !answer.rows[shared.at + 1..].iter().flatten().any(is_before);
        let skipped = self.tail.len() - 1 - shared.last;
        // At the start of the list, no row can be before it.
        let is_alone = shared.rows == 1 && self.tail.len() > 1 && answer.offset > 0;
        is_in_order.then_some(Anchor { start: shared.at + 1, skipped, is_alone })
    }

    /// If an answer begins with the last rows of the edge, as nearly all do: these rows.
    fn shared_from_start(&self, rows: &[Option<RowFingerprint>]) -> Option<SharedRows> {
        let first = rows.first()?.as_ref()?;
        let from = self.tail.iter().rposition(|row| row == first)?;
        let shared = &self.tail[from..];
        let are_same =
            rows.len() >= shared.len() && shared.iter().zip(rows).all(|(row, found)| found.as_ref() == Some(row));
        let (last, at) = (self.tail.len() - 1, shared.len() - 1);
        are_same.then_some(SharedRows { last, at, rows: shared.len(), is_at_start: true })
    }

    /// The first rows that an answer shares with the edge, as far as they follow each other.
    fn shared_run(&self, rows: &[Option<RowFingerprint>]) -> Option<SharedRows> {
        let needed = self.tail.len().min(2);
        let mut run: Option<SharedRows> = None;
        let mut is_at_start = true;
        for (at, row) in rows.iter().enumerate().filter_map(|(at, row)| Some((at, row.as_ref()?))) {
            let index = self.tail.iter().rposition(|known| known == row);
            run = match (run, index) {
                (Some(run), Some(last)) if run.last < last => Some(SharedRows { last, at, rows: run.rows + 1, ..run }),
                (Some(run), _) if run.are_enough(needed) => return Some(run),
                (_, Some(last)) => Some(SharedRows { last, at, rows: 1, is_at_start }),
                (_, None) => None,
            };
            is_at_start = false;
        }
        run.filter(|run| run.are_enough(needed))
    }

    /// By how many rows the list moved at the anchor between the two answers that hold it.
    pub(super) fn shift(&self, answer: &Answer, anchor: Anchor) -> i64 {
        let now = signed(answer.offset + anchor.start as u64);
        now - (signed(self.offset) - signed(anchor.skipped as u64))
    }

    /// The first item of an answer that was not read before.
    pub(super) fn fresh_from(&self, anchor: Anchor) -> usize {
        anchor.start + if anchor.skipped == 0 { self.trailing } else { 0 }
    }

    /// The first item of an answer that cannot be a row of the edge, changed or not.
    pub(super) fn unread_from(&self, answer: &Answer, anchor: Anchor) -> usize {
        let skipped = &self.tail[self.tail.len() - anchor.skipped.min(self.tail.len())..];
        let is_skipped = |row: &Option<RowFingerprint>| row.is_some_and(|row| skipped.contains(&row));
        let last = if skipped.is_empty() { None } else { answer.rows[anchor.start..].iter().rposition(is_skipped) };
        (self.fresh_from(anchor) + anchor.skipped).max(last.map_or(0, |last| anchor.start + last + 1))
    }

    /// The edge after the last row of an answer that continues this edge. `position` and `rank` are still those of this
    /// edge.
    pub(super) fn moved_after(&self, answer: &Answer, anchor: Anchor) -> Self {
        let fresh = &answer.rows[anchor.start.min(answer.rows.len())..];
        let last = fresh.iter().rposition(Option::is_some).map_or(0, |at| at + 1);
        let kept = &self.tail[..self.tail.len() - anchor.skipped.min(self.tail.len())];
        let known = kept.len() + fresh.iter().flatten().count();
        let mut tail = Vec::with_capacity(TAIL_MARKS);
        tail.extend(kept.iter().chain(fresh.iter().flatten()).skip(known.saturating_sub(TAIL_MARKS)));
        let offset = answer.offset + (anchor.start + last) as u64;
        let trailing = fresh.len() - last;
        Self { tail, offset, trailing, total: answer.total, ..*self }
    }
}

fn signed(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::walk::tests::{answer_of, rows};

    /// The edge after rows 1 to 20.
    fn edge() -> Edge {
        Edge::after_row(&answer_of(0, &rows(1..21)), 19, Position::START, 20)
    }

    fn anchor(offset: u64, numbers: impl IntoIterator<Item = u128>) -> Option<(usize, usize, bool)> {
        let anchor = edge().anchor_in(&answer_of(offset, &rows(numbers)));
        anchor.map(|anchor| (anchor.start, anchor.skipped, anchor.is_alone))
    }

    #[test]
    fn the_last_rows_of_the_edge_are_the_anchor() {
        assert_eq!(anchor(18, 19..30), Some((2, 0, false)));
        assert_eq!(anchor(19, 20..30), Some((1, 0, true)));
        // Rows 19 and 20 were deleted, or are not in this answer yet.
        assert_eq!(anchor(15, (16..19).chain(21..30)), Some((3, 2, false)));
        // Two rows were created before the window.
        assert_eq!(anchor(18, 17..30), Some((4, 0, false)));
        assert_eq!(anchor(18, 30..40), None);
    }

    #[test]
    fn rows_before_a_row_that_moved_are_not_taken_for_read() {
        // Row 20 moved to the end of the list, behind rows that were not read.
        assert_eq!(anchor(18, [19, 21, 22, 23, 20]), Some((1, 1, true)));
        assert_eq!(anchor(17, [18, 19, 21, 22, 23, 20]), Some((2, 1, false)));
        // So did 19 and 20, one after the other.
        assert_eq!(anchor(16, [17, 18, 21, 22, 19, 20]), Some((2, 2, false)));
        // It is alone among rows that were not read.
        assert_eq!(anchor(30, [31, 32, 20, 33]), None);
        // Row 18 moved down, so the order of the rows shows nothing.
        assert_eq!(anchor(18, [19, 20, 21, 18, 22]), None);
    }

    #[test]
    fn rows_of_the_edge_that_are_read_again_do_not_count_as_unread() {
        let answer = answer_of(17, &rows([17, 18, 90, 19, 20, 21]));
        let anchor = edge().anchor_in(&answer).unwrap();
        assert_eq!((anchor.start, edge().unread_from(&answer, anchor)), (2, 5));
    }
}

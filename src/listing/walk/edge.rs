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
    /// How many rows of the edge come after the shared row; they were deleted, or are not in this answer yet.
    skipped: usize,
}

impl Anchor {
    /// The anchor of the first window: the start of the list.
    pub(super) fn at_start() -> Self {
        Self { start: 0, skipped: 0 }
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
    pub(super) fn anchor_in(&self, answer: &Answer) -> Option<Anchor> {
        if self.is_start() {
            return (answer.offset == 0).then_some(Anchor::at_start());
        }
        let rows = &answer.rows;
        let (skipped, at) = self.tail.iter().rev().enumerate().find_map(|(skipped, row)| {
            // Where the row is unless the list moved.
            let expected = (self.offset.checked_sub(answer.offset + 1 + skipped as u64)).map_or(usize::MAX, to_index);
            let is_there = rows.get(expected).is_some_and(|found| found.as_ref() == Some(row));
            let at = if is_there { Some(expected) } else { rows.iter().position(|found| found.as_ref() == Some(row)) };
            at.map(|at| (skipped, at))
        })?;
        // A row that moved by itself proves nothing. Rows that preceded it must not follow it now.
        let before = &self.tail[..self.tail.len() - 1 - skipped];
        // Most rows are ruled out by one bit of each, because most answers hold none of the edge after the anchor.
        let bits = before.iter().fold(0, |bits, row| bits | row.bit());
        let is_in_order = rows[at + 1..].iter().flatten().all(|row| row.bit() & bits == 0 || !before.contains(row));
        is_in_order.then_some(Anchor { start: at + 1, skipped })
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

    /// The first item of an answer that cannot be a changed row of the edge.
    pub(super) fn unread_from(&self, anchor: Anchor) -> usize {
        self.fresh_from(anchor) + anchor.skipped
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

fn to_index(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

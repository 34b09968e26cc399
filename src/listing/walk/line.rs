//! The rows that are proven to follow each other without a gap, and their positions.
//!
//! A reader adds rows in *stretches*. Of each stretch, the line keeps only its *marks*, the fingerprints of its first and
//! last rows: about two bytes a row on average. An answer that holds two marks in the same order shows its position in
//! the list, regardless of what was created or deleted in the meantime. An index of all marks is built only after many
//! look-ups, which are needed when the list moves so far that answers do not hold the edge.

use std::collections::{BTreeMap, HashMap, HashSet};

use foldhash::fast::FixedState;

use super::fingerprint::RowFingerprint;

/// Maximum number of marks at the start of a stretch.
const HEAD_MARKS: usize = 8;
/// Maximum number of marks at its end: more, because this is where reading continues.
pub(super) const TAIL_MARKS: usize = 16;
/// Distance between the labels of successive stretches, which leaves labels for those inserted between them later.
const SPACING: i64 = 1 << 20;
/// Look-ups that scan all marks before an index is built. A list that does not change needs two of them, and an index of
/// its marks would use as much memory as the rest of the walk.
const LOOKUPS_WITHOUT_INDEX: u32 = 8;
/// Maximum number of rows that an answer must share with the line to show its position: half of the marks at the start of a
/// stretch.
const MAX_NEEDED: usize = 4;
/// Minimum number of matches before an answer whose rows are mostly out of order contradicts the line.
const MIN_MATCHES_FOR_CONFLICT: usize = 4;

/// Position of a row on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    stretch: i64,
    row: u32,
}

impl Position {
    /// Before every row.
    pub(super) const START: Self = Self { stretch: i64::MIN, row: 0 };
}

#[derive(Debug)]
struct Stretch {
    /// Rows of the line before it when it was added.
    rank: u64,
    rows: u32,
    marks: Box<[RowFingerprint]>,
}

impl Stretch {
    /// The index of a mark's row in the stretch.
    fn row_of(&self, mark: usize) -> u32 {
        let rows = self.rows as usize;
        let row =
            if mark < HEAD_MARKS.min(self.marks.len()) { mark } else { rows - (self.marks.len() - mark).min(rows) };
        u32::try_from(row).unwrap_or(u32::MAX)
    }

    /// Its marks and their positions.
    fn mark_positions(&self, label: i64) -> impl Iterator<Item = (RowFingerprint, Position)> + '_ {
        self.marks.iter().enumerate().map(move |(at, &mark)| (mark, Position { stretch: label, row: self.row_of(at) }))
    }
}

/// A row of an answer that is on the line: its index in the answer and its position on the line.
pub(super) type LocatedRow = (usize, Position);

/// The position of an answer, shown by the rows that it shares with the line in the same order.
#[derive(Debug, Clone)]
pub(super) struct Located {
    rows: Vec<LocatedRow>,
    /// Number of these rows that show a position.
    needed: usize,
}

impl Located {
    /// The first of these rows.
    pub(super) fn first(&self) -> LocatedRow {
        self.rows[0]
    }

    /// The last of them.
    pub(super) fn last(&self) -> LocatedRow {
        self.rows[self.rows.len() - 1]
    }

    /// The last of them that is not after a position of the line.
    pub(super) fn last_up_to(&self, position: Position) -> Option<LocatedRow> {
        self.rows.iter().rev().copied().find(|row| row.1 <= position)
    }

    /// The first of them that is after a position of the line.
    pub(super) fn first_after(&self, position: Position) -> Option<LocatedRow> {
        self.rows.iter().copied().find(|row| row.1 > position)
    }

    /// The same, without the rows up to a position of the line; `None` if too few are left to show where the answer is.
    pub(super) fn after(mut self, position: Position) -> Option<Self> {
        self.rows.retain(|row| row.1 > position);
        (self.rows.len() >= self.needed).then_some(self)
    }
}

/// Result of a look-up.
#[derive(Debug, Clone)]
pub(super) enum Lookup {
    /// The answer holds no marks, or too few to decide.
    Unknown,
    /// The position of the answer.
    Found(Located),
    /// Rows are in another order than before.
    OutOfOrder,
}

/// The rows that are proven to follow each other, by label and marks.
#[derive(Debug, Default)]
pub(super) struct Line {
    stretches: BTreeMap<i64, Stretch>,
    lookups: u32,
    /// Positions of all marks, after many look-ups.
    index: Option<MarkPositions>,
}

type MarkPositions = HashMap<RowFingerprint, Position, FixedState>;

impl Line {
    /// Rows of the line before a row, as counted when its stretch was added: stretches inserted before it later are not
    /// included.
    pub(super) fn rank(&self, position: Position) -> u64 {
        self.stretches.get(&position.stretch).map_or(0, |stretch| stretch.rank + u64::from(position.row))
    }

    /// Adds rows that follow the row at `after`; returns the position of their last row.
    pub(super) fn insert(&mut self, after: Position, rank: u64, rows: &[Option<RowFingerprint>]) -> Position {
        let mut known = Vec::with_capacity(rows.len());
        known.extend(rows.iter().copied().flatten());
        let label = match self.stretches.last_key_value() {
            None => 0,
            Some((&last, _)) if after.stretch >= last => last + SPACING,
            // At the start, more labels are left free, because a read of the head may add many stretches one after
            // another.
            Some(_) if after == Position::START => {
                let first = self.stretches.first_key_value().map_or(0, |(&first, _)| first);
                first.saturating_sub(1 << 40)
            }
            Some(_) => after.stretch.saturating_add(1),
        };
        if known.is_empty() || self.stretches.contains_key(&label) {
            return after;
        }
        let head = known.len().min(HEAD_MARKS);
        let tail = known.len().saturating_sub(TAIL_MARKS).max(head);
        let marks: Box<[RowFingerprint]> = [&known[..head], &known[tail..]].concat().into();
        let stretch = Stretch { rank, rows: u32::try_from(rows.len()).unwrap_or(u32::MAX), marks };
        if let Some(index) = &mut self.index {
            index.extend(stretch.mark_positions(label));
        }
        let last = Position { stretch: label, row: stretch.rows.saturating_sub(1) };
        self.stretches.insert(label, stretch);
        last
    }

    /// The positions of the rows of an answer on the line.
    pub(super) fn locate(&mut self, rows: &[Option<RowFingerprint>]) -> Lookup {
        self.lookups = self.lookups.saturating_add(1);
        if self.lookups > LOOKUPS_WITHOUT_INDEX && self.index.is_none() {
            self.index = Some(self.mark_positions(|_| true));
        }
        let of_answer;
        let mark_positions = if let Some(index) = &self.index {
            index
        } else {
            let wanted: HashSet<_, FixedState> = rows.iter().copied().flatten().collect();
            of_answer = self.mark_positions(|mark| wanted.contains(mark));
            &of_answer
        };
        let found: Vec<LocatedRow> =
            rows.iter().enumerate().filter_map(|(at, row)| Some((at, *mark_positions.get(row.as_ref()?)?))).collect();
        let chain = longest_ascending(&found);
        if found.len() >= MIN_MATCHES_FOR_CONFLICT && chain.len() * 2 < found.len() {
            return Lookup::OutOfOrder;
        }
        // Rows may have moved by themselves, and two of them are often in the same order as before. But they are hardly ever
        // as far from each other as before.
        let needed = if rows.len() <= 3 { 1 } else { (rows.len() / 8).clamp(2, MAX_NEEDED) };
        let rows = self.in_step(&chain, needed);
        if rows.len() >= needed { Lookup::Found(Located { rows, needed }) } else { Lookup::Unknown }
    }

    /// The rows of a chain that are as far from each other in the answer as on the line, at least `needed` of them at a time.
    fn in_step(&self, chain: &[LocatedRow], needed: usize) -> Vec<LocatedRow> {
        let lead = |&(at, position): &LocatedRow| self.rank(position).wrapping_sub(at as u64);
        let runs = chain.chunk_by(|before, after| lead(before) == lead(after));
        runs.filter(|run| run.len() >= needed).flatten().copied().collect()
    }

    /// The positions of the wanted marks.
    fn mark_positions(&self, is_wanted: impl Fn(&RowFingerprint) -> bool) -> MarkPositions {
        let marks = self.stretches.iter().flat_map(|(&label, stretch)| stretch.mark_positions(label));
        marks.filter(|(mark, _)| is_wanted(mark)).collect()
    }

    /// Whether stretches follow the one with this row.
    pub(super) fn continues_after(&self, position: Position) -> bool {
        self.stretches.range(position.stretch.saturating_add(1)..).next().is_some()
    }

    /// Rows of the line.
    pub(super) fn rows(&self) -> u64 {
        self.stretches.values().map(|stretch| u64::from(stretch.rows)).sum()
    }

    /// The labels of all stretches in list order, each with the number of rows of the line before it.
    pub(super) fn ranks(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        let mut rank = 0;
        self.stretches.iter().map(move |(&label, stretch)| {
            let before = rank;
            rank += u64::from(stretch.rows);
            (label, before)
        })
    }

    /// The label of a position, to be looked up in [`ranks`](Self::ranks), and the row in its stretch.
    pub(super) fn label(position: Position) -> (i64, u32) {
        (position.stretch, position.row)
    }
}

/// The longest subsequence of `found` whose positions ascend.
fn longest_ascending(found: &[LocatedRow]) -> Vec<LocatedRow> {
    // `ends[n]` is the entry with the smallest position that ends an ascending subsequence of n + 1 entries.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; found.len()];
    for (at, &(_, position)) in found.iter().enumerate() {
        let length = ends.partition_point(|&end| found[end].1 < position);
        before[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() { ends.push(at) } else { ends[length] = at }
    }
    let mut chain: Vec<_> = std::iter::successors(ends.last().copied(), |&at| before[at]).map(|at| found[at]).collect();
    chain.reverse();
    chain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::walk::tests::rows;

    #[test]
    fn two_rows_in_order_show_the_position_of_an_answer() {
        let mut line = Line::default();
        let first = line.insert(Position::START, 0, &rows(0..50));
        line.insert(first, 50, &rows(50..100));
        let Lookup::Found(found) = line.locate(&rows([900, 48, 49, 50, 901])) else { panic!("not found") };
        assert_eq!((found.first().0, line.rank(found.first().1)), (1, 48));
        assert_eq!((found.last().0, line.rank(found.last().1)), (3, 50));
    }

    #[test]
    fn an_index_finds_the_same_as_a_scan_of_all_marks() {
        let mut line = Line::default();
        let mut last = Position::START;
        for stretch in 0..20_u64 {
            last = line.insert(last, stretch * 50, &rows(u128::from(stretch * 50)..u128::from(stretch * 50 + 50)));
        }
        for lookup in 0..2 * LOOKUPS_WITHOUT_INDEX {
            let Lookup::Found(found) = line.locate(&rows(440..460)) else { panic!("not found") };
            assert_eq!((found.first().0, line.rank(found.first().1)), (0, 440));
            assert_eq!((found.last().0, line.rank(found.last().1)), (17, 457));
            assert_eq!(line.index.is_some(), lookup >= LOOKUPS_WITHOUT_INDEX);
        }
    }

    #[test]
    fn rows_at_another_distance_than_before_prove_nothing() {
        let mut line = Line::default();
        line.insert(Position::START, 0, &rows(0..50));
        // Rows 3 and 45 moved by themselves, in the same order as before.
        let moved = [900, 3, 45, 901, 902];
        assert!(matches!(line.locate(&rows(moved)), Lookup::Unknown));
        let Lookup::Found(found) = line.locate(&rows(moved.into_iter().chain(0..3))) else { panic!("not found") };
        assert_eq!((found.first().0, line.rank(found.first().1)), (5, 0));
    }

    #[test]
    fn one_row_alone_proves_nothing() {
        let mut line = Line::default();
        line.insert(Position::START, 0, &rows(0..50));
        assert!(matches!(line.locate(&rows([900, 901, 902, 3, 903])), Lookup::Unknown));
    }

    #[test]
    fn a_row_that_moved_alone_is_ignored_and_a_reversed_answer_is_out_of_order() {
        let mut line = Line::default();
        line.insert(Position::START, 0, &rows(0..24));
        let Lookup::Found(found) = line.locate(&rows([23, 0, 1, 2])) else { panic!("not found") };
        assert_eq!(line.rank(found.last().1), 2);
        assert!(matches!(line.locate(&rows([5, 4, 3, 2, 1])), Lookup::OutOfOrder));
    }

    #[test]
    fn stretches_inserted_later_are_in_list_order() {
        let mut line = Line::default();
        let first = line.insert(Position::START, 0, &rows(0..10));
        let third = line.insert(first, 10, &rows(20..30));
        let second = line.insert(first, 10, &rows(10..20));
        let head = line.insert(Position::START, 0, &rows(100..110));
        assert!(head < first && first < second && second < third);
    }
}

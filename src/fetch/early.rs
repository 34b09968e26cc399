//! The joins between the pages of the plain walk, and which of them are in doubt.
//!
//! Between page k, read at the moment t(k), and page k+1 a row is lost exactly if more rows were deleted than created
//! before that boundary between t(k) and t(k+1). No answer shows it by itself, because plain pages do not overlap. All of
//! them together do.
//!
//! *Claim:* if every answer gives the same total, no row comes twice and no row has a time after the read began, nothing was
//! lost. *Proof:* go through the boundaries between pages, from the front of the list to its end. A row created before one
//! of them is met with such a time, or it stands on a page that was read already, and then the row that it pushed over the
//! boundary comes twice. There is neither, so the number of rows before a boundary can only fall from boundary to boundary;
//! had a row been lost, it would at the last one be below the total. This holds in whatever order the pages were answered
//! and however long the read was interrupted.
//!
//! With a sign, the pages that carry one and those that were on their way when it came are left out here. Between the
//! others, these joins are in doubt:
//! - those between pages that different runs read, when a stopped run goes on;
//! - each during which something moved. A deletion can hide there only behind a creation in the same moment, and that shows
//!   later: when the row created is met, by its time, or, where it was created on a page that was read already, by a row
//!   that comes twice;
//! - all of them, once something is known to have moved before one of these pages was asked for, which showed no sign of it: in
//!   this list deletions do hide behind creations, and the creation may be deleted itself before it is met;
//! - all of them without any reason where they are few, at most [`FREE_JOINS`], since that costs next to nothing.
//!
//! What this cannot see is a single deletion that is balanced in the same moment by a contact which is itself deleted before
//! it is met, in a list that shows no other such pair. [`Consistency::Strict`](super::Consistency::Strict) would.
//!
//! A great change is worse than a doubtful join. Pages are asked for side by side, so of two neighbours the later one may be
//! read before the change and the earlier one after it. When more rows moved than a page holds, they then stand in the line
//! in another order than in the list, and joins between them mean nothing: see [`EarlyJoins::may_be_out_of_order`].
//!
//! *Easy to get wrong:* a join that is trusted today is in doubt tomorrow, since the rows that tell of a movement may be met
//! long after it. [`EarlyJoins::take_doubtful`] is therefore asked again whenever nothing else is left to close.

use std::collections::BTreeMap;
use std::ops::Range;

use super::gap::Edge;
use super::marks::{BlockMarks, Place};
use super::moments::Moments;
use super::walk::CLOCK_SKEW;

/// So many joins, and no more, are settled without a reason.
const FREE_JOINS: usize = 16;

/// A page of the plain walk.
#[derive(Debug, Clone, Default)]
pub(super) struct PageTrace {
    pub(super) marks: BlockMarks,
    /// When the list was read for it, at the earliest and the latest, in microseconds of the server's clock.
    pub(super) read_between: Option<(i64, i64)>,
    /// Which run read it.
    pub(super) session: u32,
}

impl PageTrace {
    /// Its last rows, when it is the page `block` of pages of `page_size`.
    pub(super) fn edge(&self, block: i64, page_size: u32) -> Edge {
        let offset = u64::try_from(block).unwrap_or(0) * u64::from(page_size);
        Edge { prints: self.marks.tail().to_vec(), offset, place: Place::last_of(block, 0) }
    }
}

/// The pages that hold new rows, with their numbers, of all from 1 on; `None` is a page that is missing or in doubt.
pub(super) fn kept_pages(pages: &[Option<PageTrace>]) -> impl Iterator<Item = (i64, &PageTrace)> {
    let known = (1..).zip(pages).filter_map(|(block, page)| Some((block, page.as_ref()?)));
    known.filter(|(_, page)| !page.marks.tail().is_empty())
}

/// A join that is settled only for a reason.
#[derive(Debug)]
struct TrustedJoin {
    /// The rows on its left.
    edge: Edge,
    /// The time in which both of its pages were read.
    read_between: (i64, i64),
}

/// The joins of the plain walk that are trusted, and what may shake that.
#[derive(Debug)]
pub(super) struct EarlyJoins {
    /// By the page on their left.
    trusted: BTreeMap<i64, TrustedJoin>,
    /// When the pages were read, in their order.
    reads: Vec<(i64, i64)>,
    last_block: i64,
    /// When the last page without a sign was asked for.
    last_quiet_request: i64,
    /// When rows are known to have moved.
    pub(super) moments: Moments,
}

impl EarlyJoins {
    /// Takes the pages of [`kept_pages`]; gives also the left edges of the joins that are in doubt from the start.
    pub(super) fn new(kept: &[(i64, &PageTrace)], page_size: u32, moments: Moments) -> (Self, Vec<Edge>) {
        let asked = kept.iter().filter_map(|(_, page)| page.read_between).map(|(from, _)| from);
        let last_quiet_request = asked.max().unwrap_or(i64::MIN);
        let reads = kept.iter().filter_map(|(_, page)| page.read_between).collect();
        let last_block = kept.last().map_or(0, |&(block, _)| block);
        let mut joins = Self { trusted: BTreeMap::new(), reads, last_block, last_quiet_request, moments };
        let mut doubtful = Vec::new();
        for (&(block, left), &(next, right)) in kept.iter().zip(kept.iter().skip(1)) {
            let edge = left.edge(block, page_size);
            let is_whole = block + 1 == next && left.session == right.session;
            match left.read_between.zip(right.read_between).filter(|_| is_whole) {
                Some((one, other)) => {
                    let read_between = (one.0.min(other.0), one.1.max(other.1));
                    joins.trusted.insert(block, TrustedJoin { edge, read_between });
                }
                None => doubtful.push(edge),
            }
        }
        if joins.trusted.len() <= FREE_JOINS {
            doubtful.extend(std::mem::take(&mut joins.trusted).into_values().map(|join| join.edge));
        }
        (joins, doubtful)
    }

    /// Whether so many rows changed between the readings of a page and of a later one, which was read first, that the two may
    /// have changed places. Half a page of rows that are known to have changed is taken for more than a page.
    pub(super) fn may_be_out_of_order(&self, page_size: u32) -> bool {
        if self.reads.is_empty() {
            return false;
        }
        let times = self.moments.of_rows();
        let mut earliest = i64::MAX;
        self.reads.iter().rev().any(|&(from, to)| {
            let between = |from: i64, to: i64| {
                let (from, to) = (from.saturating_sub(CLOCK_SKEW), to.saturating_add(CLOCK_SKEW));
                times.partition_point(|&time| time <= to) - times.partition_point(|&time| time < from)
            };
            let is_doubtful = earliest < to && 2 * between(earliest, to) >= page_size as usize;
            earliest = earliest.min(from);
            is_doubtful
        })
    }

    /// The last page.
    pub(super) fn last_block(&self) -> i64 {
        self.last_block
    }

    /// Lets go of all joins and pages; when rows moved is still known.
    pub(super) fn forget_pages(&mut self) {
        self.trusted.clear();
        self.reads.clear();
    }

    /// The left edges of joins during which something moved; of all, where changes are known to hide each other. They are
    /// trusted no longer.
    pub(super) fn take_doubtful(&mut self) -> Vec<Edge> {
        let Self { trusted, last_quiet_request, moments, .. } = self;
        let all_are_doubtful = moments.any_before(*last_quiet_request);
        let mut is_doubtful = |join: &TrustedJoin| {
            let (from, to) = join.read_between;
            all_are_doubtful || moments.touch(from, to)
        };
        let doubtful: BTreeMap<_, _>;
        (doubtful, *trusted) = std::mem::take(trusted).into_iter().partition(|(_, join)| is_doubtful(join));
        doubtful.into_values().map(|join| join.edge).collect()
    }

    /// The joins behind these pages are settled.
    pub(super) fn settle(&mut self, blocks: Range<i64>) {
        if blocks.is_empty() {
            return;
        }
        let settled: Vec<i64> = self.trusted.range(blocks).map(|(&block, _)| block).collect();
        for block in settled {
            self.trusted.remove(&block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::marks::RowPrint;
    use super::*;
    use crate::contacts::{ContactId, RowKey};

    /// Page `number` of one row, read in the second of its number.
    fn page(number: i64) -> PageTrace {
        let key = RowKey { id: ContactId(u128::from(number.unsigned_abs())), created_at: None, updated_at: None };
        PageTrace {
            marks: BlockMarks::of(&[RowPrint::new(&key)]),
            read_between: Some((number * 1000, number * 1000 + 999)),
            session: 0,
        }
    }

    fn blocks(edges: &[Edge]) -> Vec<i64> {
        edges.iter().map(|edge| edge.place.block).collect()
    }

    fn early_joins(pages: &[Option<PageTrace>], moments: Moments) -> (EarlyJoins, Vec<i64>) {
        let (joins, doubtful) = EarlyJoins::new(&kept_pages(pages).collect::<Vec<_>>(), 1, moments);
        (joins, blocks(&doubtful))
    }

    #[test]
    fn a_few_joins_are_settled_without_a_reason_and_many_are_trusted() {
        let few: Vec<_> = (1..=17).map(|number| Some(page(number))).collect();
        assert_eq!(early_joins(&few, Moments::default()).1, (1..=16).collect::<Vec<_>>());
        let many: Vec<_> = (1..=18).map(|number| Some(page(number))).collect();
        let (mut joins, doubtful) = early_joins(&many, Moments::default());
        assert!(doubtful.is_empty() && joins.take_doubtful().is_empty());
    }

    #[test]
    fn joins_beside_a_hole_or_between_two_runs_are_in_doubt_from_the_start() {
        let mut pages: Vec<_> = (1..=40).map(|number| Some(page(number))).collect();
        pages[9] = None;
        pages[19].as_mut().unwrap().marks = BlockMarks::default();
        pages[30..].iter_mut().flatten().for_each(|page| page.session = 1);
        pages[35].as_mut().unwrap().read_between = None;
        let (_, doubtful) = early_joins(&pages, Moments::default());
        assert_eq!(doubtful, [9, 19, 30, 35, 36]);
    }

    #[test]
    fn joins_during_which_something_moved_are_doubted_once() {
        let pages: Vec<_> = (1..=40).map(|number| Some(page(number))).collect();
        let mut moments = Moments::default();
        // While page 30 was read, and after the last page was asked for.
        moments.add(30_500, 40_000);
        let (mut joins, doubtful) = early_joins(&pages, moments);
        assert!(doubtful.is_empty());
        joins.settle(31..35);
        assert_eq!(blocks(&joins.take_doubtful()), [29, 30, 35, 36, 37, 38, 39]);
        assert!(joins.take_doubtful().is_empty());
    }

    #[test]
    fn all_joins_are_in_doubt_once_a_movement_hid_from_a_later_page() {
        let pages: Vec<_> = (1..=40).map(|number| Some(page(number))).collect();
        let (mut joins, _) = early_joins(&pages, Moments::default());
        joins.moments.add(2_000, 2_001);
        assert_eq!(blocks(&joins.take_doubtful()), (1..=39).collect::<Vec<_>>());
    }
}

//! Closes every gap of a list that moves while it is read.
//!
//! [`Healing`] takes over from the plain walk at the first sign of movement. It holds a line of places where rows are
//! held, with gaps between, and hands out the requests that close them; the chain of one gap is a [`Gap`].
//!
//! Of the plain pages' joins, those in doubt are settled by a request of their own, a window over both sides: see
//! [`EarlyJoins`]. Pages that carry a sign, and those that were on their way when it came, count as missing: where their
//! rows stand among the others is not known. They are written, but their part of the list is read again by a chain.
//!
//! Everything behind the last plain page is read by chains, one for each free slot, that split the rest among them.
//! When all gaps are closed, head and end of the list are read once more: rows created or updated meanwhile may have moved
//! there. They are read in rounds, until one round finds both in a single answer each and no join is in doubt.
//!
//! *Easy to get wrong:* this rests on the order of unmoved rows. Where a great change may have put plain pages out of it, they
//! are read anew, see [`EarlyJoins::may_be_out_of_order`]. When an answer contradicts it, healing starts anew from
//! row 0, since after a great change a page may have been put in the wrong place; when that happens again, the walk falls
//! back to repeated sweeps, see [`Unreliable`]. Tested against a modelled server in `healing_tests.rs`, thousands of histories.

use std::collections::BTreeMap;
use std::ops::Range;

use super::early::{EarlyJoins, PageTrace, kept_pages};
use super::gap::{AnswerRows, ChainStep, Edge, Gap, Joined, Role};
use super::marks::{BlockMarks, Marks, Place, RowPrint, is_in_order, last_prints, prints};
use super::moments::Moments;
use super::seeds::Seeds;
use super::walk::CLOCK_SKEW;
use super::{PageFacts, Purpose, Request};

/// Rounds over head and end before a list counts as too restless.
const MAX_ROUNDS: u32 = 25;
/// Answers that healing may take for each page of the list, and in any case: a list that asks for more moves faster than
/// it can be read.
const MAX_ANSWERS_PER_PAGE: u64 = 12;
const MIN_ANSWERS: u64 = 400;
/// Times that healing starts anew when rows are out of order.
const MAX_RESTARTS: u32 = 2;

/// Why joins cannot be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreliable {
    /// Rows that did not change stand in another order.
    OrderChanges,
    /// The server answers with page sizes that were not asked for.
    SizesNotHonoured,
    /// Pages are too small to overlap.
    PagesTooSmall,
    /// Answers bring nothing new although more is said to follow.
    NoProgress,
    /// Head and end never come to rest.
    TooRestless,
}

/// The state of healing.
#[derive(Debug)]
pub(super) struct Healing {
    cap: u32,
    marks: Marks,
    gaps: BTreeMap<Place, Gap>,
    seeds: Seeds,
    pub(super) early: EarlyJoins,
    /// How far rows have moved since the plain walk, by the block behind which a gap showed it.
    drifts: BTreeMap<i64, i64>,
    /// Where the list ended.
    end: Option<Edge>,
    rounds: u32,
    round_answers: u32,
    /// Whether joins came into doubt in this round, so that another one must follow.
    is_round_in_doubt: bool,
    /// Rows of the list by the last answer.
    total: u64,
    /// The latest moment of an answer, in microseconds of the server's clock.
    newest: i64,
    /// Answers with a page size that was not asked for.
    odd_sizes: u32,
    restarts: u32,
    is_finished: bool,
    answers: u64,
    /// Joins settled.
    pub(super) joins: u64,
}

impl Healing {
    /// Takes over from a plain walk with its pages from 1 on; `None` is a page that is missing or in doubt.
    pub(super) fn new(pages: &[Option<PageTrace>], moments: Moments, page_size: u32, total: u64) -> Self {
        let kept: Vec<(i64, &PageTrace)> = kept_pages(pages).collect();
        let (early, doubtful) = EarlyJoins::new(&kept, page_size, moments);
        if early.may_be_out_of_order(page_size) {
            return Self::new(&[], early.moments, page_size, total);
        }
        let mut healing = Self {
            cap: page_size,
            marks: Marks::default(),
            gaps: BTreeMap::new(),
            seeds: Seeds::default(),
            early,
            drifts: BTreeMap::new(),
            end: None,
            rounds: 0,
            round_answers: 0,
            is_round_in_doubt: false,
            total,
            newest: i64::MIN,
            odd_sizes: 0,
            restarts: 0,
            is_finished: false,
            answers: 0,
            joins: 0,
        };
        healing.lay_out(&kept, doubtful);
        healing
    }

    /// Puts the pages into the line and opens the gaps that are in doubt from the start.
    fn lay_out(&mut self, kept: &[(i64, &PageTrace)], doubtful: Vec<Edge>) {
        for (block, page) in kept {
            self.marks.add(*block, 0, &page.marks);
        }
        if kept.first().is_none_or(|&(block, _)| block > 1) {
            self.open(Gap::at_start(Role::Join, 0));
        }
        self.open_early_joins(doubtful);
        if let Some(&(block, page)) = kept.last() {
            self.open(Gap::behind(Role::Join, page.edge(block, self.cap), self.cap / 4));
        }
    }

    fn open(&mut self, gap: Gap) {
        self.gaps.insert(gap.edge.place, gap);
    }

    /// Opens joins of the plain walk. Their windows lie half on each side, since nobody knows how far they have drifted.
    fn open_early_joins(&mut self, edges: Vec<Edge>) {
        for edge in edges {
            self.open(Gap::behind(Role::Join, edge, self.cap / 2));
        }
    }

    /// Rows that a server allows on a page.
    pub(super) fn cap(&self) -> u32 {
        self.cap
    }

    /// Whether the list is whole.
    pub(super) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// The next request, or `None` while all of them depend on answers that are out.
    pub(super) fn next_request(&self) -> Option<Request> {
        let idle = self.gaps.iter().filter(|(_, gap)| !gap.is_out).min_by_key(|(place, gap)| (gap.failures, **place));
        match idle {
            Some((&place, gap)) => {
                let near = self.drifts.range(..=place.block).next_back().filter(|_| gap.is_of_plain_walk);
                let drift = near.map_or(0, |(_, &drift)| drift);
                Some(Request { window: gap.window(self.cap, drift), purpose: Purpose::Join { gap: place } })
            }
            None => self.seeds.next(&self.gaps, self.total, self.cap),
        }
    }

    /// Notes that a request is on its way.
    pub(super) fn note_out(&mut self, request: &Request) {
        match request.purpose {
            Purpose::Join { gap } => {
                if let Some(gap) = self.gaps.get_mut(&gap) {
                    (gap.is_out, gap.asked_after) = (true, self.newest);
                }
            }
            Purpose::Seed { block } => self.seeds.note_out(block, request.window.offset()),
            Purpose::Page | Purpose::Sweep => {}
        }
    }

    /// Takes an answer; `is_new` says for each contact whether it had not come before. Gives back the rows that no
    /// other answer held: items that are no contacts are counted among these only.
    pub(super) fn take(
        &mut self,
        request: &Request,
        facts: &PageFacts<'_>,
        is_new: &[bool],
    ) -> Result<Range<usize>, Unreliable> {
        let seen = prints(facts.items);
        let marked = self.marks.find(&seen);
        self.total = facts.pagination.total_count.unwrap_or(self.total);
        if !is_in_order(&marked) {
            return self.start_anew();
        }
        let (offset, honoured) = facts.place_of_answer();
        if honoured != request.window.size {
            // What was asked for before the cap fell does not count.
            self.odd_sizes += u32::from(request.window.size <= self.cap);
            self.cap = self.cap.min(honoured.max(1));
            if self.odd_sizes > 3 {
                return Err(Unreliable::SizesNotHonoured);
            }
        }
        if self.cap < 2 {
            return Err(Unreliable::PagesTooSmall);
        }
        let rows = AnswerRows { offset, prints: &seen, marked: &marked, is_end: facts.is_end(offset, honoured) };
        self.answers += 1;
        if self.answers > MAX_ANSWERS_PER_PAGE * (self.total / u64::from(self.cap)) + MIN_ANSWERS {
            return Err(Unreliable::TooRestless);
        }
        if let (Purpose::Join { gap }, Some((_, latest))) = (request.purpose, facts.read_between) {
            let gap = self.gaps.get(&gap).filter(|gap| gap.role != Role::Join);
            // What moved to the head or the end is not in an answer that is older than the move.
            self.is_round_in_doubt |= gap.is_some_and(|gap| latest < gap.asked_after.saturating_sub(CLOCK_SKEW));
            self.newest = self.newest.max(latest);
        }
        match request.purpose {
            Purpose::Seed { block } => Ok(self.take_seed(block, &rows, is_new)),
            Purpose::Join { gap } => self.take_join(gap, &rows),
            Purpose::Page | Purpose::Sweep => Ok(0..0),
        }
    }

    /// Forgets what is held where, and reads the list from row 0.
    fn start_anew(&mut self) -> Result<Range<usize>, Unreliable> {
        if self.restarts == MAX_RESTARTS {
            return Err(Unreliable::OrderChanges);
        }
        let rest = Self::new(&[], std::mem::take(&mut self.early.moments), self.cap, self.total);
        *self = Self {
            restarts: self.restarts + 1,
            odd_sizes: self.odd_sizes,
            joins: self.joins,
            answers: self.answers,
            newest: self.newest,
            ..rest
        };
        Ok(0..0)
    }

    /// Forgets where the pages of the plain walk stand, and reads from row 0 on to what chains have read behind them.
    fn read_plain_pages_anew(&mut self) {
        self.marks.forget(Place::START, Place::last_of(self.early.last_block(), 0));
        self.early.forget_pages();
        self.is_round_in_doubt = true;
        self.open(Gap::at_start(Role::Join, 0));
    }

    fn take_seed(&mut self, block: i64, rows: &AnswerRows<'_>, is_new: &[bool]) -> Range<usize> {
        self.seeds.remove(block);
        // Where rows are held already, there is nothing to split any more.
        if !Seeds::fits(&self.gaps, block, rows, self.cap) || !rows.marked.is_empty() || !is_new.contains(&true) {
            return 0..0;
        }
        let known: Vec<RowPrint> = rows.prints.iter().copied().flatten().collect();
        self.marks.add(block, 0, &BlockMarks::of(&known));
        let edge = Edge {
            prints: last_prints(rows.prints),
            offset: rows.offset + rows.prints.len() as u64,
            place: Place::last_of(block, 0),
        };
        let mut gap = Gap::behind(Role::Join, edge, self.cap / 10);
        (gap.start, gap.is_of_plain_walk) = (rows.offset, false);
        self.open(gap);
        0..rows.prints.len()
    }

    fn take_join(&mut self, key: Place, rows: &AnswerRows<'_>) -> Result<Range<usize>, Unreliable> {
        // Another chain may have closed the gap meanwhile.
        let Some(mut gap) = self.gaps.remove(&key) else { return Ok(0..0) };
        let (block, step) = gap.position();
        let edge = gap.edge.place;
        if let Some(drift) = gap.drift(rows).filter(|_| gap.is_of_plain_walk) {
            self.drifts.insert(block, drift);
        }
        let Joined { fresh, fell_back_to, closes_at } = match gap.take(rows, self.cap) {
            ChainStep::Stuck => return Err(Unreliable::NoProgress),
            ChainStep::NotJoined => {
                self.gaps.insert(key, gap);
                return Ok(0..0);
            }
            ChainStep::Joined(joined) => joined,
        };
        if let Some(place) = fell_back_to {
            // The chain reads this part again, and its rows get their places from it.
            self.marks.forget(place, edge);
            self.gaps.retain(|_, other| other.edge.place <= place || other.edge.place > edge);
            // Chains that joined there do not reach back to what this one reads now, and must not close it with theirs.
            let forgotten = |from: Place| from > place && from <= edge;
            for other in self.gaps.values_mut().filter(|other| forgotten(other.from)) {
                other.from = other.edge.place;
            }
            // The stretch before it ends here now.
            gap.start = gap.start.min(rows.offset);
        }
        let following: Vec<RowPrint> = rows.prints[fresh.clone()].iter().copied().flatten().collect();
        self.marks.add(block, step + 1, &BlockMarks::of(&following));
        match closes_at {
            None => drop(self.gaps.insert(key, gap)),
            Some(place) => {
                self.close(&gap);
                if place == Place::END {
                    self.end = Some(gap.edge);
                }
            }
        }
        Ok(fresh)
    }

    /// Everything that a chain has read, and the row that it met, are held without a gap.
    ///
    /// *Easy to get wrong:* what stands in the line between its edge and that row, it has not seen. That may be gone; but
    /// where much moved at once, it may also stand elsewhere in the list, and what follows it is still to be read.
    fn close(&mut self, gap: &Gap) {
        self.joins += 1;
        let edge = gap.edge.place;
        self.gaps.retain(|_, other| other.edge.place < gap.from || other.edge.place > edge);
        self.early.settle(gap.from.block..edge.block + 1);
        if gap.role != Role::Join {
            self.round_answers += gap.answers;
        }
    }

    /// Notes that a request was given up; says whether its gap will be tried again.
    pub(super) fn failed(&mut self, request: &Request) -> bool {
        match request.purpose {
            Purpose::Seed { block } => {
                self.seeds.remove(block);
                true
            }
            Purpose::Join { gap } => self.gaps.get_mut(&gap).is_none_or(|gap| {
                gap.is_out = false;
                gap.failures += 1;
                gap.failures < 2
            }),
            Purpose::Page | Purpose::Sweep => true,
        }
    }

    /// Gives up a gap; the rows around its edge may be missing. Tells which row of the list that is.
    pub(super) fn abandon(&mut self, request: &Request) -> Option<u64> {
        let Purpose::Join { gap } = request.purpose else { return None };
        let gap = self.gaps.remove(&gap)?;
        if gap.role != Role::Head && self.end.is_none() && self.gaps.range(gap.edge.place..).next().is_none() {
            self.end = Some(gap.edge.clone());
        }
        Some(gap.edge.offset)
    }

    /// Opens what is due when nothing is open any more; to be called after every answer.
    pub(super) fn advance(&mut self) -> Result<(), Unreliable> {
        if self.is_finished || !self.gaps.is_empty() || !self.seeds.is_empty() {
            return Ok(());
        }
        if self.early.may_be_out_of_order(self.cap) {
            // By now it is known how much changed while the plain walk was under way.
            self.read_plain_pages_anew();
            return Ok(());
        }
        let doubtful = self.early.take_doubtful();
        if !doubtful.is_empty() {
            self.open_early_joins(doubtful);
            self.is_round_in_doubt = true;
            return Ok(());
        }
        if self.rounds > 0 && self.round_answers <= 2 && !self.is_round_in_doubt {
            self.is_finished = true;
            return Ok(());
        }
        if self.rounds == MAX_ROUNDS {
            return Err(Unreliable::TooRestless);
        }
        self.open(Gap::at_start(Role::Head, -1 - i64::from(self.rounds)));
        if let Some(end) = self.end.clone() {
            self.open(Gap::behind(Role::Tail, end, self.cap / 4));
        }
        self.rounds += 1;
        self.round_answers = 0;
        self.is_round_in_doubt = false;
        Ok(())
    }
}

#[cfg(test)]
#[path = "healing_tests.rs"]
mod tests;

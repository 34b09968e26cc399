//! One place of the list where rows may be missing, and the chain of requests that closes it.
//!
//! A chain begins a few rows before the last row that is held (its *edge*). An answer that holds one of those rows,
//! unmoved, joins on without a gap: what follows that row in the answer is what followed it in the list, whatever was
//! created or deleted before it. The chain goes on from its new edge until an answer shows a row that is held further
//! down (it *meets*), or the end of the list.
//!
//! *Easy to get wrong:* an answer without any held row proves nothing. The chain then steps back, in the worst case to
//! row 0, where every answer is joined to the beginning of the list.

use super::Window;
use super::marks::{MarkedRow, Place, RowPrint, last_prints};

/// Rows of overlap with what is held while the list is quiet.
const QUIET_OVERLAP: u32 = 2;
/// Steps back that are of one window each; further ones double.
const EVEN_STEPS_BACK: u32 = 3;
/// Answers in a row that may bring nothing new.
const MAX_STALLS: u32 = 40;

/// Why a gap is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Rows may be missing between two places.
    Join,
    /// The head of the list is read again.
    Head,
    /// The end of the list is read again.
    Tail,
}

/// The last rows held on one side of a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    /// Their prints, in the order of the list.
    pub(super) prints: Vec<RowPrint>,
    /// The row of the list that is expected behind them.
    pub(super) offset: u64,
    /// Their place among everything that is held.
    pub(super) place: Place,
}

/// An open gap.
#[derive(Debug, Clone)]
pub(super) struct Gap {
    pub(super) role: Role,
    pub(super) edge: Edge,
    /// The earliest place that the chain is joined to.
    pub(super) from: Place,
    /// Rows before its stretch, for splitting the work.
    pub(super) start: u64,
    /// Whether its edge was read by the plain walk, since when rows have drifted.
    pub(super) is_of_plain_walk: bool,
    /// Answers taken.
    pub(super) answers: u32,
    /// Whether an answer has joined it.
    is_joined: bool,
    /// Whether an answer is out.
    pub(super) is_out: bool,
    /// The latest moment of an answer when it was asked for, in microseconds of the server's clock.
    pub(super) asked_after: i64,
    /// Requests that were given up.
    pub(super) failures: u32,
    overlap: u32,
    /// Rows that the list moved by between two answers, at the most and lately.
    unrest: u64,
    back: u64,
    steps_back: u32,
    stalls: u32,
    step: u32,
}

/// One answer, as a chain needs it.
#[derive(Debug)]
pub(super) struct AnswerRows<'a> {
    /// Rows of the list before the first one.
    pub(super) offset: u64,
    /// The rows.
    pub(super) prints: &'a [Option<RowPrint>],
    /// Those among them that are held and unmoved.
    pub(super) marked: &'a [MarkedRow],
    /// Whether the list ends with them, as the answer says it.
    pub(super) is_end: bool,
}

/// What became of a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChainStep {
    /// No row of the answer is known to be held before the gap.
    NotJoined,
    /// The answer continues what is held.
    Joined(Joined),
    /// Answer after answer brings nothing new.
    Stuck,
}

/// An answer that continues what is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Joined {
    /// The rows of the answer that follow what was held.
    pub(super) fresh: std::ops::Range<usize>,
    /// When the answer joins before the edge: the last place before it that it shows. What is held between there and the
    /// edge is read again by the chain.
    pub(super) fell_back_to: Option<Place>,
    /// Where the chain ends: at a row that is held further down, or at the end of the list. `None`: it goes on.
    pub(super) closes_at: Option<Place>,
}

/// What of an answer is held before a gap.
struct Anchors {
    /// The earliest place that it joins.
    first: Place,
    /// The last of its rows that is held.
    last: Option<usize>,
    /// See [`Joined::fell_back_to`].
    fell_back_to: Option<Place>,
}

impl Gap {
    /// A gap behind an edge whose place is known to within `overlap` rows.
    pub(super) fn behind(role: Role, edge: Edge, overlap: u32) -> Self {
        Self {
            role,
            from: edge.place,
            start: edge.offset,
            is_of_plain_walk: role == Role::Join,
            step: edge.place.step,
            edge,
            overlap,
            is_joined: false,
            unrest: 0,
            answers: 0,
            is_out: false,
            asked_after: i64::MIN,
            failures: 0,
            back: 0,
            steps_back: 0,
            stalls: 0,
        }
    }

    /// A gap at the beginning of the list, before `block`.
    pub(super) fn at_start(role: Role, block: i64) -> Self {
        let place = Place { block, step: 0, row: 0 };
        Self::behind(role, Edge { prints: Vec::new(), offset: 0, place }, 0)
    }

    /// The window to ask for next. `drift` tells how far rows near the edge have moved since the gap was opened, as far
    /// as other gaps have shown it.
    pub(super) fn window(&self, cap: u32, drift: i64) -> Window {
        let edge = self.edge.offset.saturating_add_signed(if self.is_joined { 0 } else { drift });
        let mut overlap = self.overlap.min(cap / 2).max(1);
        loop {
            let window = Window::reaching(edge.saturating_sub(u64::from(overlap) + self.back), cap);
            // A window that ends where the last one did would bring nothing; near the head of the list, a large overlap
            // leaves no other.
            if window.end() > edge || self.back > 0 || overlap <= 1 {
                return window;
            }
            overlap /= 2;
        }
    }

    /// How far the edge has moved since the gap was opened, if an answer shows it for the first time.
    pub(super) fn drift(&self, rows: &AnswerRows<'_>) -> Option<i64> {
        let edge = self.edge.prints.last().filter(|_| !self.is_joined)?;
        let at = rows.prints.iter().position(|print| print.as_ref() == Some(edge))?;
        i64::try_from(rows.offset + at as u64 + 1).ok()?.checked_sub_unsigned(self.edge.offset)
    }

    /// Takes the answer to [`window`](Self::window).
    pub(super) fn take(&mut self, rows: &AnswerRows<'_>, cap: u32) -> ChainStep {
        self.answers += 1;
        self.is_out = false;
        let Some(Anchors { first, last, fell_back_to }) = self.anchors(rows) else {
            self.step_back(cap);
            return ChainStep::NotJoined;
        };
        self.is_joined = true;
        self.from = self.from.min(first);
        let begin = last.map_or(0, |last| last + 1);
        let met = rows.marked.iter().find(|row| row.place > self.edge.place && row.at >= begin);
        let fresh = begin..met.map_or(rows.prints.len(), |row| row.at);
        if let Some(row) = met {
            return ChainStep::Joined(Joined { fresh, fell_back_to, closes_at: Some(row.place) });
        }
        self.stalls = if fresh.is_empty() { self.stalls + 1 } else { 0 };
        self.learn_overlap(rows, cap);
        self.move_edge(rows);
        if self.stalls > MAX_STALLS && !rows.is_end {
            return ChainStep::Stuck;
        }
        ChainStep::Joined(Joined { fresh, fell_back_to, closes_at: rows.is_end.then_some(Place::END) })
    }

    /// The place in the line of the chain's latest answer: its block, and how many answers continued it.
    pub(super) fn position(&self) -> (i64, u32) {
        (self.edge.place.block, self.step)
    }

    /// What of the answer's rows is held before the gap; `None` if nothing joins it.
    fn anchors(&self, rows: &AnswerRows<'_>) -> Option<Anchors> {
        let is_edge = |print: &Option<RowPrint>| print.is_some_and(|print| self.edge.prints.contains(&print));
        let last_of_edge = rows.prints.iter().rposition(is_edge);
        let mut held = rows.marked.iter().filter(|row| row.place <= self.edge.place);
        let first_held = held.next();
        let last_held = held.next_back().or(first_held);
        let last = last_of_edge.max(last_held.map(|row| row.at));
        let first = if rows.offset == 0 {
            Place::START
        } else {
            let by_edge = last_of_edge.map(|_| self.edge.place);
            first_held.map(|row| row.place).into_iter().chain(by_edge).min()?
        };
        let shown = last_held.map_or(Place::START, |row| row.place);
        Some(Anchors { first, last, fell_back_to: last_of_edge.is_none().then_some(shown) })
    }

    fn step_back(&mut self, cap: u32) {
        let doublings = self.steps_back.saturating_sub(EVEN_STEPS_BACK - 1).min(20);
        self.steps_back += 1;
        // A little less than a window, so that neighbouring windows overlap.
        self.back = self.back.saturating_add(u64::from(cap - cap / 5).max(1) << doublings);
    }

    /// The overlap grows with how far the list moves between two answers: too little costs a whole request.
    fn learn_overlap(&mut self, rows: &AnswerRows<'_>, cap: u32) {
        let edge = self.edge.prints.last();
        let found = edge.and_then(|edge| rows.prints.iter().position(|print| print.as_ref() == Some(edge)));
        let quiet = QUIET_OVERLAP.min(cap / 2);
        self.overlap = match found {
            Some(at) => {
                let moved = (rows.offset + at as u64 + 1).abs_diff(self.edge.offset);
                self.unrest = moved.max(self.unrest * 3 / 4);
                quiet.saturating_add(u32::try_from(self.unrest).unwrap_or(u32::MAX)).min(cap / 2)
            }
            None => self.overlap.saturating_mul(2).clamp(quiet, cap / 2),
        };
    }

    fn move_edge(&mut self, rows: &AnswerRows<'_>) {
        let last = last_prints(rows.prints);
        self.edge.offset = rows.offset + rows.prints.len() as u64;
        if !last.is_empty() {
            self.edge.prints = last;
        }
        self.step += 1;
        self.edge.place = Place::last_of(self.edge.place.block, self.step);
        self.back = 0;
        self.steps_back = 0;
    }
}

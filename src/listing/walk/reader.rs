//! One reader: follows the list from an edge, window by window, each proven to continue the rows before it.
//!
//! Windows are planned with overlap and requested concurrently. An answer is used only once it holds an unchanged row of
//! the edge: the rows after that row in the answer are those that followed it in the list, regardless of what was created
//! or deleted before it. So at all times, everything up to the edge has been read (proof: `docs/completeness.md`).
//!
//! The main reader reads to the end of the list. Readers of the head and of gaps stop where they *meet* a row of the
//! line, because everything after that row was read.
//!
//! *Easy to get wrong:* an answer without a row of the edge is not a continuation, even if its numbers match. See
//! [`Search`].

mod plan;
mod recovery;
mod span;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::answer::Answer;
use super::edge::{Anchor, Edge};
use super::line::{Line, Located, Lookup, Position};
use super::overlap::Overlap;
use super::search::{Clue, Search};
use super::span::SpanEnd;
use super::{Unreliable, Window};

/// How often a short answer that announces more rows is requested again at one position before it is accepted.
const MAX_REREADS: u32 = 2;
/// Number of such answers in the whole list after which they are accepted at once.
const MAX_CUT_ANSWERS: u64 = 6;
/// Minimum number of rows of a short first page that is taken for the page size of the server.
const MIN_CAP: u32 = 20;
/// Maximum number of restarts from the start of the list because the edge could not be found.
const MAX_RESTARTS: u32 = 6;

/// Where a reader stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// At the end of the list.
    End,
    /// At the first row that is on the line already.
    Line,
}

/// State of a planned window.
#[derive(Debug)]
enum Slot {
    InFlight,
    Arrived(Answer),
    /// Could not be fetched; requested once more when everything else is read.
    SetAside,
}

/// Where reading continues once an answer holds rows of the line again.
#[derive(Debug)]
struct Resume {
    edge: Edge,
    from: Position,
}

/// The first new items of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FreshItems {
    /// The first item after the anchor.
    pub(super) from: usize,
    /// The first item that cannot be a changed row of the edge either.
    pub(super) unread_from: usize,
}

/// What a reader learned from an answer.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct ReaderStep {
    /// The window that was answered.
    pub(super) window: Option<Window>,
    /// By how many rows the list moved at the boundary.
    pub(super) shift: i64,
    /// Its first new items; `None` where the list is read for the second time.
    pub(super) fresh: Option<FreshItems>,
}

/// A window that could not be fetched, and the edge before it.
#[derive(Debug)]
pub(super) struct Break {
    pub(super) edge: Edge,
    pub(super) window: Window,
    /// Rows of the list before the part that was read next.
    pub(super) end: u64,
}

/// A reader of the list.
#[derive(Debug)]
pub(super) struct Reader {
    goal: Goal,
    cap: u32,
    pub(super) edge: Edge,
    /// A window to request before any other.
    wanted: Option<Window>,
    /// Windows from this offset on are refused by the service.
    limit: Option<u64>,
    slots: BTreeMap<(u64, u32), Slot>,
    found: Vec<Answer>,
    overlap: Overlap,
    search: Option<Search>,
    resume: Option<Resume>,
    /// Rows of the line up to the furthest position that was read.
    furthest: u64,
    is_done: bool,
    /// Determines where reading may stop before the end of the list, if a span was requested.
    pub(super) span: Option<SpanEnd>,
    /// Whether reading stopped there.
    is_cut: bool,
    /// Rows of the list, when its end was read last.
    pub(super) end: u64,
    rereads: u32,
    stalls: u32,
    restarts: u32,
    was_cut: bool,
    /// Rows of the first answer, if it was short, no count shows why, and nothing has been read after it yet.
    short_first: Option<u32>,
    cut_answers: u64,
    /// Answers shorter than a page in the middle of the list.
    pub(super) odd_pages: u64,
    /// Boundaries whose first answer held no anchor.
    pub(super) searches: u64,
    /// Windows that could not be fetched.
    pub(super) breaks: Vec<Break>,
    /// Expected length of the list.
    pub(super) expected_end: Option<u64>,
}

impl Reader {
    /// A reader that begins after `edge`.
    pub(super) fn new(goal: Goal, edge: Edge, cap: u32) -> Self {
        Self {
            goal,
            cap,
            edge,
            wanted: None,
            limit: None,
            slots: BTreeMap::new(),
            found: Vec::new(),
            overlap: Overlap::default(),
            search: None,
            resume: None,
            furthest: 0,
            is_done: false,
            span: None,
            is_cut: false,
            end: 0,
            rereads: 0,
            stalls: 0,
            restarts: 0,
            was_cut: false,
            short_first: None,
            cut_answers: 0,
            odd_pages: 0,
            searches: 0,
            breaks: Vec::new(),
            expected_end: None,
        }
    }

    /// Whether it reached its goal.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Reads the end of the list once more.
    pub(super) fn reopen(&mut self) {
        self.is_done = false;
        (self.rereads, self.stalls) = (0, 0);
    }

    /// Sets the page size that the server honors.
    pub(super) fn set_cap(&mut self, cap: u32) {
        self.cap = cap;
    }

    /// The page size that the server honors, as far as is known.
    pub(super) fn cap(&self) -> u32 {
        self.cap
    }

    /// Requests a window before any other.
    pub(super) fn request(&mut self, window: Window) {
        self.wanted = Some(window);
    }

    /// Requests a failed window again.
    pub(super) fn retry(&mut self, window: Window) {
        self.slots.remove(&key(window));
        if let Some(search) = &mut self.search {
            search.is_out = false;
        }
        self.wanted = Some(window);
    }

    /// Plans no windows from this one on, because the service refuses it.
    pub(super) fn end_before(&mut self, window: Window) {
        self.slots.remove(&key(window));
        self.wanted = None;
        if let Some(search) = &mut self.search {
            search.is_out = false;
        }
        self.limit = Some(self.limit.map_or(window.offset(), |limit| limit.min(window.offset())));
    }

    /// Whether the service refuses a part of the list.
    pub(super) fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// Processes an answer; returns how the edge was continued.
    pub(super) fn take(&mut self, answer: Answer, line: &mut Line) -> Result<Vec<ReaderStep>, Unreliable> {
        let place = key(answer.window);
        let is_search = self.is_search_out(answer.window);
        if self.is_done {
            self.slots.remove(&place);
            return Ok(Vec::new());
        }
        if is_search {
            if let Some(search) = &mut self.search {
                search.is_out = false;
            }
            self.found.push(answer);
        } else {
            let is_cut = answer.is_short && answer.claims_more && !answer.rows.is_empty();
            self.cut_answers += u64::from(is_cut);
            if is_cut && self.rereads < MAX_REREADS && self.cut_answers <= MAX_CUT_ANSWERS {
                // This is either the end of the list with a count from another time, or a page with rows left out.
                // Reading the same rows again decides.
                self.rereads += 1;
                self.slots.remove(&place);
                return Ok(Vec::new());
            }
            self.slots.insert(place, Slot::Arrived(answer));
        }
        self.follow(line)
    }

    /// The answer that continues the edge furthest: one that should hold it, or any while the edge is searched for.
    fn best(&self) -> Option<(WaitingPosition, Anchor)> {
        let offset = self.edge.offset;
        let is_lost = self.search.is_some();
        let planned = self.slots.range(..(offset.max(1), 0)).filter_map(arrived);
        let ahead = self.slots.range((offset.max(1), 0)..).filter(|_| is_lost).filter_map(arrived);
        let found = self.found.iter().enumerate().map(|(at, answer)| (WaitingPosition::Found(at), answer));
        let anchored = planned.chain(ahead).chain(found).filter_map(|(place, answer)| {
            let anchor = self.edge.anchor_in(answer)?;
            let ahead = answer.rows.len() - anchor.start;
            // An answer that ends with the edge adds no rows, but may show where the edge is now.
            let is_found = matches!(place, WaitingPosition::Found(_));
            let is_of_use = ahead > 0 || answer.is_short || answer.end() > offset || is_found;
            is_of_use.then_some((ahead, place, anchor))
        });
        anchored.max_by_key(|&(ahead, ..)| ahead).map(|(_, place, anchor)| (place, anchor))
    }

    fn remove(&mut self, place: WaitingPosition) -> Answer {
        match place {
            WaitingPosition::Found(at) => self.found.remove(at),
            WaitingPosition::Planned(place) => match self.slots.remove(&place) {
                Some(Slot::Arrived(answer)) => answer,
                other => unreachable!("only arrived answers are chosen, not {other:?}"),
            },
        }
    }

    /// Continues the edge with an answer that holds it.
    fn continue_with(&mut self, answer: &Answer, anchor: Anchor, line: &mut Line) -> ReaderStep {
        let is_start = self.edge.is_start();
        let shift = if is_start { 0 } else { self.edge.shift(answer, anchor) };
        let is_new_ground = self.edge.rank >= self.furthest && self.resume.is_none() && self.restarts == 0;
        let fresh = is_new_ground
            .then(|| FreshItems { from: self.edge.fresh_from(anchor), unread_from: self.edge.unread_from(anchor) });
        if self.resume.is_none() && self.search.is_none() {
            self.overlap.note(shift.unsigned_abs());
        }
        self.search = None;
        self.found.clear();
        let rows = &answer.rows[anchor.start..];
        if self.meets(answer, anchor.start, line) {
            return ReaderStep { window: Some(answer.window), shift, fresh };
        }
        if answer.is_short {
            self.end = answer.end();
        }
        if let Some(size) = self.short_first.take().filter(|&size| size >= MIN_CAP && !rows.is_empty()) {
            // The server sends smaller pages than requested, and does not say so.
            (self.cap, self.was_cut) = (size.min(self.cap), false);
        }
        let counts_more = answer.total.is_some_and(|total| total > answer.end());
        let is_unexplained = is_start && answer.is_short && !answer.is_last() && !counts_more;
        self.short_first = u32::try_from(answer.rows.len()).ok().filter(|&rows| is_unexplained && rows > 0);
        self.odd_pages += u64::from(self.was_cut && !rows.is_empty());
        self.was_cut = answer.is_short && answer.claims_more;
        self.stalls = if rows.is_empty() { self.stalls + 1 } else { 0 };
        self.is_done = answer.is_last()
            || (answer.may_be_last && self.stalls > 0)
            || (answer.is_short && answer.claims_more && self.stalls > 1);
        if !rows.is_empty() && !self.is_done {
            self.rereads = 0;
        }
        self.advance_edge(answer, anchor, line);
        ReaderStep { window: Some(answer.window), shift, fresh }
    }

    fn advance_edge(&mut self, answer: &Answer, anchor: Anchor, line: &mut Line) {
        let fresh = &answer.rows[anchor.start..];
        let mut edge = self.edge.moved_behind(answer, anchor);
        let rows = fresh.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        edge.position = line.insert(self.edge.position, self.edge.rank, &fresh[..rows]);
        edge.rank = self.edge.rank + rows as u64;
        self.furthest = self.furthest.max(edge.rank);
        self.edge = edge;
        self.note_span(answer, anchor);
        self.forget_behind();
    }

    /// Drops answers that end before the edge, because none of their rows is needed.
    fn forget_behind(&mut self) {
        let offset = self.edge.offset;
        self.slots.retain(|&(start, size), slot| !matches!(slot, Slot::Arrived(_)) || start + u64::from(size) > offset);
    }

    /// Drops answers from another time: they should hold the edge at the place where it was found, but do not.
    fn forget_stale(&mut self) {
        let edge = &self.edge;
        self.slots.retain(|&(start, size), slot| match slot {
            Slot::Arrived(answer) => {
                let covers = start < edge.offset && start + u64::from(size) > edge.offset;
                !covers || edge.anchor_in(answer).is_some()
            }
            Slot::InFlight | Slot::SetAside => true,
        });
    }

    /// Whether the rows of an answer meet the line at a row after which everything was read already. If so, the reader is
    /// done, or continues at the edge that it left.
    fn meets(&mut self, answer: &Answer, start: usize, line: &mut Line) -> bool {
        let from = match (&self.resume, self.goal) {
            (Some(resume), _) => resume.from,
            (None, Goal::Line) => self.edge.position,
            (None, Goal::End) => return false,
        };
        let Lookup::Found(Located { first, last }) = line.locate(&answer.rows[start..]) else { return false };
        if first.1 <= from && last.1 <= from {
            return false;
        }
        line.insert(self.edge.position, self.edge.rank, &answer.rows[start..start + first.0]);
        let Some(Resume { mut edge, .. }) = self.resume.take() else {
            self.is_done = true;
            return true;
        };
        let between = edge.rank.saturating_sub(line.rank(last.1) + 1);
        edge.offset = answer.offset + (start + last.0) as u64 + 1 + between;
        edge.total = answer.total;
        self.edge = edge;
        self.forget_behind();
        true
    }

    /// Drops answers that were not needed.
    fn settle(&mut self) {
        self.search = None;
        self.wanted = None;
        self.found.clear();
        self.slots.retain(|_, slot| matches!(slot, Slot::InFlight));
    }

    /// Abandons the rest of the list.
    pub(super) fn give_up(&mut self) {
        self.is_done = true;
        self.settle();
    }
}

fn arrived<'a>((&place, slot): (&(u64, u32), &'a Slot)) -> Option<(WaitingPosition, &'a Answer)> {
    match slot {
        Slot::Arrived(answer) => Some((WaitingPosition::Planned(place), answer)),
        Slot::InFlight | Slot::SetAside => None,
    }
}

/// Position of a waiting answer.
#[derive(Debug, Clone, Copy)]
enum WaitingPosition {
    Planned((u64, u32)),
    Found(usize),
}

fn key(window: Window) -> (u64, u32) {
    (window.offset(), window.size)
}

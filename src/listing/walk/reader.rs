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

mod advance;
mod plan;
mod recovery;
mod span;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::answer::Answer;
use super::edge::{Anchor, Edge};
use super::line::{Line, Lookup, Position};
use super::overlap::Overlap;
use super::search::{Clue, Search};
use super::span::SpanEnd;
use super::{Unreliable, Window};
use crate::listing::RowKey;

/// How often a short answer that announces more rows is requested again at one position before it is accepted.
const MAX_REREADS: u32 = 2;
/// Number of such answers in the whole list after which they are accepted at once.
const MAX_CUT_ANSWERS: u64 = 6;
/// Minimum number of rows of a short first page that is taken for the page size of the server.
const MIN_CAP: u32 = 20;
/// Maximum number of full answers in a row whose items after the edge are not rows.
const MAX_OPAQUE: u32 = 2;
/// Maximum number of restarts from the start of the list because the edge could not be found.
const MAX_RESTARTS: u32 = 6;

/// Where a reader stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// At the end of the list.
    End,
    /// At the first row after the edge that is on the line already. About this many rows are before it.
    Line { rows: u64 },
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
#[derive(Debug, Clone, Copy)]
pub(super) struct ReaderStep {
    /// The window that was answered.
    pub(super) window: Window,
    /// By how many rows the list moved at the boundary; `None` at the start of the list, which is no boundary.
    pub(super) shift: Option<i64>,
    /// Rows of the edge that come after the anchor, and may be read again.
    pub(super) skipped: usize,
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
    /// The service refuses this window, and probably all windows after it.
    limit: Option<Window>,
    slots: BTreeMap<(u64, u32), Slot>,
    found: Vec<Answer>,
    overlap: Overlap,
    search: Option<Search>,
    resume: Option<Resume>,
    /// Rows of the line up to the furthest position that was read.
    furthest: u64,
    /// That position. Nothing after it was read by this reader, whatever is read again.
    furthest_position: Position,
    is_done: bool,
    /// Determines where reading may stop before the end of the list, if a span was requested.
    pub(super) span: Option<SpanEnd>,
    /// Whether reading stopped there.
    is_cut: bool,
    /// Rows of the list, when its end was read last.
    pub(super) end: u64,
    rereads: u32,
    stalls: u32,
    /// Full answers in a row whose items after the edge are not rows, so that no answer can connect to them.
    opaque: u32,
    restarts: u32,
    was_cut: bool,
    /// Rows of the first answer, if it was short, no count shows why, and nothing has been read after it yet.
    short_first: Option<u32>,
    cut_answers: u64,
    /// Answers shorter than a page in the middle of the list.
    pub(super) odd_pages: u64,
    /// Boundaries whose first answer held no anchor.
    pub(super) searches: u64,
    /// Edges whose rows were all gone, so that reading continued after other rows.
    pub(super) lost_edges: u64,
    /// How often it continued elsewhere, where nothing shows by how many rows the list had grown.
    pub(super) jumps: u64,
    /// If it began at the start of the list: rows of the line that were not found before the row at which it met the line.
    pub(super) vanished: Option<u64>,
    /// Windows that could not be fetched.
    pub(super) breaks: Vec<Break>,
    /// Rows that it read for the first time, in list order, until they are taken; `None` if they are not needed.
    placed: Option<Vec<RowKey>>,
    /// Expected length of the list.
    pub(super) expected_end: Option<u64>,
}

impl Reader {
    /// A reader that begins after `edge`.
    pub(super) fn new(goal: Goal, edge: Edge, cap: u32) -> Self {
        Self {
            goal,
            cap,
            furthest_position: edge.position,
            vanished: edge.is_start().then_some(0),
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
            opaque: 0,
            restarts: 0,
            was_cut: false,
            short_first: None,
            cut_answers: 0,
            odd_pages: 0,
            searches: 0,
            lost_edges: 0,
            jumps: 0,
            breaks: Vec::new(),
            placed: None,
            expected_end: None,
        }
    }

    /// Keeps the rows that it reads until they are taken.
    pub(super) fn keeping_rows(mut self) -> Self {
        self.placed = Some(Vec::new());
        self
    }

    /// Removes and returns the rows read since the last call, in list order.
    pub(super) fn take_placed(&mut self) -> Vec<RowKey> {
        self.placed.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Rows on the line up to the furthest position that it read.
    pub(super) fn rows(&self) -> u64 {
        self.furthest
    }

    /// Whether it reached its goal.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Whether the last answer was shorter than a page and announced more rows, and none came.
    pub(super) fn announces_more(&self) -> bool {
        self.is_done && self.was_cut
    }

    /// Reads the end of the list once more.
    pub(super) fn reopen(&mut self) {
        (self.is_done, self.was_cut) = (false, false);
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

    /// Whether it requests a window before any other.
    pub(super) fn wants_window(&self) -> bool {
        self.wanted.is_some()
    }

    /// Requests a failed window again.
    pub(super) fn retry(&mut self, window: Window) {
        self.slots.remove(&key(window));
        if let Some(search) = &mut self.search {
            search.is_out = false;
        }
        self.wanted = Some(window);
    }

    /// Records that a window is no longer in flight and will not be requested again.
    pub(super) fn forget(&mut self, window: Window) {
        self.slots.remove(&key(window));
        self.wanted = self.wanted.filter(|&wanted| wanted != window);
    }

    /// Plans no windows from this one on, because the service refuses it.
    pub(super) fn end_before(&mut self, window: Window) {
        self.slots.remove(&key(window));
        self.wanted = None;
        if let Some(search) = &mut self.search {
            search.is_out = false;
        }
        self.limit = Some(self.limit.filter(|limit| limit.offset() <= window.offset()).unwrap_or(window));
    }

    /// Whether a window after this one was answered.
    pub(super) fn has_answer_after(&self, window: Window) -> bool {
        self.slots.range(key(window)..).any(|(_, slot)| matches!(slot, Slot::Arrived(_)))
    }

    /// If rows of a window after the refused one arrived, only that one is refused: sets it aside and returns it.
    pub(super) fn lift_limit(&mut self, answer: &Answer) -> Option<Window> {
        let limit = self.limit.take_if(|limit| answer.offset > limit.offset() && !answer.rows.is_empty())?;
        self.slots.insert(key(limit), Slot::SetAside);
        Some(limit)
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
            // Far from the edge, one row alone may have moved there.
            let is_near = matches!(place, WaitingPosition::Planned((start, _)) if start < offset);
            let anchor = self.edge.anchor_in(answer).filter(|anchor| is_near || !anchor.is_alone)?;
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

    /// Drops answers that end before the edge, because none of their rows is needed.
    fn forget_before(&mut self) {
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

    /// Drops answers that were not needed.
    fn settle(&mut self) {
        self.search = None;
        self.wanted = None;
        self.found.clear();
        self.slots.retain(|_, slot| matches!(slot, Slot::InFlight));
    }

    /// Abandons the rest of the list, which the service refuses; returns its rows, from 1.
    pub(super) fn give_up_at_limit(&mut self) -> RangeInclusive<u64> {
        let start = self.edge.offset;
        let end = self.expected_end.unwrap_or(0).max(start + 1);
        self.give_up();
        start + 1..=end
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

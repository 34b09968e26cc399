//! Finds an edge that was not where it was expected. See `docs/completeness.md`.
//!
//! An answer in which no row is known shows only that the edge is elsewhere, ahead or behind. The change of `total_count`
//! suggests a position (a hint, never a proof), then the search continues outward in both directions. An answer that
//! holds rows of the line gives the distance: the edge is as many rows after them, or before them, as on the line.

use super::Window;
use super::answer::Answer;
use super::edge::Edge;
use super::line::{Line, LocatedRow, Lookup};

/// Number of windows that are tried around a position before the list is read from its start, and number of answers with
/// rows of the line that may suggest another position.
const MAX_TRIES: u32 = 10;
/// Number of rows past the expected position of the edge that an answer must hold to show that the edge is gone.
const ROWS_PAST_GONE_EDGE: u64 = 3;

/// The search for an edge.
#[derive(Debug)]
pub(super) struct Search {
    /// Offset at which the row after the edge is expected.
    base: u64,
    /// That offset when the edge was read.
    origin: u64,
    tries: u32,
    located: u32,
    /// Offset after the last row of the line that was found.
    low: Option<u64>,
    /// Offset at which rows were found that come after the edge, or at which the list had ended.
    high: Option<u64>,
    tried: Vec<Window>,
    next: Window,
    pub(super) is_out: bool,
    /// About how many rows between the edge and the line after it were not read; `None` if everything before any row of the
    /// line was read, so that reading may continue there.
    unread_ahead: Option<u64>,
}

/// What an answer without the edge shows.
#[derive(Debug)]
pub(super) enum Clue {
    /// The edge is expected elsewhere.
    Elsewhere,
    /// The edge is gone: reading continues after this row.
    Gone(LocatedRow),
    /// Rows are in another order than before.
    OutOfOrder,
}

impl Search {
    /// A search that begins where the change of `total_count` suggests. Its first window is chosen when it has
    /// [learned](Self::learn) from the answer that did not hold the edge.
    pub(super) fn begin(edge: &Edge, total_now: Option<u64>, cap: u32, unread_ahead: Option<u64>) -> Self {
        let moved = total_now.zip(edge.total).map_or(0, |(now, then)| signed(now) - signed(then));
        let base = edge.offset.saturating_add_signed(moved).max(1);
        Self {
            base,
            origin: edge.offset,
            tries: 0,
            located: 0,
            low: None,
            high: None,
            tried: Vec::new(),
            next: Window::first(cap),
            is_out: false,
            unread_ahead,
        }
    }

    /// The next window to request.
    pub(super) fn window(&self) -> Window {
        self.next
    }

    /// Whether a window is the next to request.
    pub(super) fn expects(&self, window: Window) -> bool {
        !self.is_out && self.next == window
    }

    /// Whether the list must be read from its start.
    pub(super) fn is_at_start(&self) -> bool {
        self.tries >= MAX_TRIES
    }

    /// By how many rows the edge is expected to have moved.
    pub(super) fn distance(&self) -> u64 {
        self.base.abs_diff(self.origin)
    }

    /// Learns from an answer that does not hold the edge.
    pub(super) fn learn(&mut self, edge: &Edge, line: &mut Line, answer: &Answer, cap: u32) -> Clue {
        let found = match line.locate(&answer.rows) {
            Lookup::Found(found) => Some(found),
            Lookup::OutOfOrder => return Clue::OutOfOrder,
            Lookup::Unknown => None,
        };
        if let Some(found) = found {
            self.located += 1;
            let (before, after) = (found.last_up_to(edge.position), found.first_after(edge.position));
            match (before, after, self.unread_ahead) {
                (_, Some(_), None) => return Clue::Gone(found.last()),
                (Some(row), ..) => {
                    let (at, position) = row;
                    let past = (answer.rows.len() - 1 - at) as u64;
                    let between = edge.rank.saturating_sub(line.rank(position) + 1);
                    let is_seen_past = past >= between + ROWS_PAST_GONE_EDGE
                        || self.high.is_some_and(|high| high <= answer.end())
                        || after.is_some();
                    if is_seen_past || self.located >= MAX_TRIES {
                        return Clue::Gone(row);
                    }
                    let low = (answer.offset + at as u64 + 1).max(self.low.unwrap_or(0));
                    self.low = Some(low);
                    self.aim(low + between);
                }
                (None, Some((at, position)), Some(unread)) => {
                    let high = self.lower_high(answer.offset + at as u64);
                    let between = line.rank(position).saturating_sub(edge.rank) + unread;
                    self.aim(high.saturating_sub(between));
                }
                (None, None, _) => {}
            }
        } else if answer.rows.is_empty() || self.low.is_some_and(|low| answer.offset >= low) {
            self.lower_high(answer.offset);
            self.aim(self.base);
        }
        self.choose(cap);
        Clue::Elsewhere
    }

    /// Continues without an answer.
    pub(super) fn skip(&mut self, cap: u32) {
        self.is_out = false;
        self.choose(cap);
    }

    /// Notes an offset at which rows after the edge were found; returns the lowest one.
    fn lower_high(&mut self, offset: u64) -> u64 {
        let high = self.high.map_or(offset, |high| high.min(offset));
        self.high = Some(high);
        high
    }

    /// Tries a position, or the middle between known positions on both sides.
    fn aim(&mut self, position: u64) {
        let low = self.low.unwrap_or(0);
        let position = self
            .high
            .filter(|&high| position >= high)
            .map_or(position, |high| low + high.saturating_sub(low) / 2)
            .max(1);
        if position != self.base && self.located < MAX_TRIES {
            self.base = position;
            self.tries = self.tries.min(1);
        }
    }

    /// Chooses a window that was not tried yet.
    fn choose(&mut self, cap: u32) {
        let step = u64::from(cap) * 6 / 10;
        let margin = (u64::from(cap) / 3).max(1);
        while self.tries < MAX_TRIES {
            let n = self.tries;
            self.tries += 1;
            // First the base, then outward from it and from where the edge was: -1, +1, -3, +3 steps.
            let center = if n % 4 < 2 { self.base } else { self.origin };
            let reach = step * [0, 1, 1, 1, 1, 3, 3, 3, 3, 6][n.min(9) as usize];
            let guess = if n % 2 == 1 { center.saturating_sub(reach) } else { center.saturating_add(reach) };
            let guess = guess.max(1);
            let window = Window::overlapping(guess, margin, cap).or_else(|| Window::overlapping(guess, 1, cap));
            if let Some(window) = window.filter(|window| !self.tried.contains(window)) {
                self.tried.push(window);
                self.next = window;
                return;
            }
        }
        self.next = Window::first(cap);
    }
}

fn signed(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

//! Finds unread rows in the middle of the list. See `docs/completeness.md`, "Probing".
//!
//! A row that moved up, or was created, where the list had been read already is the one case that overlap cannot detect.
//! It shows at the end: the list then holds more rows than were read. Every known row shows by how many rows the list has
//! grown before it (its position in the list minus its rank on the line), so the places where that number rises are found
//! by bisection, with one request per step.

use std::collections::BTreeMap;

use super::Window;
use super::answer::Answer;
use super::line::{Line, Lookup};

/// A part of the line in which the list holds more rows than were read.
#[derive(Debug, Clone, Copy)]
struct ProbePart {
    /// Ranks of its ends.
    from: u64,
    to: u64,
    /// By how many rows the list has grown before each end.
    grown_from: i64,
    grown_to: i64,
}

impl ProbePart {
    fn grown(&self) -> i64 {
        self.grown_to - self.grown_from
    }
}

/// The search for rows in the middle of the list.
#[derive(Debug)]
pub(super) struct Probe {
    ranks: BTreeMap<i64, u64>,
    parts: Vec<ProbePart>,
    probed: Option<ProbePart>,
    requests_left: u64,
    is_in_flight: bool,
}

impl Probe {
    /// A search in a list of `end` rows.
    pub(super) fn new(line: &Line, end: u64, max_requests: u64) -> Self {
        let ranks: BTreeMap<i64, u64> = line.ranks().collect();
        let rows = line.rows();
        let grown = signed(end) - signed(rows);
        let parts = vec![ProbePart { from: 0, to: rows, grown_from: 0, grown_to: grown }];
        let mut probe = Self { ranks, parts, probed: None, requests_left: max_requests, is_in_flight: false };
        probe.choose();
        probe
    }

    /// The next window to request.
    pub(super) fn next_window(&self, cap: u32) -> Option<Window> {
        let part = self.probed.filter(|_| !self.is_in_flight)?;
        let middle = part.from + (part.to - part.from) / 2;
        let grown = part.grown_from + part.grown() / 2;
        let at = middle.saturating_add_signed(grown).saturating_add(u64::from(cap) / 2).max(1);
        Window::overlapping(at, u64::from(cap) / 2 + u64::from(cap) / 4, cap)
            .or_else(|| Window::overlapping(at, u64::from(cap) / 2, cap))
            .or_else(|| Window::overlapping(at, 1, cap))
    }

    /// Records that the window is requested.
    pub(super) fn note_sent(&mut self) {
        self.is_in_flight = true;
        self.requests_left = self.requests_left.saturating_sub(1);
    }

    /// Processes the answer, and chooses the next part. Without an answer, this part is not searched further.
    pub(super) fn take(&mut self, answer: Option<&Answer>, line: &mut Line) {
        self.is_in_flight = false;
        let Some(part) = self.probed.take() else { return };
        if let Some(answer) = answer
            && let Lookup::Found(found) = line.locate(&answer.rows)
        {
            let rank = |position| {
                let (label, row) = Line::label(position);
                self.ranks.get(&label).map(|rank| rank + u64::from(row))
            };
            if let (Some(first), Some(last)) = (rank(found.first().1), rank(found.last().1)) {
                let grown = |at: usize, rank: u64| signed(answer.offset + at as u64) - signed(rank);
                let (grown_first, grown_last) = (grown(found.first().0, first), grown(found.last().0, last));
                if first > part.from && first <= part.to {
                    self.parts.push(ProbePart { to: first, grown_to: grown_first, ..part });
                }
                if last < part.to && last >= part.from {
                    self.parts.push(ProbePart { from: last, grown_from: grown_last, ..part });
                }
            }
        }
        self.choose();
    }

    /// Whether no part is left to search.
    pub(super) fn is_finished(&self) -> bool {
        self.probed.is_none()
    }

    /// Chooses the part that holds the most unread rows.
    fn choose(&mut self) {
        self.parts.retain(|part| part.grown() > 0);
        let most = self.parts.iter().enumerate().max_by_key(|(_, part)| part.grown()).map(|(at, _)| at);
        self.probed = most.filter(|_| self.requests_left > 0).map(|at| self.parts.swap_remove(at));
    }
}

fn signed(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

//! Changes to the list while a client reads it.
//!
//! [`Movement`] is the setting; [`Mover`] turns it into [`MoveStep`]s. When a list request arrives, `state` gets the steps that are
//! due and applies them to `world` before the response is built. Clients see the list only through requests, so applying the
//! steps late makes no difference.
//!
//! # Grammar
//!
//! ```text
//! PACE  = none | N/s | N/min | N/h    rate in real time, from the first list request on
//!       | N/req                       rate per list request, the fraction drawn from the seed
//! MOVE  = (create|delete|update|replace)=COUNT at=REQUEST [place=PLACE]
//!                                     once, when list request number REQUEST arrives, from 1
//! PLACE = anywhere | front | back | reader | ROW
//!                                     which rows: drawn from all, the first, the last, within two pages of the window that
//!                                     is being requested, or this row and those after it (from 0)
//! ```
//!
//! A replacement is a deletion and a creation in one step, so `total_count` does not reveal it.
//!
//! *Easy to get wrong:* only the per-request forms are reproducible, and only if requests arrive in the same order.
//! Movement with an `until` bound ends, so a test can check that the client then finishes.
//!
//! At most a thousand steps are applied at once; otherwise a pause of hours would rebuild the list in one request.
//!
//! The unit tests count steps over many requests and pass the time as an argument.

use std::str::FromStr;
use std::time::{Duration, Instant};

use super::parse::{ParseError, Rate};
use super::random::{DrawPurpose, Draws};

/// Maximum number of steps of one kind per request.
const MAX_STEPS_AT_ONCE: u64 = 1_000;

/// How the list changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Movement {
    /// How often contacts are created.
    pub created: Pace,
    /// How often contacts are deleted.
    pub deleted: Pace,
    /// How often contacts are updated.
    pub updated: Pace,
    /// How often one contact is deleted and another created at the same time.
    pub replaced: Pace,
    /// Which rows are deleted and updated.
    pub place: MovePlace,
    /// The list request with which movement by pace begins, from 1; 0 means the same as 1.
    pub from_request: u64,
    /// The last list request before which the list moves by pace.
    pub until_request: Option<u64>,
    /// Maximum number of steps by pace, of all kinds together.
    pub at_most: Option<u64>,
    /// Changes at specific requests.
    pub moves: Vec<Move>,
}

/// How often something happens.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Pace {
    /// Not at all.
    #[default]
    Never,
    /// Rate in real time.
    Timed(Rate),
    /// Rate per list request.
    PerRequest(f64),
}

/// Which rows a step affects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MovePlace {
    /// Any.
    #[default]
    Anywhere,
    /// The first.
    Front,
    /// The last.
    Back,
    /// Within two pages of the requested window.
    Reader,
    /// This row, from 0.
    Row(u32),
}

/// A change to the list when a specific request arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// What is done.
    pub kind: MoveKind,
    /// How many times.
    pub count: u32,
    /// The list request before which it happens, from 1.
    pub at_request: u64,
    /// Which rows; new contacts go where the order puts them.
    pub place: MovePlace,
}

/// What is done to the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveKind {
    /// Creates contacts.
    Create,
    /// Deletes contacts.
    Delete,
    /// Updates contacts.
    Update,
    /// Deletes contacts and creates as many.
    Replace,
}

/// One change that is due now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MoveStep {
    /// The kind of change.
    pub(super) kind: MoveKind,
    /// The row to change.
    pub(super) place: MovePlace,
    /// The number of the step, for drawing a row.
    pub(super) number: u64,
}

/// A list request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    /// Its number among the list requests, from 1.
    pub(super) number: u64,
    /// When it arrived.
    pub(super) at: Instant,
}

/// Turns the setting into steps.
#[derive(Debug)]
pub(super) struct Mover {
    movement: Movement,
    seed: u64,
    /// When the first list request arrived that movement by pace may precede.
    started: Option<Instant>,
    /// How many timed steps of each kind have been taken.
    timed: [u64; 4],
    /// How many steps by pace have been taken.
    paced: u64,
    /// How many steps have been taken.
    steps: u64,
}

const KINDS: [MoveKind; 4] = [MoveKind::Replace, MoveKind::Delete, MoveKind::Create, MoveKind::Update];

impl Mover {
    /// A mover that has taken no steps yet.
    pub(super) fn new(movement: Movement, seed: u64) -> Self {
        Self { movement, seed, started: None, timed: [0; 4], paced: 0, steps: 0 }
    }

    /// The steps to take before this list request is answered.
    pub(super) fn steps(&mut self, arrival: Arrival) -> Vec<MoveStep> {
        let mut steps = Vec::new();
        for scripted in &self.movement.moves {
            if scripted.at_request == arrival.number {
                for _ in 0..scripted.count {
                    steps.push(MoveStep { kind: scripted.kind, place: scripted.place, number: self.steps });
                    self.steps += 1;
                }
            }
        }
        let is_late = self.movement.until_request.is_some_and(|until| arrival.number > until);
        if arrival.number >= self.movement.from_request && !is_late {
            let started = *self.started.get_or_insert(arrival.at);
            let elapsed = arrival.at.saturating_duration_since(started);
            for kind in KINDS {
                for _ in 0..self.due(kind, elapsed, arrival.number) {
                    steps.push(MoveStep { kind, place: self.movement.place, number: self.steps });
                    self.steps += 1;
                }
            }
        }
        steps
    }

    /// The number of a step that a caller requests directly.
    pub(super) fn next_number(&mut self) -> u64 {
        self.steps += 1;
        self.steps - 1
    }

    /// Number of steps of a kind that are due by pace, limited to those that `at_most` still allows.
    fn due(&mut self, kind: MoveKind, elapsed: Duration, request: u64) -> u64 {
        let (pace, slot) = match kind {
            MoveKind::Create => (self.movement.created, 0),
            MoveKind::Delete => (self.movement.deleted, 1),
            MoveKind::Update => (self.movement.updated, 2),
            MoveKind::Replace => (self.movement.replaced, 3),
        };
        let count = match pace {
            Pace::Never => 0,
            Pace::PerRequest(share) => {
                let mut draws = Draws::new(self.seed ^ (slot as u64) << 60, DrawPurpose::Movement, request);
                whole(share) + u64::from(draws.with_probability(share.fract()))
            }
            Pace::Timed(rate) => {
                let total = whole(elapsed.as_secs_f64() * rate.per_minute / 60.0);
                let due = total.saturating_sub(self.timed[slot]);
                self.timed[slot] = total;
                due
            }
        };
        let left = self.movement.at_most.map_or(u64::MAX, |most| most.saturating_sub(self.paced));
        let count = count.min(MAX_STEPS_AT_ONCE).min(left);
        self.paced += count;
        count
    }
}

impl MovePlace {
    /// Draws the row of a list of `len` rows that a step affects while a window is being requested.
    pub(super) fn draw(self, step: u64, seed: u64, len: u32, window: (u64, u32)) -> u32 {
        let mut draws = Draws::new(seed, DrawPurpose::Movement, step | 1 << 63);
        let last = len.saturating_sub(1);
        match self {
            Self::Anywhere => draws.below(len),
            Self::Front => 0,
            Self::Back => last,
            Self::Row(row) => row,
            Self::Reader => {
                let reach = window.1.saturating_mul(2);
                let start = u32::try_from(window.0).unwrap_or(last).saturating_sub(reach);
                start.saturating_add(draws.below(reach.saturating_mul(2).saturating_add(window.1))).min(last)
            }
        }
    }
}

/// The integer part of a non-negative number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of steps are small and not negative"
)]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

impl FromStr for Pace {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            return Ok(Self::Never);
        }
        let Some(share) = text.strip_suffix("/req") else { return text.parse().map(Self::Timed) };
        let share = share.trim().parse().ok().filter(|share: &f64| (0.0..=1_000.0).contains(share));
        share.map(Self::PerRequest).ok_or_else(|| ParseError::new(text, "a pace, for instance 60/min, 0.5/req or none"))
    }
}

impl FromStr for MovePlace {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "anywhere" => Ok(Self::Anywhere),
            "front" => Ok(Self::Front),
            "back" => Ok(Self::Back),
            "reader" => Ok(Self::Reader),
            row => row
                .parse()
                .map(Self::Row)
                .map_err(|_| ParseError::new(text, "anywhere, front, back, reader or the number of a row")),
        }
    }
}

impl FromStr for Move {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseError::new(text, "a move, for instance 'delete=3 at=5 place=40' or 'create=2 at=7'");
        let (mut what, mut at_request, mut place) = (None, None, MovePlace::default());
        for word in text.split_whitespace() {
            let (name, value) = word.split_once('=').ok_or_else(wrong)?;
            let kind = match name {
                "create" => MoveKind::Create,
                "delete" => MoveKind::Delete,
                "update" => MoveKind::Update,
                "replace" => MoveKind::Replace,
                "at" => {
                    at_request = value.parse().ok();
                    continue;
                }
                "place" => {
                    place = value.parse()?;
                    continue;
                }
                _ => return Err(wrong()),
            };
            what = Some((kind, value.parse().map_err(|_| wrong())?));
        }
        let ((kind, count), at_request) = what.zip(at_request).ok_or_else(wrong)?;
        Ok(Self { kind, count, at_request, place })
    }
}

#[cfg(test)]
#[path = "movement_tests.rs"]
mod tests;

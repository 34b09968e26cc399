//! What a reader does when an answer does not continue its edge: it searches for the edge, reads from the start of the
//! list as a last resort, and skips windows that could not be fetched.

use super::{
    Anchor, Answer, Break, Clue, Edge, Goal, Line, MAX_OPAQUE, MAX_RESTARTS, Position, Reader, ReaderStep, Resume,
    Search, Slot, Unreliable, WaitingPosition, Window, key,
};

impl Reader {
    /// Continues the edge as far as the answers received so far reach, and skips windows that could not be fetched.
    /// Returns how the edge was continued.
    pub(super) fn follow(&mut self, line: &mut Line) -> Result<Vec<ReaderStep>, Unreliable> {
        let mut steps = Vec::new();
        loop {
            while !self.is_done
                && let Some((place, anchor)) = self.best()
            {
                let answer = self.remove(place);
                steps.push(self.continue_with(&answer, anchor, line));
                if matches!(place, WaitingPosition::Found(_)) {
                    self.forget_stale();
                }
                if self.opaque > MAX_OPAQUE {
                    return Err(Unreliable::NoProgress);
                }
            }
            if self.is_done {
                self.settle();
                break;
            }
            if self.skip_failed(line) {
                continue;
            }
            self.search_edge(line)?;
            // A lost edge, or the one that replaces it, may be in any answer received so far.
            if self.best().is_none() {
                break;
            }
        }
        Ok(steps)
    }

    /// Starts or continues the search for the edge after an answer that does not hold it.
    fn search_edge(&mut self, line: &mut Line) -> Result<(), Unreliable> {
        if self.search.is_none() {
            let offset = self.edge.offset;
            let covering = self.slots.iter().find_map(|(&(start, size), slot)| match slot {
                Slot::Arrived(answer) if start < offset && start + u64::from(size) > offset => Some(answer.clone()),
                _ => None,
            });
            let Some(answer) = covering else { return Ok(()) };
            self.searches += 1;
            let unread_ahead = match self.goal {
                Goal::End => None,
                Goal::Line { rows } => Some(rows),
            };
            self.search = Some(Search::begin(&self.edge, answer.total, self.cap, unread_ahead));
            // It may hold other known rows.
            self.found.push(answer);
        }
        for answer in std::mem::take(&mut self.found) {
            if self.learn(answer, line)? {
                break;
            }
        }
        Ok(())
    }

    /// Learns from an answer that does not hold the edge; returns whether the edge was replaced by one that it holds.
    fn learn(&mut self, answer: Answer, line: &mut Line) -> Result<bool, Unreliable> {
        let Some(search) = &mut self.search else { return Ok(false) };
        if search.is_at_start() && answer.offset == 0 {
            self.restarts += 1;
            if self.restarts > MAX_RESTARTS {
                return Err(Unreliable::TooRestless);
            }
            let old = std::mem::replace(&mut self.edge, Edge::start());
            if self.restarts == 1 {
                self.resume.get_or_insert(Resume { edge: old, from: Position::START });
            } else {
                // The edge was lost before: reading everything from the start costs more, but always succeeds.
                self.resume = None;
                if let Some(span) = &mut self.span {
                    span.restart();
                }
            }
            self.found.push(answer);
            return Ok(true);
        }
        match search.learn(&self.edge, line, &answer, self.cap) {
            Clue::Elsewhere => Ok(false),
            Clue::OutOfOrder => Err(Unreliable::OrderChanges),
            Clue::Gone((at, position)) => {
                self.lost_edges += 1;
                self.edge = Edge::after_row(&answer, at, position, line.rank(position) + 1);
                if self.edge.anchor_in(&answer).is_none() {
                    // Rows before this one follow it as well.
                    return Err(Unreliable::OrderChanges);
                }
                self.found.push(answer);
                Ok(true)
            }
        }
    }

    /// Continues after a window that could not be fetched; returns whether there was such a window and an answer after
    /// it.
    fn skip_failed(&mut self, line: &mut Line) -> bool {
        let offset = self.edge.offset;
        let Some(&aside) = self.slots.iter().find_map(|(place, slot)| {
            let covers = place.0 <= offset && place.0 + u64::from(place.1) > offset.saturating_sub(1);
            (matches!(slot, Slot::SetAside) && covers).then_some(place)
        }) else {
            return false;
        };
        let next = self.slots.range(aside..).find_map(|(&place, slot)| match slot {
            // Rows show where reading continues.
            Slot::Arrived(answer) => Some(Some(place).filter(|_| answer.rows.iter().any(Option::is_some))),
            Slot::InFlight => Some(None),
            Slot::SetAside => None,
        });
        let Some(Some(next)) = next else { return false };
        let answer = self.remove(WaitingPosition::Planned(next));
        let skipped: Vec<(u64, u32)> = self.slots.range(aside..next).map(|(&place, _)| place).collect();
        for place in &skipped {
            self.slots.remove(place);
        }
        for (n, &(start, size)) in skipped.iter().enumerate() {
            let window = Window { page: start / u64::from(size) + 1, size };
            let end = if n + 1 == skipped.len() { answer.offset } else { start + u64::from(size) };
            self.breaks.push(Break { edge: self.edge.clone(), window, end });
        }
        self.edge = self.edge.skipping_to(&answer);
        self.jumps += 1;
        if !self.meets(&answer, 0, line) {
            self.adopt(&answer, Anchor::at_start(), line);
        }
        true
    }

    /// Records that a window could not be fetched for now; returns how the edge was continued after it.
    pub(in crate::listing::walk) fn set_aside(
        &mut self,
        window: Window,
        line: &mut Line,
    ) -> Result<Vec<ReaderStep>, Unreliable> {
        if self.is_search_out(window) {
            if let Some(search) = &mut self.search {
                search.is_out = false;
            }
            return Ok(Vec::new());
        }
        self.slots.insert(key(window), Slot::SetAside);
        self.follow(line)
    }

    /// Searches for the edge elsewhere, because the window of the search cannot be fetched.
    pub(in crate::listing::walk) fn skip_search(&mut self) {
        let cap = self.cap;
        if let Some(search) = &mut self.search {
            search.skip(cap);
        }
    }

    /// Removes and returns the windows that were set aside and not skipped, because nothing after them was read.
    pub(in crate::listing::walk) fn take_set_aside(&mut self) -> Vec<Window> {
        let aside: Vec<(u64, u32)> =
            self.slots.iter().filter(|(_, slot)| matches!(slot, Slot::SetAside)).map(|(&place, _)| place).collect();
        self.slots.retain(|_, slot| !matches!(slot, Slot::SetAside));
        aside.into_iter().map(|(start, size)| Window { page: start / u64::from(size) + 1, size }).collect()
    }
}

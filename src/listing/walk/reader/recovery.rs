//! What a reader does when an answer does not continue its edge: it searches for the edge, reads from the start of the
//! list as a last resort, and skips windows that could not be fetched.

use super::{
    Anchor, Break, Clue, Edge, Goal, Line, MAX_RESTARTS, Position, Reader, ReaderStep, Resume, Search, Slot,
    Unreliable, WaitingPosition, Window, key,
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
            }
            if self.is_done {
                self.settle();
                break;
            }
            if self.skip_failed(line) {
                continue;
            }
            let was_lost = self.search.is_some();
            self.search_edge(line)?;
            // A lost edge may be in any answer received so far.
            if was_lost || self.search.is_none() || self.best().is_none() {
                break;
            }
        }
        Ok(steps)
    }

    /// Starts or continues the search for the edge after an answer that does not hold it.
    fn search_edge(&mut self, line: &mut Line) -> Result<(), Unreliable> {
        let offset = self.edge.offset;
        let covering = |(&(start, size), slot): (&(u64, u32), &Slot)| match slot {
            Slot::Arrived(answer) if start < offset && start + u64::from(size) > offset => Some(answer.total),
            _ => None,
        };
        let total = self.found.last().map(|answer| answer.total);
        let Some(total) = total.or_else(|| self.slots.iter().find_map(covering)) else { return Ok(()) };
        if self.search.is_none() {
            self.searches += 1;
            self.search = Some(Search::begin(&self.edge, total, self.cap, self.goal == Goal::End));
            // The answer that should hold the edge may hold other known rows.
            if let Some(answer) = self.slots.iter().find_map(|(&(start, size), slot)| match slot {
                Slot::Arrived(answer) if start < offset && start + u64::from(size) > offset => Some(answer.clone()),
                _ => None,
            }) {
                self.found.push(answer);
            }
        }
        self.learn(line)
    }

    pub(super) fn learn(&mut self, line: &mut Line) -> Result<(), Unreliable> {
        for answer in std::mem::take(&mut self.found) {
            let Some(search) = &mut self.search else { return Ok(()) };
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
                if !self.meets(&answer, 0, line) {
                    self.advance_edge(&answer, Anchor::at_start(), line);
                    self.is_done = answer.is_last();
                }
                self.search = None;
                return Ok(());
            }
            match search.learn(&self.edge, line, &answer, self.cap) {
                Clue::Elsewhere => {}
                Clue::OutOfOrder => return Err(Unreliable::OrderChanges),
                Clue::Gone(located) => {
                    let (at, position) = located.last;
                    let rank = line.rank(position) + 1;
                    let rows = &answer.rows[at + 1..];
                    self.edge = Edge::behind(&answer, at, position, rank + rows.len() as u64);
                    self.edge.position = line.insert(position, rank, rows);
                    self.is_done = answer.is_last();
                    if answer.is_short {
                        self.end = answer.end();
                    }
                    self.search = None;
                    self.forget_behind();
                    return Ok(());
                }
            }
        }
        Ok(())
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
            Slot::Arrived(_) => Some(Some(place)),
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
        let rows = answer.rows.len() as u64;
        let position = line.insert(self.edge.position, self.edge.rank, &answer.rows);
        self.edge = Edge::behind(&answer, 0, position, self.edge.rank + rows);
        self.furthest = self.furthest.max(self.edge.rank);
        self.is_done = answer.is_last();
        self.end = answer.end();
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

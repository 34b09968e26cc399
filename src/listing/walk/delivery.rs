//! Rows in list order: which of them are new, and what they show about the list.

use super::reader::FreshItems;
use super::{CLOCK_SLACK, DATE_SLACK, Phase, Walk};
use crate::listing::{Consistency, PageFacts, Purpose, Request, RowKey, Taken};
use crate::time::{Span, Timestamp};

impl Walk {
    /// Notes that reading stopped because enough rows were delivered.
    pub fn note_limit(&mut self, limit: Option<u64>) {
        self.report.limit_reached = limit;
    }

    /// Whether the rows of an answer may be delivered now. Rows of the main reader and of rescans are delivered in list
    /// order.
    pub fn is_due(&self, request: &Request) -> bool {
        if let (Purpose::Rescan, Phase::Rescanning(rescan)) = (request.purpose, &self.phase) {
            return rescan.is_next(request.window);
        }
        let waits =
            request.purpose == Purpose::Read && matches!(self.phase, Phase::Reading { .. }) && !self.main.is_done();
        let is_next = request.window.offset() <= self.delivered_to.max(self.main.edge.offset);
        !waits || (is_next && !self.main.has_out_before(request.window))
    }

    /// Processes the rows of an answer; returns which of them are written.
    pub fn deliver(&mut self, request: &Request, facts: &PageFacts<'_>) -> Taken {
        self.undelivered = self.undelivered.saturating_sub(1);
        let window = request.window;
        let items = self.fresh_items.remove(&(window.offset(), window.size));
        let known_before = self.report.known();
        let keep = self.keep(request, facts, items);
        if request.purpose == Purpose::Read {
            self.unplaced_to = if items.is_none() { self.unplaced_to.max(window.end()) } else { self.unplaced_to };
            self.delivered_to = self.delivered_to.max(window.end());
        }
        // Rows before the first new row were in another answer, and so were items among them that are not rows.
        let mut rows = keep.iter();
        let first_new = facts.items.iter().position(|item| item.is_some() && rows.next() == Some(&true));
        let fresh = items.map_or_else(|| first_new.unwrap_or(facts.items.len()), |items| items.from);
        let fresh = match request.purpose {
            Purpose::Rescan if self.consistency != Consistency::Plain => facts.items.len()..facts.items.len(),
            Purpose::Rescan => 0..facts.items.len(),
            Purpose::Head | Purpose::Probe if first_new.is_none() => facts.items.len()..facts.items.len(),
            _ => fresh.min(facts.items.len())..facts.items.len(),
        };
        self.report.rejected += facts.items[fresh.clone()].iter().filter(|item| item.is_none()).count() as u64;
        let has_new = self.report.known() > known_before;
        self.vain_answers = if has_new { 0 } else { self.vain_answers + 1 };
        self.advance();
        Taken { keep, fresh }
    }

    fn keep(&mut self, request: &Request, facts: &PageFacts<'_>, items: Option<FreshItems>) -> Vec<bool> {
        let mut keep = Vec::with_capacity(facts.items.len());
        self.seen.prefetch(facts.items.iter().flatten().map(|key| key.id));
        let latest = facts.answered_at.map_or(i64::MAX, |time| time.saturating_add(CLOCK_SLACK));
        let earliest = self.began_at.unwrap_or(i64::MAX);
        let so_far = Span { earliest: Timestamp::from_micros(earliest), latest: Timestamp::from_micros(latest) };
        let is_plain = self.consistency == Consistency::Plain;
        let is_placed = request.window.offset() >= self.unplaced_to;
        let is_repeat = |at: usize| match request.purpose {
            Purpose::Read => items.is_some_and(|items| at >= items.unread_from && is_placed),
            Purpose::Rescan => is_plain,
            _ => false,
        };
        let is_stray = self.unplaced.remove(&(request.window.offset(), request.window.size))
            || match request.purpose {
                Purpose::Search => true,
                Purpose::Read => items.is_none(),
                _ => false,
            };
        let mut repeated = 0;
        for (at, key) in facts.items.iter().enumerate().filter_map(|(at, item)| Some((at, item.as_ref()?))) {
            let is_new = self.seen.insert(key.id);
            let is_older = self.report.is_before_span(key);
            keep.push(is_new && !is_older);
            if is_new {
                let changed_at = key.created_at.max(key.updated_at);
                match request.purpose {
                    _ if is_stray => self.moves.note_stray(changed_at.is_some_and(|time| time >= earliest)),
                    // What came after reading did not move its boundaries.
                    Purpose::Head if changed_at.zip(self.read_at).is_none_or(|(time, read_at)| time <= read_at) => {
                        self.moves.note_new_at_start();
                    }
                    _ => {}
                }
            }
            if is_new && is_older {
                self.report.older += 1;
            } else if is_new {
                self.report.rows += 1;
                self.note_new(request, key, so_far);
            } else if is_repeat(at) {
                self.report.duplicates += 1;
                // A row that changed moved because of that.
                repeated +=
                    u64::from(!key.updated_at.is_some_and(|time| so_far.contains(Timestamp::from_micros(time))));
            }
        }
        self.moves.note_repeated(self.report.rows, repeated);
        keep
    }

    /// Whether the list is read once more. An answer of an earlier run may belong to another phase.
    fn is_rescanning(&self) -> bool {
        matches!(self.phase, Phase::ReadingAgain(_) | Phase::Rescanning(_))
    }

    /// Counts a row that was not seen before; `so_far` is the time from the start of the run to this answer.
    fn note_new(&mut self, request: &Request, key: &RowKey, so_far: Span) {
        let lately = |time: Option<i64>| time.is_some_and(|time| so_far.contains(Timestamp::from_micros(time)));
        let is_created = lately(key.created_at);
        self.report.created += u64::from(is_created);
        self.report.updated += u64::from(!is_created && lately(key.updated_at));
        let recent = key
            .created_at
            .max(key.updated_at)
            .is_some_and(|time| time >= so_far.earliest.micros().saturating_sub(DATE_SLACK));
        if !recent {
            self.moves.note_settled(self.report.rows);
        }
        match request.purpose {
            Purpose::Probe if is_created => self.report.probed_created += 1,
            Purpose::Probe => self.report.probed_old += 1,
            Purpose::Rescan if self.is_rescanning() && self.consistency != Consistency::Plain => {
                self.report.found_by_last_rescan += u64::from(!is_created);
            }
            _ => {}
        }
    }
}

//! What a walk does without an answer: it requests the window once more later, and then continues without it.

use super::rounds::{Closing, Phase};
use super::{Purpose, Request, Walk};

impl Walk {
    /// Records that a request failed after all retries; returns whether it will be repeated.
    pub fn failed(&mut self, request: &Request) -> bool {
        self.in_flight = self.in_flight.saturating_sub(1);
        let window = request.window;
        let is_first_time = match (request.purpose, &mut self.phase) {
            (Purpose::Rescan, Phase::Rescanning(rescan)) => rescan.failed(window),
            _ => self.failed_once.insert(window),
        };
        if is_first_time {
            match (request.purpose, &mut self.phase) {
                (Purpose::Read, phase) if !self.skips_failed || matches!(phase, Phase::Closing(_)) => {
                    self.main.retry(window);
                }
                (Purpose::Read | Purpose::Search, _) => self.skip(request),
                (Purpose::Head, Phase::Closing(Closing { head: Some(head), .. })) => head.retry(window),
                (Purpose::Gap, Phase::Reading { gap: Some(gap) }) => gap.reader.retry(window),
                (Purpose::Probe, Phase::Probing(probe)) => probe.take(None, &mut self.line),
                (Purpose::Rescan, Phase::ReadingAgain(second)) => second.reader.retry(window),
                _ => {}
            }
            self.advance();
        }
        is_first_time
    }

    /// Continues after a window, which is requested once more at the end.
    fn skip(&mut self, request: &Request) {
        match self.main.set_aside(request.window, &mut self.line) {
            Ok(steps) => steps.into_iter().for_each(|step| self.note_step(step)),
            Err(reason) => self.fall_back(reason),
        }
        self.note_placed();
        let is_skipped = self.skips_failed && matches!(self.phase, Phase::Reading { .. });
        if is_skipped && request.purpose == Purpose::Read {
            // Windows after it need not wait for its rows.
            self.delivered_to = self.delivered_to.max(request.window.end());
        }
    }

    /// Continues without a window that the service refuses, and without all rows after it.
    pub fn refused(&mut self, request: &Request) {
        self.in_flight = self.in_flight.saturating_sub(1);
        match (request.purpose, &mut self.phase) {
            // A window after it was answered, so it is refused for a reason of its own.
            (Purpose::Read, Phase::Reading { .. }) if self.main.has_answer_after(request.window) => {
                self.skip(request);
            }
            (Purpose::Read, Phase::Reading { .. }) => self.main.end_before(request.window),
            (Purpose::Rescan, Phase::ReadingAgain(second)) => second.refused(request.window),
            (Purpose::Rescan, Phase::Rescanning(rescan)) => rescan.refused(request.window),
            _ => self.abandon(request),
        }
        self.advance();
    }

    /// Continues without a request that failed for the second time.
    pub fn abandon(&mut self, request: &Request) {
        let rows = request.window.rows();
        // A search that cannot be fetched must not be repeated forever.
        self.vain_answers += 1;
        if matches!(request.purpose, Purpose::Read | Purpose::Search) {
            self.main.forget(request.window);
        }
        match (request.purpose, &mut self.phase) {
            (Purpose::Gap, Phase::Reading { gap: Some(gap) }) => {
                self.report.missing.push(gap.start + 1..=gap.end.max(gap.start + 1));
                gap.reader.give_up();
            }
            (Purpose::Head, Phase::Closing(closing)) => {
                // A window beyond the point where the head met known rows is not needed.
                if closing.head.take().is_some_and(|head| !head.is_done()) {
                    self.report.not_rescanned.push(rows);
                }
            }
            (Purpose::Read, Phase::Closing(_)) => {
                self.report.not_rescanned.push(rows);
                self.main.give_up();
            }
            // The edge is searched for elsewhere.
            (Purpose::Search, _) => self.main.skip_search(),
            (Purpose::Rescan, Phase::ReadingAgain(second)) => second.abandon(request.window),
            // Already recorded by its plan.
            (Purpose::Rescan, _) => {}
            (Purpose::Probe, Phase::Probing(probe)) => probe.take(None, &mut self.line),
            _ => {
                let start = self.main.edge.offset.max(request.window.offset());
                // A list that became shorter may end before the edge.
                let end = self.main.expected_end.unwrap_or(0).max(request.window.end()).max(start + 1);
                self.report.missing.push(start + 1..=end);
                self.main.give_up();
                self.main.end = 0;
            }
        }
        self.advance();
    }
}

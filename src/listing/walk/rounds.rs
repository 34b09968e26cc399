//! Transitions between phases: when reading ends, what is read again, and when that is enough.

use super::edge::Edge;
use super::moves::Circumstances;
use super::probe::Probe;
use super::reader::{Break, Goal, Reader};
use super::rescan::Rescan;
use super::second_read::SecondRead;
use super::{Consistency, MAX_VAIN_ANSWERS, Unreliable, Walk, Window};

/// Maximum number of times that the start and the end of a list that keeps changing are read again.
const MAX_CLOSINGS: u32 = 3;
/// Maximum number of further reads of the end while the API counts another number of rows than it lists: counts may be
/// cached for seconds.
const MAX_RECOUNTS: u32 = 12;
/// Maximum number of requests for probing: `MIN_PROBES`, plus one for every `ANSWERS_FOR_A_PROBE` answers.
const MIN_PROBES: u64 = 16;
const ANSWERS_FOR_A_PROBE: u64 = 40;

/// The current phase of a walk.
#[derive(Debug)]
pub(super) enum Phase {
    /// Reads the list; closes a gap left by a window that could not be fetched.
    Reading { gap: Option<Gap> },
    /// Reads the start and the end of the list again.
    Closing(Closing),
    /// Looks for unread rows in the middle of the list.
    Probing(Probe),
    /// Reads the whole list once more.
    ReadingAgain(SecondRead),
    /// Reads the whole list page by page.
    Rescanning(Rescan),
    /// Nothing is left to do.
    Finished,
}

/// One read of the start and the end of the list.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) head: Option<Reader>,
    round: u32,
    recounts: u32,
    /// Rows that were read before it.
    rows_before: u64,
    /// Whether one answer held everything from the start of the list to a row that was read before.
    pub(super) is_head_fresh: bool,
    /// Whether an earlier run started it, so that it may miss later moves.
    pub(super) is_of_earlier_run: bool,
}

impl Closing {
    /// Whether rows of the start were read that do not yet connect to those read before.
    pub(super) fn has_read_head(&self) -> bool {
        self.head.as_ref().is_some_and(|head| !head.is_done() && !head.edge.is_start())
    }
}

/// A window that could not be fetched, requested once more.
#[derive(Debug)]
pub(super) struct Gap {
    pub(super) reader: Reader,
    pub(super) end: u64,
    /// Rows of the list before it.
    pub(super) start: u64,
}

impl Walk {
    /// Records that all answers so far came from the journal of an earlier run. The start and the end of the list are
    /// read again in this run, because rows may have moved there in the meantime.
    pub fn note_resumed(&mut self) {
        self.report.pages_resumed = self.report.pages;
        self.end_is_fresh = false;
        match &mut self.phase {
            // An unfinished read of the start does not connect to the rows read before yet, so it must finish first.
            Phase::Closing(closing) if closing.has_read_head() => closing.is_of_earlier_run = true,
            Phase::Closing(_) | Phase::Probing(_) => self.close(0),
            Phase::Reading { .. } | Phase::ReadingAgain(_) | Phase::Rescanning(_) | Phase::Finished => {}
        }
    }

    /// Whether the next request reads the end of the list again because its count, or the first read, disagrees.
    pub fn is_recounting(&self) -> bool {
        match &self.phase {
            Phase::Closing(closing) => closing.head.is_none() && self.main.wants_window(),
            Phase::ReadingAgain(second) => second.is_recounting(),
            _ => false,
        }
    }

    /// Moves on to the next phase when the current one is done.
    pub(super) fn advance(&mut self) {
        let limit = MAX_VAIN_ANSWERS + 3 * self.report.known() / u64::from(self.cap);
        if self.vain_answers > limit && !self.is_finished() {
            self.vain_answers = 0;
            if let Phase::Rescanning(_) = self.phase {
                self.report.unreliable.get_or_insert(Unreliable::NoProgress);
                self.phase = Phase::Finished;
                return;
            }
            self.fall_back(match &self.phase {
                // Nothing is new in a second read, and every search takes further answers.
                Phase::ReadingAgain(second) if second.reader.searches > 0 => Unreliable::TooRestless,
                _ => Unreliable::NoProgress,
            });
        }
        if let Phase::Reading { .. } | Phase::Closing(_) = self.phase
            && self.main.cannot_overlap()
        {
            self.fall_back(Unreliable::PagesTooSmall);
        }
        if self.in_flight == 0 && self.undelivered > 0 && matches!(self.phase, Phase::Reading { gap: None }) {
            // Answers after rows that the service refuses wait for them.
            self.end_at_limit();
        }
        if self.in_flight > 0 || self.undelivered > 0 {
            return;
        }
        match &mut self.phase {
            Phase::Reading { gap: Some(gap) } if gap.reader.is_done() => {
                self.report.short_pages += gap.reader.odd_pages;
                self.main.searches += gap.reader.searches;
                self.moves.note_lost_edges(gap.reader.lost_edges);
                self.moves.begin_part();
                self.phase = Phase::Reading { gap: None };
                self.advance();
            }
            Phase::Reading { gap: Some(gap) } => {
                if gap.reader.next_window(usize::MAX).is_none() {
                    self.fall_back(Unreliable::NoProgress);
                }
            }
            Phase::Reading { gap: None } if !self.main.is_done() => self.unblock(),
            Phase::Reading { gap: None } => self.end_reading(),
            Phase::Closing(closing) => {
                if closing.head.as_ref().is_none_or(Reader::is_done) && self.main.is_done() {
                    if let Some(head) = &closing.head {
                        self.report.short_pages += head.odd_pages;
                        self.main.searches += head.searches;
                        self.moves.note_lost_edges(head.lost_edges);
                        self.moves.note_vanished(head.vanished.unwrap_or(0));
                    }
                    self.judge_closing();
                } else if self.next_request(usize::MAX).is_none() {
                    self.fall_back(Unreliable::NoProgress);
                }
            }
            Phase::Probing(probe) => {
                while !probe.is_finished() && probe.next_window(self.cap).is_none() {
                    // Pages are too small for a window there.
                    probe.take(None, &mut self.line);
                }
                if probe.is_finished() || self.unread() == 0 {
                    self.finish_reading();
                }
            }
            Phase::ReadingAgain(_) => self.advance_second_read(),
            Phase::Rescanning(rescan) => {
                if !rescan.continues(&mut self.report) {
                    self.end_rescans();
                }
            }
            Phase::Finished => {}
        }
    }

    /// Requests failed windows again when nothing is in flight and nothing else can be planned.
    fn unblock(&mut self) {
        if self.main.next_window(usize::MAX).is_some() {
            return;
        }
        if self.end_at_limit() {
            self.advance();
        } else if self.main.take_set_aside().is_empty() {
            self.fall_back(Unreliable::NoProgress);
        }
    }

    /// Ends reading if the service refuses all remaining rows; returns whether it did.
    fn end_at_limit(&mut self) -> bool {
        let is_over = self.main.is_limited() && !self.main.is_done() && self.main.next_window(usize::MAX).is_none();
        if is_over {
            self.report.missing.push(self.main.give_up_at_limit());
        }
        is_over
    }

    fn end_reading(&mut self) {
        if let Some(Break { edge, window, end }) = self.main.breaks.pop() {
            let start = edge.offset;
            let rows = end.saturating_sub(start);
            let mut reader = Reader::new(Goal::Line { rows }, edge, self.cap).keeping_rows();
            reader.request(window);
            // A row can move from the gap to the end before the gap is read.
            self.end_is_fresh = false;
            self.moves.begin_part();
            self.phase = Phase::Reading { gap: Some(Gap { reader, end, start }) };
            return;
        }
        self.report.searches = self.main.searches;
        // Two answers are two moments: a row may have moved from one to the other in between.
        if self.report.pages == 1 && !self.main.is_cut() {
            self.is_single_answer = true;
            self.judge();
            if !self.report.count_disagrees && !self.report.announces_more {
                self.finish_or_confirm();
                return;
            }
            self.is_single_answer = false;
        }
        self.close(0);
    }

    /// Reads the start and the end of the list again.
    pub(super) fn close(&mut self, round: u32) {
        // Rows that could not be fetched must not count as growth, or too much of the start would be read.
        let known = self.line.rows() + self.report.missing_rows();
        let grown = self.main.edge.offset.saturating_sub(known);
        let mut head = Reader::new(Goal::Line { rows: grown }, Edge::start(), self.cap);
        // Another size means another URL, so that no cache holds the answer.
        let size = self.cap.saturating_sub(1 + round % self.cap.max(2)).max(self.cap / 2).max(1);
        head.request(Window::first(size));
        head.expected_end = Some(grown);
        // The end is not read again if its window was requested after all other answers had arrived.
        if !self.is_end_left_out() && (round > 0 || !self.end_is_fresh) {
            self.reopen_end(round + 1);
        }
        let rows_before = self.report.rows;
        let recounts = if let Phase::Closing(closing) = &self.phase { closing.recounts } else { 0 };
        self.report.closings += 1;
        self.phase = Phase::Closing(Closing {
            head: Some(head),
            round,
            recounts,
            rows_before,
            is_head_fresh: false,
            is_of_earlier_run: false,
        });
    }

    /// Whether the end of the list is not read: it is refused, or older than the requested span. A refused window after
    /// the end, requested because the list was shorter than counted, leaves nothing out.
    fn is_end_left_out(&self) -> bool {
        (self.main.is_limited() && !self.report.missing.is_empty()) || self.main.is_cut()
    }

    /// Reads the end of the list once more, with a window of another size each time.
    fn reopen_end(&mut self, nth: u32) {
        self.main.reopen();
        self.end_is_fresh = false;
        let edge = self.main.edge.offset;
        let sizes = (self.cap / 2).max(1)..=self.cap;
        let wanted = usize::try_from(nth).unwrap_or(0);
        let windows = sizes.rev().map(|size| Window { page: edge.saturating_sub(2) / u64::from(size) + 1, size });
        let fitting: Vec<Window> =
            windows.filter(|window| window.offset() + 2 <= edge.max(2) && window.end() > edge).collect();
        if let Some(window) = fitting.get(wanted % fitting.len().max(1)) {
            self.main.request(*window);
        }
    }

    /// Evaluates the last read of the start and the end.
    fn judge_closing(&mut self) {
        if !self.main.breaks.is_empty() {
            // A window failed while the end was read again.
            self.phase = Phase::Reading { gap: None };
            self.advance();
            return;
        }
        let is_end_left_out = self.is_end_left_out();
        let Phase::Closing(closing) = &mut self.phase else { return };
        let new = self.report.rows - closing.rows_before;
        let (round, recounts) = (closing.round, closing.recounts);
        // What cannot be fetched stays in doubt however often it is requested.
        let has_failed = !self.report.missing.is_empty() || !self.report.not_rescanned.is_empty();
        let is_start_settled = closing.is_head_fresh || has_failed;
        let is_end_settled = self.end_is_fresh || is_end_left_out || has_failed;
        if closing.is_of_earlier_run {
            self.close(0);
            return;
        }
        // If the last answer, which held the start, counts more rows than were read, some were missed, or were added to the
        // end since it was read. Read once more, the end shows how many are missing.
        self.missed_at_start = if closing.head.is_some() { self.report.fewer_than_counted() } else { 0 };
        self.report.changes += new;
        self.judge();
        self.report.searches = self.main.searches;
        let is_in_doubt = self.report.count_disagrees || self.report.announces_more;
        if is_in_doubt && !has_failed && recounts < MAX_RECOUNTS {
            if let Phase::Closing(closing) = &mut self.phase {
                (closing.head, closing.recounts, closing.rows_before) = (None, recounts + 1, self.report.rows);
                // The start must be read after the end.
                closing.is_head_fresh &= is_end_settled;
            }
            self.reopen_end(round + recounts + 2);
            return;
        }
        // A recount of the end is newer than the read of the start, so the start may have to be read again more often.
        let is_settled = is_start_settled && is_end_settled;
        let must_continue = self.unread() > 0 || !is_settled;
        if (must_continue && round + 1 < 2 * MAX_CLOSINGS) || (new > 0 && round + 1 < MAX_CLOSINGS) {
            self.close(round + 1);
            return;
        }
        if !is_settled {
            // While several answers are read one after another, a row can move from one that is not read yet to one that is.
            self.fall_back(Unreliable::TooRestless);
            return;
        }
        if self.unread() > 0 {
            let requests = MIN_PROBES + self.report.pages / ANSWERS_FOR_A_PROBE;
            self.phase = Phase::Probing(Probe::new(&self.line, self.main.end, requests));
            self.advance();
            return;
        }
        self.finish_reading();
    }

    /// Compares what was read with what the list holds, and with what the API counts.
    fn judge(&mut self) {
        self.report.unread = self.unread();
        let is_whole = self.report.missing.is_empty() && !self.main.is_cut();
        let has_other_count = self.main.edge.total.is_some_and(|total| total != self.main.end);
        self.report.count_disagrees =
            is_whole && (has_other_count || self.missed_at_start.min(self.report.fewer_than_counted()) > 0);
        self.report.announces_more = is_whole && self.main.announces_more();
        self.report.short_pages += std::mem::take(&mut self.main.odd_pages);
    }

    /// Number of rows in the list that were not read, according to the answers that held its end.
    fn unread(&self) -> u64 {
        // Rows that could not be fetched are reported as such.
        let end = if self.report.missing.is_empty() && !self.main.is_cut() { self.main.end } else { 0 };
        end.saturating_sub(self.report.known() + self.report.rejected)
    }

    fn finish_reading(&mut self) {
        self.judge();
        self.moves.note_lost_edges(self.main.lost_edges);
        self.moves.note_jumps(self.main.jumps);
        let has_changed = self.report.has_changed() || self.report.created + self.report.updated > 0;
        self.report.order_unknown |= self.moves.may_be_unseen(has_changed, self.report.probed_old, self.cap);
        let is_resumed = self.report.pages_resumed > 0;
        let (rows, searches, cap) = (self.report.rows, self.main.searches, self.cap);
        self.report.moved_in_middle = self.moves.in_middle(Circumstances { rows, searches, is_resumed, cap });
        if self.report.moved_in_middle > 0 {
            self.fall_back(Unreliable::OrderChanges);
        } else if self.report.unread > 0 && !self.report.unread_is_explained() {
            // Too many to find one by one, or the line does not show where: read every page again.
            self.report.looks_for_unread = true;
            self.read_pages();
        } else {
            self.finish_or_confirm();
        }
    }

    /// Falls back to reading page by page if nothing else is left to request; returns whether that is possible.
    pub fn rescue(&mut self) -> bool {
        let is_stuck = !matches!(self.phase, Phase::Rescanning(_) | Phase::Finished);
        if is_stuck {
            self.fall_back(Unreliable::NoProgress);
        }
        is_stuck
    }

    pub(super) fn fall_back(&mut self, reason: Unreliable) {
        self.report.unreliable = Some(reason);
        // A rescan reads the whole list.
        self.report.is_cut = false;
        self.report.searches = self.main.searches;
        self.main.give_up();
        self.read_pages();
    }

    /// Whether the whole list is read once more with overlap.
    pub(super) fn confirms(&self) -> bool {
        self.consistency == Consistency::Strict || self.report.order_unknown
    }

    fn finish_or_confirm(&mut self) {
        let is_whole = self.report.missing.is_empty();
        if self.confirms() && is_whole && !self.is_single_answer {
            self.begin_second_read();
        } else {
            self.phase = Phase::Finished;
        }
    }
}

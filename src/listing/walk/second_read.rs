//! The second read of the whole list: with overlap like the first one, but on a line of its own, so that it proves its
//! boundaries without the help of the first.
//!
//! It finds what overlap cannot show: rows that moved up, into a part that had already been read. Read page by page, such a
//! row could be missed twice, because a deletion at the wrong moment moves it from one page to the one before it.
//!
//! *Easy to get wrong:* one answer without rows, sent by mistake, must not end it early, because nothing is read after it.

use super::edge::Edge;
use super::line::Line;
use super::reader::{Goal, Reader, ReaderStep};
use super::rescan::Rescan;
use super::{Answer, Phase, SpanEnd, Unreliable, Walk, Window};

/// Maximum number of second reads.
const MAX_SECOND_READS: u32 = 10;
/// Maximum number of consecutive second reads that find nothing new, but cannot follow every boundary.
const MAX_RESTLESS_READS: u32 = 3;
/// Smallest windows of a second read: with fewer rows, they do not overlap everywhere in a long list.
const MIN_PAGE: u32 = 20;
/// How often it reads on after an end that the API contradicts.
const MAX_END_READS: u32 = 4;

/// A reader that follows the list from its start once more.
#[derive(Debug)]
pub(super) struct SecondRead {
    pub(super) reader: Reader,
    line: Line,
    /// Why the list cannot be followed.
    failed: Option<Unreliable>,
    /// A window that could not be fetched, so that the list is read page by page instead.
    missing: Option<Window>,
    end_reads: u32,
}

impl SecondRead {
    fn new(reader: Reader) -> Self {
        Self { reader, line: Line::default(), failed: None, missing: None, end_reads: 0 }
    }

    /// The next window to request; `None` while that depends on requests in flight.
    pub(super) fn next_window(&self, read_ahead: usize) -> Option<Window> {
        let window = self.reader.next_window(read_ahead).map(|(window, _)| window);
        window.filter(|_| self.failed.is_none() && self.missing.is_none())
    }

    /// Whether the next request reads on after an end that the API contradicts, maybe because its count is cached.
    pub(super) fn is_recounting(&self) -> bool {
        self.end_reads > 0 && self.reader.edge.offset <= self.reader.end
    }

    /// Processes an answer; returns how the reader continued.
    pub(super) fn take(&mut self, answer: Answer) -> Vec<ReaderStep> {
        self.reader.expected_end = answer.total.or(self.reader.expected_end);
        self.missing = self.missing.or(self.reader.lift_limit(&answer));
        self.reader.take(answer, &mut self.line).unwrap_or_else(|reason| {
            self.failed = Some(reason);
            Vec::new()
        })
    }

    /// Continues without a window that the service refuses, and without all rows after it.
    pub(super) fn refused(&mut self, window: Window) {
        if self.reader.is_search_out(window) {
            // The edge is searched for elsewhere.
            self.reader.skip_search();
        } else if self.reader.has_answer_after(window) {
            self.abandon(window);
        } else {
            self.reader.end_before(window);
        }
    }

    /// Continues without a window that could not be fetched.
    pub(super) fn abandon(&mut self, window: Window) {
        self.reader.forget(window);
        self.missing.get_or_insert(window);
    }

    /// Whether it reached the end without leaving out a window.
    fn is_done(&self) -> bool {
        self.reader.is_done() && self.reader.breaks.is_empty()
    }

    /// Reads on if the API counts or announces more rows than it has listed, if it lists none although some are `known`, or
    /// if the first read, which ended after `rows`, found at least a page more; and once if that found more at all.
    fn check_end(&mut self, rows: u64, known: u64) {
        if !self.reader.is_done() || self.reader.is_cut() {
            return;
        }
        let is_empty = self.reader.rows() == 0 && known > 0;
        let is_far_off = is_empty || self.reader.rows() + u64::from(self.reader.cap()) < rows;
        let is_contradicted = (self.reader.announces_more() || is_far_off) && self.end_reads < MAX_END_READS;
        let is_shorter = self.end_reads == 0 && self.reader.end < rows;
        if is_contradicted || is_shorter {
            self.end_reads += 1;
            self.reader.reopen();
        }
    }
}

impl Walk {
    /// Starts another read of the whole list.
    pub(super) fn begin_second_read(&mut self) {
        self.report.rescans += 1;
        self.report.found_by_last_rescan = 0;
        self.vain_answers = 0;
        self.failed_once.clear();
        // Unless pages are small, most windows have other sizes than before, and so other URLs, for which no cache holds an
        // answer.
        let smaller = self.cap.saturating_sub(2 * self.report.rescans % self.cap.max(2));
        let cap = smaller.max(self.cap / 2).max(self.cap.min(MIN_PAGE));
        let mut reader = Reader::new(Goal::End, Edge::start(), cap);
        reader.request(Window::first(cap));
        reader.expected_end = self.report.total_last;
        reader.span = self.report.not_before.filter(|_| self.main.is_cut()).map(SpanEnd::new);
        self.phase = Phase::ReadingAgain(SecondRead::new(reader));
    }

    /// Moves on when nothing is in flight.
    pub(super) fn advance_second_read(&mut self) {
        let (rows, known) = (if self.report.is_cut { 0 } else { self.main.end }, self.report.known());
        let Phase::ReadingAgain(second) = &mut self.phase else { return };
        second.check_end(rows, known);
        let is_waiting = !second.is_done() && second.next_window(usize::MAX).is_some();
        let reason = second.failed.or(second.reader.cannot_overlap().then_some(Unreliable::PagesTooSmall));
        if let Some(reason) = reason {
            self.fall_back(reason);
        } else if second.is_done() {
            self.end_second_read();
        } else if let Some(window) = second.missing {
            self.report.not_rescanned.push(window.rows());
            self.read_pages();
        } else if !is_waiting && second.reader.is_limited() {
            self.report.not_rescanned.push(second.reader.give_up_at_limit());
            self.end_second_read();
        } else if !is_waiting {
            self.fall_back(Unreliable::NoProgress);
        }
    }

    /// Reads the list page by page; a second read that this ends is no read of its own.
    pub(super) fn read_pages(&mut self) {
        let (rescans, found) = (self.report.rescans, self.report.found_by_last_rescan);
        let was_reading_again = matches!(self.phase, Phase::ReadingAgain(_));
        self.vain_answers = 0;
        self.phase = Phase::Rescanning(Rescan::begin(&mut self.report, self.cap));
        if was_reading_again {
            (self.report.rescans, self.report.found_by_last_rescan) = (rescans, found);
        }
    }

    fn end_second_read(&mut self) {
        let Phase::ReadingAgain(second) = &self.phase else { return };
        let reader = &second.reader;
        if reader.rows() == 0 && !reader.is_cut() && self.report.known() > 0 {
            // Not one row in five answers: either all were deleted, or the service fails without saying so.
            self.report.not_rescanned.push(1..=self.main.end.max(1));
        }
        self.main.searches += reader.searches;
        self.report.searches = self.main.searches;
        self.report.short_pages += reader.odd_pages;
        self.report.announces_more |= reader.announces_more();
        self.report.is_cut |= reader.is_cut();
        let (has_found, is_restless) = (self.report.found_by_last_rescan > 0, reader.lost_edges > 0);
        self.restless_reads = if is_restless && !has_found { self.restless_reads + 1 } else { 0 };
        if self.report.order_unknown && (has_found || is_restless) {
            if self.restless_reads < MAX_RESTLESS_READS && self.report.rescans < MAX_SECOND_READS {
                self.begin_second_read();
                return;
            }
            self.report.unreliable = Some(Unreliable::TooRestless);
        }
        self.report.unread = self.report.unread.min(self.report.fewer_than_counted());
        self.phase = Phase::Finished;
    }
}

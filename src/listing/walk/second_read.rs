//! The second read of the whole list: with overlap like the first one, but on a line of its own, so that it proves its
//! boundaries without the help of the first.
//!
//! It finds what overlap cannot show: rows that moved up, into a part that had already been read. Read page by page, such a
//! row could be missed twice, because a deletion at the wrong moment moves it from one page to the one before it.

use super::edge::Edge;
use super::line::Line;
use super::reader::{Goal, Reader, ReaderStep};
use super::rescan::Rescan;
use super::{Answer, Phase, SpanEnd, Walk, Window};

/// Maximum number of second reads that find further rows.
const MAX_SECOND_READS: u32 = 10;
/// How often the end is read again if it comes before as many rows as the API counts.
const MAX_END_READS: u32 = 3;

/// A reader that follows the list from its start once more.
#[derive(Debug)]
pub(super) struct SecondRead {
    pub(super) reader: Reader,
    line: Line,
    /// Whether the list cannot be followed.
    pub(super) has_failed: bool,
    end_reads: u32,
}

impl SecondRead {
    /// The next window to request; `None` while that depends on requests in flight.
    pub(super) fn next_window(&self, read_ahead: usize) -> Option<Window> {
        let window = self.reader.next_window(read_ahead).map(|(window, _)| window);
        window.filter(|_| !self.has_failed)
    }

    /// Reads on if the API counts more rows than it has listed: an answer without rows may be a mistake of the service.
    fn check_end(&mut self) {
        let is_early = self.reader.edge.total.is_some_and(|total| total > self.reader.end);
        if self.reader.is_done() && !self.reader.is_cut() && is_early {
            self.end_reads += 1;
            self.has_failed |= self.end_reads > MAX_END_READS;
            self.reader.reopen();
        }
    }

    /// Processes an answer; returns how the reader continued.
    pub(super) fn take(&mut self, answer: Answer) -> Vec<ReaderStep> {
        self.reader.expected_end = answer.total.or(self.reader.expected_end);
        self.reader.take(answer, &mut self.line).unwrap_or_else(|_| {
            self.has_failed = true;
            Vec::new()
        })
    }
}

impl Walk {
    /// Starts another read of the whole list.
    pub(super) fn begin_second_read(&mut self) {
        self.report.rescans += 1;
        self.report.found_by_last_rescan = 0;
        // Windows of other sizes have other URLs, so that no cache holds the answers.
        let smaller = self.cap.saturating_sub(2 * self.report.rescans % self.cap.max(2));
        let cap = smaller.max(self.cap / 2).max(1);
        let mut reader = Reader::new(Goal::End, Edge::start(), cap);
        reader.request(Window::first(cap));
        reader.expected_end = self.report.total_last;
        reader.span = self.report.not_before.filter(|_| self.main.is_cut()).map(SpanEnd::new);
        self.phase = Phase::ReadingAgain(SecondRead { reader, line: Line::default(), has_failed: false, end_reads: 0 });
    }

    /// Moves on when nothing is in flight.
    pub(super) fn advance_second_read(&mut self) {
        let Phase::ReadingAgain(second) = &mut self.phase else { return };
        second.check_end();
        let is_done = second.reader.is_done() && !second.has_failed;
        if !is_done && (second.reader.cannot_overlap() || second.next_window(usize::MAX).is_none()) {
            // Pages can always be read, and those that fail are skipped.
            self.report.rescans -= 1;
            self.phase = Phase::Rescanning(Rescan::begin(&mut self.report, self.cap));
            return;
        }
        if !is_done {
            return;
        }
        self.report.short_pages += second.reader.odd_pages;
        self.report.is_cut |= second.reader.is_cut();
        let has_found = self.report.found_by_last_rescan > 0;
        if self.report.order_unknown && has_found && self.report.rescans < MAX_SECOND_READS {
            self.begin_second_read();
            return;
        }
        self.report.unread = self.report.unread.min(self.report.fewer_than_counted());
        self.phase = Phase::Finished;
    }
}

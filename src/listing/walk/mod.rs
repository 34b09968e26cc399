//! The walk through a list: decisions without I/O.
//!
//! The driver asks [`Walk::next_request`] what to fetch, passes every answer to [`Walk::take`] as it arrives, and every
//! answer's rows to [`Walk::deliver`] in list order. See `docs/completeness.md` for the idea and an example.
//!
//! ```text
//!  walk ─► reader    follows the list from an edge, window by window ─► edge, overlap
//!   │        └─► search     finds an edge that an answer did not hold
//!   ├────► line      the rows that are proven to follow each other
//!   ├────► probe     finds unread rows in the middle of the list
//!   ├────► second_read  the whole list once more, on a line of its own
//!   ├────► rescan    the whole list page by page, where its order cannot be relied on
//!   └────► report    what was seen, and the verdict with its evidence
//! ```
//!
//! The phases are: *reading* up to the end; *closing*, which reads the start and the end of the list again, because rows
//! that change move there in most orders; *probing* the middle if the list still holds more rows than were read. The
//! state of a walk follows from its answers and their order alone. The journal stores both, so that a run can resume.

mod answer;
mod delivery;
mod edge;
mod failures;
mod fingerprint;
mod line;
mod moves;
mod order;
mod overlap;
mod page_plan;
mod probe;
mod reader;
mod report;
mod rescan;
mod rounds;
mod search;
mod second_read;
mod seen;
mod span;
#[cfg(test)]
mod tests;
mod unreliable;

use std::collections::{BTreeMap, BTreeSet};

use answer::Answer;
use edge::Edge;
use line::Line;
use moves::Moves;
use reader::{FreshItems, Goal, Reader, ReaderStep};
use report::Manner;
use rescan::Rescan;
use rounds::{Closing, Phase};
use seen::SeenIds;
use span::SpanEnd;

use super::{Consistency, PageFacts, Purpose, Request, Window};
use crate::base::noun::RowNoun;
use crate::verdict::{Evidence, Verdict};

pub use report::WalkReport;
pub use unreliable::Unreliable;

/// Maximum number of ids for which memory is allocated up front, by the count of the first page. Beyond it, the set grows
/// as needed.
const MAX_RESERVED_IDS: u64 = 4_000_000;
/// How long after an answer a change that it shows may be dated, in microseconds: clocks differ.
const CLOCK_SLACK: i64 = 5_000_000;
/// How long before the run a change that happened during it may be dated, in microseconds: clocks differ.
const DATE_SLACK: i64 = 300_000_000;
/// Consecutive answers that may hold nothing new, in addition to as many as it takes to read the list three times.
const MAX_VAIN_ANSWERS: u64 = 100;

/// Requests that it takes to read a list of `rows` while it does not change: its pages, a seventh more for the overlap, two
/// to read the end and the start again, and all but those two once more in the strict mode. Accurate to about 2%.
pub fn expected_requests(rows: u64, page_size: u32, consistency: Consistency) -> u64 {
    let pages = rows.div_ceil(u64::from(page_size.max(1))).max(1);
    let with_overlap = pages + pages.div_ceil(7) + 2;
    match consistency {
        _ if pages == 1 => pages,
        Consistency::Plain => pages,
        Consistency::Auto => with_overlap,
        Consistency::Strict => 2 * with_overlap - 2,
    }
}

/// The state of one walk.
#[derive(Debug)]
pub struct Walk {
    consistency: Consistency,
    cap: u32,
    line: Line,
    main: Reader,
    phase: Phase,
    seen: SeenIds,
    report: WalkReport,
    /// Requests in flight.
    in_flight: u64,
    /// Answers taken whose rows are not delivered yet.
    undelivered: u64,
    /// Offset in the list up to which windows were delivered in order.
    delivered_to: u64,
    /// First new items of answers, as determined by the reader, by offset and size of their windows.
    fresh_items: BTreeMap<(u64, u32), FreshItems>,
    /// Offsets and sizes of windows whose answers no reader placed in the list.
    unplaced: BTreeSet<(u64, u32)>,
    /// Offset in the list up to which windows were delivered that no reader needed: their rows may be repeated.
    unplaced_to: u64,
    /// Whether reading continues after a window that failed, which is then requested once more at the end.
    skips_failed: bool,
    /// Windows whose last request failed.
    failed_once: BTreeSet<Window>,
    vain_answers: u64,
    /// Consecutive second reads that found nothing new, but could not follow every boundary.
    restless_reads: u32,
    odd_sizes: u32,
    /// When the walk began, in microseconds of the server's clock.
    began_at: Option<i64>,
    /// When the last answer was sent that did not read the start or the end again.
    read_at: Option<i64>,
    moves: Moves,
    is_single_answer: bool,
    /// Items of the first answer.
    first_items: u64,
    /// Whether the answer that holds the end of the list was requested after all others had arrived.
    end_is_fresh: bool,
    /// By how many rows the answer that held the start last counted more than were read by then.
    missed_at_start: u64,
}

impl Walk {
    /// A walk with pages of `page_size`.
    pub fn new(page_size: u32, consistency: Consistency) -> Self {
        let cap = page_size.max(1);
        let mut report = WalkReport::default();
        let phase = match consistency {
            Consistency::Plain => {
                let plain = Rescan::begin(&mut report, cap);
                report.rescans = 0;
                Phase::Rescanning(plain)
            }
            Consistency::Auto | Consistency::Strict => Phase::Reading { gap: None },
        };
        Self {
            consistency,
            cap,
            line: Line::default(),
            main: Reader::new(Goal::End, Edge::start(), cap).keeping_rows(),
            phase,
            seen: SeenIds::with_capacity(0),
            report,
            in_flight: 0,
            undelivered: 0,
            delivered_to: 0,
            fresh_items: BTreeMap::new(),
            unplaced: BTreeSet::new(),
            unplaced_to: 0,
            skips_failed: true,
            failed_once: BTreeSet::new(),
            vain_answers: 0,
            restless_reads: 0,
            odd_sizes: 0,
            began_at: None,
            read_at: None,
            moves: Moves::default(),
            is_single_answer: false,
            first_items: 0,
            end_is_fresh: false,
            missed_at_start: 0,
        }
    }

    /// Limits the walk to rows that were created at `not_before` (microseconds UTC) or later, and rows without a creation
    /// time. `None` means all rows.
    #[must_use]
    pub fn with_span(mut self, not_before: Option<i64>) -> Self {
        self.main.span = not_before.map(SpanEnd::new);
        self.report.not_before = not_before;
        self
    }

    /// Requests a window that failed once more before any rows after it are delivered, because only the first rows of the
    /// list are wanted.
    #[must_use]
    pub fn without_skipping(mut self) -> Self {
        self.skips_failed = false;
        self
    }

    /// The finished walk over a list for which the service answers "not found".
    pub fn empty(consistency: Consistency) -> Self {
        let mut walk = Self::new(1, consistency);
        walk.phase = Phase::Finished;
        walk.is_single_answer = true;
        walk.report.note_total(Some(0));
        walk
    }

    /// The first request.
    pub fn first_request(&self) -> Request {
        let purpose = if self.consistency == Consistency::Plain { Purpose::Rescan } else { Purpose::Read };
        Request { window: Window::first(self.cap), purpose }
    }

    /// Expected number of answers for the list, without those caused by changes.
    pub fn planned_pages(&self) -> Option<u64> {
        let total = self.report.total_last.filter(|_| self.report.pages > 0)?;
        let total = self.main.planned_end().map_or(total, |end| end.min(total));
        Some(expected_requests(total, self.cap, self.consistency).max(self.report.pages))
    }

    /// What the walk has seen so far.
    pub fn report(&self) -> &WalkReport {
        &self.report
    }

    /// Whether nothing is left to request.
    pub fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Finished)
    }

    /// Whether the walk is looking for rows that moved.
    pub fn is_healing(&self) -> bool {
        match &self.phase {
            Phase::Reading { gap } => gap.is_some() || self.report.searches > 0,
            Phase::Closing(_) | Phase::Probing(_) => self.report.changes > 0,
            Phase::Rescanning(_) => self.report.unreliable.is_some(),
            Phase::ReadingAgain(_) | Phase::Finished => false,
        }
    }

    /// The next request, or `None` while that depends on requests in flight. This call changes nothing:
    /// [`note_sent`](Self::note_sent) records that the request was sent. No more than `read_ahead` windows are read ahead
    /// of those that are proven.
    pub fn next_request(&self, read_ahead: usize) -> Option<Request> {
        let of_main = |read_ahead| {
            let (window, is_search) = self.main.next_window(read_ahead)?;
            Some(Request { window, purpose: if is_search { Purpose::Search } else { Purpose::Read } })
        };
        let of =
            |reader: &Reader, purpose| reader.next_window(read_ahead).map(|(window, _)| Request { window, purpose });
        match &self.phase {
            Phase::Reading { gap } => {
                of_main(read_ahead).or_else(|| gap.as_ref().and_then(|gap| of(&gap.reader, Purpose::Gap)))
            }
            // The end is read one window at a time, as its last answer must be requested after all others have arrived. The
            // start is read after it: a row that moves from the end to the start in the meantime is then found at the start.
            Phase::Closing(closing) => of_main(if self.main.is_near_end() { 1 } else { read_ahead }).or_else(|| {
                let head = closing.head.as_ref().filter(|_| self.main.is_done())?;
                of(head, Purpose::Head)
            }),
            Phase::Probing(probe) => {
                probe.next_window(self.cap).map(|window| Request { window, purpose: Purpose::Probe })
            }
            Phase::ReadingAgain(second) => {
                let window = second.next_window(read_ahead)?;
                Some(Request { window, purpose: Purpose::Rescan })
            }
            Phase::Rescanning(rescan) => {
                let window = rescan.next_window(read_ahead)?;
                Some(Request { window, purpose: Purpose::Rescan })
            }
            Phase::Finished => None,
        }
    }

    /// Records that a request is in flight: the next one, or one that an earlier run has sent.
    pub fn note_sent(&mut self, request: &Request) {
        self.in_flight += 1;
        self.moves.note_in_flight(self.in_flight);
        let window = request.window;
        let is_start = window.page == 1 && self.consistency != Consistency::Plain;
        if request.purpose == Purpose::Rescan && is_start && self.is_finished() {
            // The earlier run read the list again, although its answers alone do not show why.
            self.report.order_unknown = true;
            self.begin_second_read();
        }
        match (request.purpose, &mut self.phase) {
            (Purpose::Read, _) => self.main.note_sent(window, false),
            (Purpose::Search, _) => self.main.note_sent(window, true),
            // Windows of their searches have the same purpose.
            (Purpose::Head, Phase::Closing(Closing { head: Some(head), .. })) => head.note_sent(window, true),
            (Purpose::Gap, Phase::Reading { gap: Some(gap) }) => gap.reader.note_sent(window, true),
            (Purpose::Probe, Phase::Probing(probe)) => probe.note_sent(),
            (Purpose::Rescan, Phase::ReadingAgain(second)) => second.reader.note_sent(window, true),
            (Purpose::Rescan, Phase::Rescanning(rescan)) => rescan.note_sent(window),
            _ => {}
        }
    }

    /// Processes an answer as it arrives. Its rows are [delivered](Self::deliver) later, when it is due. `is_alone` tells
    /// whether it was requested after all other answers had arrived.
    pub fn take(&mut self, request: &Request, facts: &PageFacts<'_>, is_alone: bool) {
        if self.report.pages == 0 {
            self.begin(facts);
        }
        self.in_flight = self.in_flight.saturating_sub(1);
        self.failed_once.remove(&request.window);
        self.undelivered += 1;
        self.report.pages += 1;
        self.report.note_total(facts.paging.total_count);
        if let Some(id) = facts.request_id {
            self.report.request_ids[usize::from(self.report.pages > 1)] = Some(id.to_owned());
        }
        self.main.expected_end = facts.paging.total_count.or(self.main.expected_end);
        self.note_size(facts);
        if matches!(self.phase, Phase::Reading { .. }) {
            self.read_at = facts.answered_at.or(self.read_at);
        }
        let answer = Answer::new(facts);
        let was_done = self.main.is_done();
        let taken = match (request.purpose, &mut self.phase) {
            (Purpose::Read | Purpose::Search, Phase::Reading { .. } | Phase::Closing(_)) => {
                if let Some(refused) = self.main.lift_limit(&answer) {
                    self.delivered_to = self.delivered_to.max(refused.end());
                }
                self.main.take(answer, &mut self.line)
            }
            (Purpose::Head, Phase::Closing(Closing { head: Some(head), is_head_fresh, .. })) => {
                let is_first = !head.is_done() && head.edge.is_start();
                let taken = head.take(answer, &mut self.line);
                // An answer may connect others that arrived before it, and those are of other moments.
                let is_alone = taken.as_ref().is_ok_and(|steps| steps.len() == 1);
                // One without rows may be a mistake of the service.
                let has_rows = !facts.items.is_empty() || self.report.known() == 0;
                *is_head_fresh |= is_first && is_alone && has_rows && head.is_done();
                taken
            }
            (Purpose::Gap, Phase::Reading { gap: Some(gap) }) => gap.reader.take(answer, &mut self.line),
            (Purpose::Probe, Phase::Probing(probe)) => {
                probe.take(Some(&answer), &mut self.line);
                Ok(Vec::new())
            }
            (Purpose::Rescan, Phase::ReadingAgain(second)) => {
                self.report.pages_rescanned += 1;
                Ok(second.take(answer))
            }
            (Purpose::Rescan, Phase::Rescanning(rescan)) => {
                rescan.take(facts, &mut self.report);
                Ok(Vec::new())
            }
            _ => {
                self.unplaced.insert((request.window.offset(), request.window.size));
                Ok(Vec::new())
            }
        };
        self.note_placed();
        self.cap = self.cap.min(self.main.cap());
        self.report.is_cut |= self.main.is_cut() && self.report.unreliable.is_none();
        self.report.is_unsorted = self.main.span.as_ref().is_some_and(|span| !span.is_sorted());
        match taken {
            Ok(steps) => {
                let last = steps.last().map(|step| step.window);
                for step in steps {
                    self.note_step(step);
                }
                if !was_done && self.main.is_done() {
                    // An answer may connect others that arrived before it, and the last of them may hold the end as it was.
                    // If anything shows that the list changes, a replica that lags behind may have sent this one.
                    let is_still = !self.report.has_changed() || matches!(self.phase, Phase::Closing(_));
                    self.end_is_fresh = is_alone && is_still && last == Some(request.window);
                }
            }
            Err(reason) => self.fall_back(reason),
        }
    }

    fn begin(&mut self, facts: &PageFacts<'_>) {
        if facts.window.page == 1 {
            self.cap = facts.honored_size().max(1);
        }
        self.main.set_cap(self.cap);
        if let Phase::Rescanning(rescan) = &mut self.phase {
            rescan.set_page_size(self.cap);
        }
        let total = facts.paging.total_count.unwrap_or_default().min(MAX_RESERVED_IDS);
        self.seen.reserve(usize::try_from(total).unwrap_or(0));
        self.began_at = facts.answered_at;
        self.first_items = facts.items.len() as u64;
    }

    /// A server that answers with other window sizes than requested cannot be read with overlap.
    fn note_size(&mut self, facts: &PageFacts<'_>) {
        const MAX_ODD_SIZES: u32 = 3;
        let is_odd = facts.place_of_answer().0 != facts.window.offset() && facts.window.page > 1;
        self.odd_sizes += u32::from(is_odd);
        let reads = matches!(self.phase, Phase::Reading { .. } | Phase::Closing(_));
        if is_odd && self.odd_sizes >= MAX_ODD_SIZES && reads {
            // Pages of the size that it now honors leave no rows out.
            self.cap = facts.place_of_answer().1.clamp(1, self.cap);
            self.fall_back(Unreliable::SizesNotHonored);
        }
    }

    /// Notes in which order the list is, by the rows that were read for the first time.
    pub(super) fn note_placed(&mut self) {
        let gap =
            if let Phase::Reading { gap: Some(gap) } = &mut self.phase { gap.reader.take_placed() } else { Vec::new() };
        for key in self.main.take_placed().iter().chain(&gap) {
            self.moves.note_row(key);
        }
    }

    fn note_step(&mut self, step: ReaderStep) {
        if let Some(shift) = step.shift {
            self.report.changes += u64::from(shift != 0);
            self.report.boundaries += 1;
        }
        if let Phase::ReadingAgain(_) = self.phase {
            return;
        }
        if let Some(shift) = step.shift {
            if matches!(self.phase, Phase::Reading { gap: None }) {
                self.moves.note_boundary(shift);
            }
            self.moves.note_skipped(step.skipped);
        }
        if let Some(fresh) = step.fresh {
            self.fresh_items.insert((step.window.offset(), step.window.size), fresh);
        }
    }

    /// The verdict on completeness, with its evidence.
    ///
    /// # Panics
    /// If the walk is neither finished nor stopped at a limit, because there is no verdict before that.
    pub fn verdict(&self, noun: RowNoun) -> (Verdict, Vec<Evidence>) {
        assert!(self.is_finished() || self.report.limit_reached.is_some(), "the verdict needs a finished walk");
        let manner = match self.consistency {
            _ if self.is_single_answer => Manner::OneAnswer,
            Consistency::Plain => Manner::Plain,
            Consistency::Auto | Consistency::Strict => Manner::Overlap,
        };
        self.report.verdict(manner, noun)
    }
}

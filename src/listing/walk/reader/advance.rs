//! How a reader advances: an answer continues the edge, and may meet rows that were read before.

use super::{Anchor, Answer, FreshItems, Goal, Line, Lookup, MIN_CAP, Reader, ReaderStep, Resume, RowKey};

impl Reader {
    /// Continues the edge with an answer that holds it.
    pub(super) fn continue_with(&mut self, answer: &Answer, anchor: Anchor, line: &mut Line) -> ReaderStep {
        let is_start = self.edge.is_start();
        let shift = (!is_start).then(|| self.edge.shift(answer, anchor));
        let is_new_ground = self.edge.rank >= self.furthest && self.resume.is_none() && self.restarts == 0;
        let fresh = is_new_ground.then(|| FreshItems {
            from: self.edge.fresh_from(anchor),
            unread_from: self.edge.unread_from(answer, anchor),
        });
        if self.resume.is_none() && self.search.is_none() {
            self.overlap.note(shift.unwrap_or_default().unsigned_abs());
        }
        self.search = None;
        self.found.clear();
        if !self.meets(answer, anchor.start, line) {
            self.adopt(answer, anchor, line);
            if is_start && self.restarts == 0 {
                self.note_first(answer);
            }
        }
        ReaderStep { window: answer.window, shift, skipped: anchor.skipped, fresh }
    }

    /// Moves the edge to the last row of an answer, from the anchor on.
    pub(super) fn adopt(&mut self, answer: &Answer, anchor: Anchor, line: &mut Line) {
        let items = &answer.rows[anchor.start..];
        let rows = items.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        if answer.is_short {
            self.end = answer.end();
        }
        if let Some(size) = self.short_first.take().filter(|&size| size >= MIN_CAP && !items.is_empty()) {
            // The server sends smaller pages than requested, and does not say so.
            (self.cap, self.was_cut) = (size.min(self.cap), false);
        }
        self.odd_pages += u64::from(self.was_cut && !items.is_empty());
        self.was_cut = answer.is_short && answer.claims_more;
        self.stalls = if items.is_empty() { self.stalls + 1 } else { 0 };
        self.opaque = if rows == 0 && !items.is_empty() && !answer.is_short { self.opaque + 1 } else { 0 };
        self.is_done = answer.is_last()
            || (answer.may_be_last && self.stalls > 0)
            || (answer.is_short && answer.claims_more && self.stalls > 1);
        if !items.is_empty() && !self.is_done {
            self.rereads = 0;
        }
        self.note_placed(&answer.keys[anchor.start..]);
        let mut edge = self.edge.moved_after(answer, anchor);
        edge.position = line.insert(self.edge.position, self.edge.rank, &items[..rows]);
        edge.rank = self.edge.rank + rows as u64;
        self.furthest = self.furthest.max(edge.rank);
        self.furthest_position = self.furthest_position.max(edge.position);
        self.edge = edge;
        self.note_span(answer, anchor);
        self.forget_before();
    }

    /// Notes rows after the edge, unless they were read before.
    fn note_placed(&mut self, keys: &[Option<RowKey>]) {
        let is_new_ground = self.edge.rank >= self.furthest && self.resume.is_none();
        if let Some(placed) = self.placed.as_mut().filter(|_| is_new_ground) {
            placed.extend(keys.iter().flatten());
        }
    }

    /// Notes whether the first answer is shorter than a page and nothing shows why.
    fn note_first(&mut self, answer: &Answer) {
        let counts_more = answer.total.is_some_and(|total| total > answer.end());
        let is_unexplained = answer.is_short && !answer.is_last() && !counts_more;
        self.short_first = u32::try_from(answer.rows.len()).ok().filter(|&rows| is_unexplained && rows > 0);
    }

    /// Whether the rows of an answer meet the line at a row after which everything was read already. If so, the reader is
    /// done, or continues at the edge that it left.
    pub(super) fn meets(&mut self, answer: &Answer, start: usize, line: &mut Line) -> bool {
        let from = match (&self.resume, self.goal) {
            (Some(resume), _) => resume.from,
            // Rows before this position may be read again, and are on the line, too.
            (None, Goal::Line { .. }) => self.furthest_position,
            (None, Goal::End) => return false,
        };
        let Lookup::Found(found) = line.locate(&answer.rows[start..]) else { return false };
        let Some(found) = found.after(from) else { return false };
        let (last, position) = found.last();
        let end = start + found.first().0;
        self.note_placed(&answer.keys[start..end]);
        line.insert(self.edge.position, self.edge.rank, &answer.rows[start..end]);
        let Some(Resume { mut edge, .. }) = self.resume.take() else {
            self.odd_pages += u64::from(answer.is_short && answer.claims_more && line.continues_after(position));
            self.vanished = self.vanished.map(|_| line.rank(found.first().1));
            self.is_done = true;
            return true;
        };
        let between = edge.rank.saturating_sub(line.rank(position) + 1);
        edge.offset = answer.offset + (start + last) as u64 + 1 + between;
        edge.total = answer.total;
        self.edge = edge;
        self.jumps += 1;
        self.forget_before();
        true
    }
}

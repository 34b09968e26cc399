//! How a reader stops after the requested span.

use super::{Anchor, Answer, Reader};

impl Reader {
    /// Whether it stopped after the requested span.
    pub(in crate::listing::walk) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// How far the list is expected to be read.
    pub(in crate::listing::walk) fn planned_end(&self) -> Option<u64> {
        let span = self.span.as_ref().and_then(|span| span.expected_end(self.edge.offset));
        match (self.expected_end, span) {
            (Some(list), Some(span)) => Some(list.min(span)),
            (list, span) => list.or(span),
        }
    }

    /// Stops once the requested span is proven to have ended. Known rows that are read again are ignored.
    pub(super) fn note_span(&mut self, answer: &Answer, anchor: Anchor) {
        let Some(span) = self.span.as_mut().filter(|_| self.resume.is_none()) else { return };
        span.note(answer.keys[anchor.start..].iter().map(|key| key.as_ref()?.created_at));
        if !self.is_done && span.is_proven(self.cap) {
            (self.is_cut, self.is_done) = (true, true);
        }
    }
}

//! Which window a reader requests next.

use super::{Reader, Slot, key};
use crate::listing::Window;

impl Reader {
    /// Whether any window is in flight.
    pub(in crate::listing::walk) fn has_in_flight(&self) -> bool {
        self.slots.values().any(|slot| matches!(slot, Slot::InFlight))
            || self.search.as_ref().is_some_and(|search| search.is_out)
    }

    /// Whether a window that begins before another one is in flight.
    pub(in crate::listing::walk) fn has_out_before(&self, window: Window) -> bool {
        self.slots.range(..key(window)).any(|(_, slot)| matches!(slot, Slot::InFlight))
    }

    /// Whether a window is in flight as a search.
    pub(in crate::listing::walk) fn is_search_out(&self, window: Window) -> bool {
        self.search.as_ref().is_some_and(|search| search.is_out && search.window() == window)
    }

    /// The next window to request, and whether it is a search; `None` while that depends on requests in flight.
    pub(in crate::listing::walk) fn next_window(&self, read_ahead: usize) -> Option<(Window, bool)> {
        if self.is_done {
            return None;
        }
        if let Some(window) = self.wanted {
            return Some((window, false));
        }
        if let Some(search) = &self.search {
            if !search.is_out {
                return Some((search.window(), true)).filter(|(window, _)| self.allows(*window));
            }
            if search.distance() >= u64::from(self.cap) / 2 || search.is_at_start() {
                return None;
            }
        }
        let mut cover = self.edge.offset;
        for (&(offset, size), slot) in &self.slots {
            let end = offset + u64::from(size);
            let passes = matches!(slot, Slot::SetAside) && offset <= cover;
            if offset < cover || offset == 0 || passes {
                cover = cover.max(end);
            } else {
                break;
            }
        }
        // Gaps left by an interrupted run are filled regardless of how many answers wait after them.
        let is_hole = self.slots.last_key_value().is_some_and(|(&(offset, _), _)| offset >= cover && cover > 0);
        if self.slots.len() >= read_ahead.max(1) && !is_hole && self.has_in_flight() {
            return None;
        }
        let is_beyond = self.planned_end().is_none_or(|end| cover >= end) && cover > 0;
        if is_beyond && self.has_in_flight() {
            return None;
        }
        if is_beyond && self.slots.values().any(|slot| matches!(slot, Slot::SetAside)) {
            return None;
        }
        // If no page is longer than the first one, only windows of that size reach past it.
        let window = self
            .short_first
            .and_then(|cap| Window::overlapping(cover, 1, cap))
            .or_else(|| Window::overlapping(cover, self.overlap.rows(self.cap), self.cap))
            .or_else(|| Window::overlapping(cover, 1, self.cap))?;
        let window = if self.allows(window) { window } else { self.last_allowed(cover)? };
        (self.allows(window) && !self.slots.contains_key(&key(window))).then_some((window, false))
    }

    /// Whether one more window is expected to reach the end of the list.
    pub(in crate::listing::walk) fn is_near_end(&self) -> bool {
        self.planned_end().is_none_or(|end| end <= self.edge.offset + u64::from(self.cap))
    }

    /// A window with rows after `cover` that begins before the refused one, which may begin after the end of the list.
    fn last_allowed(&self, cover: u64) -> Option<Window> {
        let last = self.limit?.offset().min(cover).checked_sub(1)?;
        let sizes = (self.cap / 2).max(1)..=self.cap;
        let windows = sizes.map(|size| Window { page: last / u64::from(size) + 1, size });
        windows.max_by_key(|window| window.end()).filter(|window| window.end() > cover)
    }

    pub(super) fn allows(&self, window: Window) -> bool {
        self.limit.is_none_or(|limit| window.offset() < limit.offset())
    }

    /// Whether pages are too small to overlap at the edge.
    pub(in crate::listing::walk) fn cannot_overlap(&self) -> bool {
        !self.is_done && self.edge.offset > 0 && !Window::can_overlap(self.edge.offset, self.cap)
    }

    /// Records that a window is requested, as a search or not.
    pub(in crate::listing::walk) fn note_sent(&mut self, window: Window, is_search: bool) {
        match &mut self.search {
            Some(search) if is_search && self.wanted != Some(window) && search.expects(window) => search.is_out = true,
            _ => {
                self.wanted = self.wanted.filter(|&wanted| wanted != window);
                self.slots.insert(key(window), Slot::InFlight);
            }
        }
    }
}

//! By how many rows the next window should overlap: learned from how far recent boundaries moved.

use std::collections::VecDeque;

/// Number of recent boundaries that are remembered.
const REMEMBERED: usize = 20;

/// How far the list moved at recent boundaries.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    moved: VecDeque<u64>,
}

impl Overlap {
    /// Records by how many rows the list moved at a boundary.
    pub(super) fn note(&mut self, rows: u64) {
        if self.moved.len() == REMEMBERED {
            self.moved.pop_front();
        }
        self.moved.push_back(rows);
    }

    /// Rows by which the next window should overlap: one while nothing moves, a quarter more than what moved otherwise,
    /// and never more than a third of a window.
    pub(super) fn rows(&self, cap: u32) -> u64 {
        let most = self.moved.iter().copied().max().unwrap_or(0);
        (1 + most + most.div_ceil(4)).min((u64::from(cap) / 3).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_list_needs_one_row_and_a_moving_one_more() {
        let mut overlap = Overlap::default();
        assert_eq!(overlap.rows(100), 1);
        overlap.note(8);
        assert_eq!(overlap.rows(100), 11);
        overlap.note(5_000);
        assert_eq!(overlap.rows(100), 33);
        (0..REMEMBERED).for_each(|_| overlap.note(0));
        assert_eq!(overlap.rows(100), 1);
    }
}

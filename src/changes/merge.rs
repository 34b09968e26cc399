//! Merges sorted runs into one sequence in which every id occurs once.

use super::chunk::{RowRef, compare_rows};
use super::error::ChangesError;
use super::run::{Cursor, SortedRun};

/// Merges sorted runs. Of rows with the same id, only the first in order is returned.
pub(super) struct Merge {
    /// A binary heap: the cursor with the first row is at the top.
    cursors: Vec<Cursor>,
    last: Option<RowRef>,
    repeated: u64,
}

impl Merge {
    /// Opens all runs.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(super) fn open(runs: &[SortedRun]) -> Result<Self, ChangesError> {
        let opened: Result<Vec<_>, _> = runs.iter().map(Cursor::open).collect();
        let mut merge = Self { cursors: opened?.into_iter().flatten().collect(), last: None, repeated: 0 };
        for at in (0..merge.cursors.len() / 2).rev() {
            merge.sift_down(at);
        }
        Ok(merge)
    }

    /// The next row.
    ///
    /// # Errors
    /// When a run cannot be read.
    pub(super) fn next(&mut self) -> Result<Option<RowRef>, ChangesError> {
        loop {
            let Some(first) = self.cursors.first_mut() else { return Ok(None) };
            let row = first.row().clone();
            if !first.advance()? {
                self.cursors.swap_remove(0);
            }
            self.sift_down(0);
            if self.last.as_ref().is_some_and(|last| last.key() == row.key()) {
                self.repeated += 1;
                continue;
            }
            self.last = Some(row.clone());
            return Ok(Some(row));
        }
    }

    /// Rows so far that had the id of an earlier row.
    pub(super) fn repeated(&self) -> u64 {
        self.repeated
    }

    fn sift_down(&mut self, mut at: usize) {
        loop {
            let children = 2 * at + 1..(2 * at + 3).min(self.cursors.len());
            let Some(least) = children.reduce(|one, other| if self.is_before(other, one) { other } else { one }) else {
                return;
            };
            if !self.is_before(least, at) {
                return;
            }
            self.cursors.swap(at, least);
            at = least;
        }
    }

    fn is_before(&self, one: usize, other: usize) -> bool {
        let [one, other] = [one, other].map(|at| &self.cursors[at]);
        let by_prefix = one.prefix().cmp(&other.prefix());
        by_prefix.then_with(|| compare_rows(one.row().keyed(), other.row().keyed())).is_lt()
    }
}

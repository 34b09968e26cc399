//! Progress over several profiles, which are read one after another.

use crate::listing::ReadProgress;

/// Progress over all profiles; the total number of rows is only known with the last one.
#[derive(Debug, Default)]
pub(super) struct SumOfProgress {
    before: ReadProgress,
    of_profile: ReadProgress,
}

impl SumOfProgress {
    /// The sum with the progress of the current profile.
    pub(super) fn with(&mut self, of_profile: ReadProgress, is_last: bool) -> ReadProgress {
        self.of_profile = of_profile;
        let before = self.before;
        ReadProgress {
            pages: before.pages + of_profile.pages,
            planned_pages: of_profile.planned_pages.filter(|_| is_last).map(|pages| before.pages + pages),
            rows: before.rows + of_profile.rows,
            total: of_profile.total.filter(|_| is_last).map(|total| before.rows + total),
            is_healing: of_profile.is_healing,
        }
    }

    /// Ends a profile that was read or cannot be read.
    pub(super) fn end_profile(&mut self) {
        let ReadProgress { pages, rows, .. } = std::mem::take(&mut self.of_profile);
        self.before.pages += pages;
        self.before.rows += rows;
    }
}

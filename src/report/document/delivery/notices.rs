//! What is to be told before the numbers of a [`DeliverySummary`].

use super::super::notice::Notice;
use super::summary::DeliverySummary;
use crate::verdict::Verdict;

impl DeliverySummary {
    /// Everything that a reader must know before the numbers.
    pub fn all_notices(&self) -> Vec<Notice> {
        let derived = self.origin.derived_notices(Self::NOUN, self.messages, &self.rejected, &self.quality.missing);
        let own = [self.repeated(), self.undocumented()].into_iter().flatten();
        derived.chain(own).chain(self.origin.notices.iter().cloned()).collect()
    }

    /// The verdict of the run, or the worst one of the exports that the files come from; `None` if any is unknown.
    pub fn verdict(&self) -> Option<Verdict> {
        self.origin.verdict()
    }

    fn undocumented(&self) -> Option<Notice> {
        Notice::undocumented_statuses(self.quality.undocumented_statuses)
    }

    fn repeated(&self) -> Option<Notice> {
        Notice::repeated_rows(self.quality.repeated_ids, self.quality.repeated_ids_approximate, Self::NOUN)
    }
}

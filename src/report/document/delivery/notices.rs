//! What is to be told before the numbers of a [`DeliverySummary`].

use super::super::notice::Notice;
use super::summary::DeliverySummary;
use crate::verdict::Verdict;

impl DeliverySummary {
    /// Everything to be told before the numbers.
    pub fn all_notices(&self) -> Vec<Notice> {
        let found =
            [self.unverified(), self.items_left_out(), self.unreadable_columns(), self.repeated(), self.undocumented()];
        found.into_iter().flatten().chain(self.notices.iter().cloned()).collect()
    }

    /// The worst verdict of the run, or of the exports that the files come from; nothing when not all of them tell.
    pub fn verdict(&self) -> Option<Verdict> {
        self.run.as_ref().map_or_else(|| super::super::input::verdict(&self.inputs), |run| Some(run.verdict))
    }

    fn unverified(&self) -> Option<Notice> {
        if self.run.as_ref().is_some_and(|run| run.verdict == Verdict::Unverified) {
            return Some(Notice::unverified_run(Self::NOUN));
        }
        Notice::unverified_files(&self.inputs, Self::NOUN)
    }

    fn items_left_out(&self) -> Option<Notice> {
        let of_exports = super::super::input::items_rejected(&self.inputs);
        Notice::items_left_out(of_exports + self.rejected.values().sum::<u64>(), Self::NOUN)
    }

    fn unreadable_columns(&self) -> Option<Notice> {
        let is_null = |&(column, values): &(&str, u64)| {
            values > 0 && self.messages > 0 && self.quality.missing.get(column) == Some(&self.messages)
        };
        let columns = self.malformed_fields.iter().map(|(column, &values)| (column.as_str(), values));
        Notice::unreadable_columns(&columns.filter(is_null).collect::<Vec<_>>())
    }

    fn undocumented(&self) -> Option<Notice> {
        Notice::undocumented_statuses(self.quality.undocumented_statuses)
    }

    fn repeated(&self) -> Option<Notice> {
        Notice::repeated_rows(self.quality.repeated_ids, self.quality.repeated_ids_approximate, Self::NOUN)
    }
}

//! What is to be told before the numbers of a [`Summary`].

use super::super::notice::Notice;
use super::summary::{CONTACT, Summary};
use crate::verdict::Verdict;

impl Summary {
    /// Everything to be told before the numbers.
    pub fn all_notices(&self) -> Vec<Notice> {
        let found = [self.unverified(), self.items_left_out(), self.unreadable_columns()];
        found.into_iter().flatten().chain(self.notices.iter().cloned()).collect()
    }

    /// The worst verdict of the run, or of the exports that the files come from; nothing when not all of them tell.
    pub fn verdict(&self) -> Option<Verdict> {
        self.run.as_ref().map_or_else(|| super::super::input::verdict(&self.inputs), |run| Some(run.verdict))
    }

    fn unverified(&self) -> Option<Notice> {
        if self.run.as_ref().is_some_and(|run| run.verdict == Verdict::Unverified) {
            return Some(Notice::unverified_run(CONTACT));
        }
        Notice::unverified_files(&self.inputs, CONTACT)
    }

    fn items_left_out(&self) -> Option<Notice> {
        let of_exports = super::super::input::items_rejected(&self.inputs);
        Notice::items_left_out(of_exports + self.rejected.values().sum::<u64>(), CONTACT)
    }

    fn unreadable_columns(&self) -> Option<Notice> {
        let is_null = |&(column, values): &(&str, u64)| {
            values > 0 && self.contacts > 0 && self.quality.missing.get(column) == Some(&self.contacts)
        };
        let columns = self.malformed_fields.iter().map(|(column, &values)| (column.as_str(), values));
        Notice::unreadable_columns(&columns.filter(is_null).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_unreadable_when_it_has_values_and_none_of_them_could_be_read() {
        let mut summary = Summary { contacts: 3, ..Summary::default() };
        summary.malformed_fields = [("created_at".to_owned(), 2), ("updated_at".to_owned(), 1)].into();
        summary.quality.missing = [("created_at".to_owned(), 3), ("updated_at".to_owned(), 2)].into();
        summary.rejected = [("missing_id".to_owned(), 1)].into();
        let notices = summary.all_notices();
        let texts: Vec<&str> = notices.iter().map(|notice| notice.text.as_str()).collect();
        let left_out = "1 item was left out because it is not a contact.";
        assert_eq!(
            texts,
            [left_out, "No value of created_at could be read: 2 values have an undocumented type or form."]
        );
    }
}

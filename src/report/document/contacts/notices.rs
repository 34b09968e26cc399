//! What is to be told before the numbers of a [`Summary`].

use super::super::notice::Notice;
use super::summary::{CONTACT, Summary};
use crate::verdict::Verdict;

impl Summary {
    /// Everything that a reader must know before the numbers.
    pub fn all_notices(&self) -> Vec<Notice> {
        let derived = self.origin.derived_notices(CONTACT, self.contacts, &self.rejected, &self.quality.missing);
        derived.chain(self.origin.notices.iter().cloned()).collect()
    }

    /// The verdict of the run, or the worst one of the exports that the files come from; `None` if any is unknown.
    pub fn verdict(&self) -> Option<Verdict> {
        self.origin.verdict()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_unreadable_when_it_has_values_and_none_of_them_could_be_read() {
        let mut summary = Summary { contacts: 3, ..Summary::default() };
        summary.origin.malformed_fields = [("created_at".to_owned(), 2), ("updated_at".to_owned(), 1)].into();
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

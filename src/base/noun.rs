//! The noun for the rows of a resource, for sentences that are shared by all resources.

use super::plural::{count_of, word_for};

/// The singular and the plural of the noun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowNoun {
    /// For instance `contact`.
    pub one: &'static str,
    /// For instance `contacts`.
    pub many: &'static str,
}

impl RowNoun {
    /// One of them, with its article: `a contact`, `an activity`.
    pub(crate) fn with_article(self) -> String {
        let article = if self.one.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {}", self.one)
    }

    /// A count with the noun: `1 contact`, `2 contacts`; with `distinct ` as `kind`, `2 distinct contacts`.
    pub(crate) fn count(self, kind: &str, count: u64) -> String {
        count_of(count, &format!("{kind}{}", self.one), &format!("{kind}{}", self.many))
    }

    /// A number of rows from the start of a list: `first contact`, `first 2 contacts`.
    pub(crate) fn first(self, count: u64) -> String {
        if count == 1 { format!("first {}", self.one) } else { format!("first {}", self.count("", count)) }
    }

    /// The noun that agrees with a count, without the count.
    pub(crate) fn word(self, count: u64) -> &'static str {
        word_for(count, self.one, self.many)
    }

    /// A count with a verb: `is 1 contact`, `are 2 contacts`.
    pub(crate) fn are(self, count: u64) -> String {
        format!("{} {}", word_for(count, "is", "are"), self.count("", count))
    }
}

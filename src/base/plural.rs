//! Counts with their words, for people: `1 contact`, `2 contacts`.

/// A count with its word.
pub(crate) fn count_of(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", word_for(count, one, many))
}

/// The word or words that go with a count.
pub(crate) fn word_for<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// What the rows of a list are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowNoun {
    /// For instance `contact`.
    pub one: &'static str,
    /// For instance `contacts`.
    pub many: &'static str,
}

impl RowNoun {
    /// A count with this word, and perhaps another in front of it: `2 different contacts` for `different `.
    pub(crate) fn count(self, kind: &str, count: u64) -> String {
        count_of(count, &format!("{kind}{}", self.one), &format!("{kind}{}", self.many))
    }

    /// The word that goes with a count.
    pub(crate) fn word(self, count: u64) -> &'static str {
        word_for(count, self.one, self.many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        let texts = [0, 1, 2, 1000].map(|count| count_of(count, "page was read", "pages were read"));
        assert_eq!(texts, ["0 pages were read", "1 page was read", "2 pages were read", "1000 pages were read"]);
    }
}

//! Counts with their words, for people: `1 contact`, `2 contacts`.

/// A count with its word.
pub(crate) fn count_of(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", word_for(count, one, many))
}

/// The word or words that go with a count.
pub(crate) fn word_for<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
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

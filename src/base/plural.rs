//! Counts with their nouns: `1 contact`, `2,000 contacts`.

/// A number with commas as thousands separators.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun.
pub(crate) fn count_of(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), word_for(count, one, many))
}

/// The singular or plural that agrees with a count.
pub(crate) fn word_for<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        let texts = [0, 1, 2, 1000].map(|count| count_of(count, "page was read", "pages were read"));
        assert_eq!(texts, ["0 pages were read", "1 page was read", "2 pages were read", "1,000 pages were read"]);
    }
}

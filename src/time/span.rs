//! A time span.

use super::timestamp::Timestamp;

/// A time span from its earliest to its latest timestamp, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first timestamp of the span.
    pub earliest: Timestamp,
    /// The last timestamp of the span, not before the first.
    pub latest: Timestamp,
}

impl Span {
    /// The smallest span that contains both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { earliest: self.earliest.min(other.earliest), latest: self.latest.max(other.latest) }
    }

    /// Whether a timestamp is in the span.
    pub fn contains(self, timestamp: Timestamp) -> bool {
        (self.earliest..=self.latest).contains(&timestamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(earliest: i64, latest: i64) -> Span {
        Span { earliest: Timestamp::from_micros(earliest), latest: Timestamp::from_micros(latest) }
    }

    #[test]
    fn a_span_contains_its_ends() {
        let found = [1, 2, 3, 4, 5].map(|micros| span(2, 4).contains(Timestamp::from_micros(micros)));
        assert_eq!(found, [false, true, true, true, false]);
    }

    #[test]
    fn joined_spans_contain_both_and_the_time_between_them() {
        assert_eq!(span(1, 2).join(span(5, 6)), span(1, 6));
        assert_eq!(span(5, 6).join(span(1, 9)), span(1, 9));
    }
}

//! Where reading may stop before the end of the list: at rows older than a bound, in a list sorted by creation time.
//!
//! A list that is sorted by creation time, newest first, need not be read beyond the requested span. Nothing
//! guarantees that order, so it is checked: reading stops when the last [`WINDOWS_TO_PROVE`] whole windows of rows, in list
//! order, are all older than the bound, at least [`STEPS_TO_PROVE`] rows read so far were older than the one before them,
//! and none was newer. After one such row, the list is read to its end.
//!
//! *Easy to get wrong:* rows without a time prove nothing: they are neither older nor newer. Nor do rows with the same time,
//! as those of one campaign: a list sorted the other way may start with them.
//!
//! New rows appear at the start of the list, which is read again at the end as always; they push the others down, but never
//! out of the span.

/// Whole windows of older rows, one after the other, that must be read before reading stops.
const WINDOWS_TO_PROVE: u64 = 2;
/// Rows that must be older than the one before them before reading stops.
pub(super) const STEPS_TO_PROVE: u64 = 4;

/// Follows the creation times of the rows in list order.
#[derive(Debug, Clone)]
pub(super) struct SpanEnd {
    /// Rows created before this are older, in microseconds UTC.
    bound: i64,
    /// Consecutive older rows.
    older: u64,
    newest: Option<i64>,
    last: Option<i64>,
    /// Rows that were older than the one before them.
    steps: u64,
    is_sorted: bool,
}

impl SpanEnd {
    pub(super) fn new(bound: i64) -> Self {
        Self { bound, older: 0, newest: None, last: None, steps: 0, is_sorted: true }
    }

    /// Takes the creation times of the next rows of the list.
    pub(super) fn note(&mut self, times: impl IntoIterator<Item = Option<i64>>) {
        for time in times.into_iter().flatten() {
            self.is_sorted &= self.last.is_none_or(|last| time <= last);
            self.steps += u64::from(self.last.is_some_and(|last| time < last));
            self.newest = self.newest.or(Some(time));
            self.last = Some(time);
            self.older = if time < self.bound { self.older + 1 } else { 0 };
        }
    }

    /// Starts over, because the list is read from its start again.
    pub(super) fn restart(&mut self) {
        *self = Self { is_sorted: self.is_sorted, ..Self::new(self.bound) };
    }

    /// Whether it is proven that no row after those read so far is newer than the bound.
    pub(super) fn is_proven(&self, window_rows: u32) -> bool {
        self.is_sorted && self.steps >= STEPS_TO_PROVE && self.older >= WINDOWS_TO_PROVE * u64::from(window_rows)
    }

    /// Whether no row was newer than the one before it.
    pub(super) fn is_sorted(&self) -> bool {
        self.is_sorted
    }

    /// Where the span is expected to end, estimated from the times of the first `read` rows of the list. At most twice
    /// `read`, so that few windows are requested unnecessarily; `None` if it cannot be estimated.
    pub(super) fn expected_end(&self, read: u64) -> Option<u64> {
        let (newest, last) = (self.newest?, self.last?);
        if !self.is_sorted {
            return None;
        }
        if last < self.bound {
            return Some(read);
        }
        let passed = u128::from(newest.abs_diff(last));
        let wanted = u128::from(newest.abs_diff(self.bound));
        let guess = (u128::from(read) * wanted).checked_div(passed).and_then(|guess| u64::try_from(guess).ok());
        Some(guess.unwrap_or(u64::MAX).min(read.saturating_mul(2)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(times: impl IntoIterator<Item = i64>) -> SpanEnd {
        let mut span = SpanEnd::new(100);
        span.note(times.into_iter().map(Some));
        span
    }

    #[test]
    fn two_windows_of_older_rows_in_a_row_prove_the_end() {
        assert!(!span((82..=120).rev()).is_proven(10), "18 older rows");
        assert!(span((80..=120).rev()).is_proven(10));
        assert!(!span((80..=120).rev()).is_proven(11));
    }

    #[test]
    fn rows_with_the_same_time_show_no_order() {
        let mut campaign = span([50; 400]);
        assert!(!campaign.is_proven(10));
        campaign.note([49, 48, 47].map(Some));
        assert!(!campaign.is_proven(10));
        campaign.note([Some(46)]);
        assert!(campaign.is_proven(10));
    }

    #[test]
    fn rows_without_a_time_are_ignored() {
        let mut span = span((91..=120).rev());
        span.note([None; 50]);
        assert!(!span.is_proven(10));
        span.note([Some(90), None, Some(89)]);
        assert_eq!(span.older, 11);
    }

    #[test]
    fn one_row_newer_than_the_one_before_makes_the_list_unsorted() {
        let oldest_first = span(0..50);
        assert!(!oldest_first.is_proven(1) && oldest_first.expected_end(50).is_none());
        let mut late = span((0..120).rev());
        late.note([Some(110)]);
        late.note([Some(50); 99]);
        assert!(!late.is_proven(1) && !late.is_sorted());
        late.restart();
        assert!(!late.is_sorted(), "a list that was unsorted once is not taken to be sorted later");
    }

    #[test]
    fn the_end_is_extrapolated_to_at_most_twice_the_rows_read() {
        assert_eq!(span([200, 190]).expected_end(10), Some(20), "the estimate alone would be 100");
        assert_eq!(span([200, 120]).expected_end(80), Some(100));
        assert_eq!(span([200, 200]).expected_end(10), Some(20));
        assert_eq!(span([200, 99]).expected_end(10), Some(10));
        assert_eq!(SpanEnd::new(1).expected_end(10), None);
    }
}

//! The time from which rows are requested.

use std::time::Duration;

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// The earliest creation time of requested rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// The time.
    pub start: SinceStart,
    /// Whether it is moved back to midnight (UTC), so that every day is read completely.
    pub is_whole_days: bool,
    /// As shown to people and stored in the journal.
    pub text: String,
}

/// A time, or a duration before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinceStart {
    /// Microseconds UTC.
    At(i64),
    /// Before the start of the run, or of the first run if this one resumes it.
    Before(Duration),
}

impl Since {
    /// The time in microseconds UTC, for a run that began at `began_at`.
    pub fn moment(&self, began_at: i64) -> i64 {
        let moment = match self.start {
            SinceStart::At(moment) => moment,
            SinceStart::Before(age) => began_at.saturating_sub(i64::try_from(age.as_micros()).unwrap_or(i64::MAX)),
        };
        if self.is_whole_days { moment.div_euclid(DAY).saturating_mul(DAY) } else { moment }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_counted_from_the_run_and_days_begin_at_midnight() {
        let since = |start, is_whole_days| Since { start, is_whole_days, text: String::new() };
        let age = SinceStart::Before(Duration::from_secs(2 * 24 * 60 * 60));
        assert_eq!(since(age, false).moment(5 * DAY + 7), 3 * DAY + 7);
        assert_eq!(since(age, true).moment(5 * DAY + 7), 3 * DAY);
        assert_eq!(since(SinceStart::At(-1), true).moment(0), -DAY);
        assert_eq!(since(SinceStart::At(DAY), true).moment(0), DAY);
    }
}

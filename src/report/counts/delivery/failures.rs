//! Why messages failed, were filtered or were blocked.

use super::kinds::Status;
use crate::report::document::delivery::summary::Failure;

/// Maximum length of the sentence for a code, in bytes.
const MAX_REASON_BYTES: usize = 160;
/// Number of digits that may form a phone number: the shortest numbers in use have seven.
const MIN_PERSONAL_DIGITS: usize = 7;

/// Failures by the number of their reason code.
#[derive(Debug, Clone, Default)]
pub(super) struct Failures {
    by_code: Vec<Reason>,
}

#[derive(Debug, Clone, Default)]
struct Reason {
    text: Option<Box<str>>,
    failed: u64,
    filtered: u64,
    blocked: u64,
    /// Days of the oldest and the newest message, counted from 1970-01-01.
    days: Option<(i64, i64)>,
}

impl Failures {
    /// Counts a message if its status is that of a failure.
    pub(super) fn add(&mut self, code: u16, status: Status, day: Option<i64>, reason: impl FnOnce() -> Option<String>) {
        if !matches!(status, Status::Failed | Status::Filtered | Status::Blocked) {
            return;
        }
        let place = usize::from(code);
        if self.by_code.len() <= place {
            self.by_code.resize(place + 1, Reason::default());
        }
        let found = &mut self.by_code[place];
        match status {
            Status::Filtered => found.filtered += 1,
            Status::Blocked => found.blocked += 1,
            _ => found.failed += 1,
        }
        if let Some(day) = day {
            let (first, last) = found.days.unwrap_or((day, day));
            found.days = Some((first.min(day), last.max(day)));
        }
        if found.text.is_none() {
            found.text = reason().filter(|text| is_shareable(text)).map(Into::into);
        }
    }

    /// The failures, most frequent first.
    pub(super) fn ranked<'a>(self, code: impl Fn(usize) -> &'a str, day: impl Fn(i64) -> String) -> Vec<Failure> {
        let reasons = self.by_code.into_iter().enumerate();
        let mut failures: Vec<Failure> = reasons
            .map(|(number, reason)| Failure {
                reason_code: code(number).to_owned(),
                messages: reason.failed + reason.filtered + reason.blocked,
                failed: Some(reason.failed),
                filtered: Some(reason.filtered),
                blocked: Some(reason.blocked),
                began_on: reason.days.map(|(first, _)| day(first)),
                last_seen_on: reason.days.map(|(_, last)| day(last)),
                reason: reason.text.map(Into::into),
            })
            .filter(|failure| failure.messages > 0)
            .collect();
        failures.sort_by(|one, other| (other.messages, &one.reason_code).cmp(&(one.messages, &other.reason_code)));
        failures
    }
}

/// Whether a sentence from the server may be shown in a report, because it cannot contain a phone number or an address.
fn is_shareable(text: &str) -> bool {
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    !text.trim().is_empty() && text.len() <= MAX_REASON_BYTES && digits < MIN_PERSONAL_DIGITS && !text.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_ranked_with_the_days_of_the_first_and_the_last() {
        let mut failures = Failures::default();
        for (code, status, day) in [
            (2, Status::Failed, Some(9)),
            (3, Status::Filtered, Some(5)),
            (3, Status::Blocked, Some(3)),
            (4, Status::Failed, None),
            (2, Status::Sent, Some(1)),
        ] {
            failures.add(code, status, day, || Some("call +1 202 555 0100".to_owned()));
        }
        failures.add(3, Status::Filtered, Some(7), || Some("Carrier filter".to_owned()));
        let ranked = failures.ranked(|number| ["", "", "b", "c", "a"][number], |day| day.to_string());
        let codes: Vec<(&str, u64, Option<&str>)> = ranked
            .iter()
            .map(|failure| (failure.reason_code.as_str(), failure.messages, failure.began_on.as_deref()))
            .collect();
        assert_eq!(codes, [("c", 3, Some("3")), ("a", 1, None), ("b", 1, Some("9"))]);
        assert_eq!(
            (ranked[0].filtered, ranked[0].blocked, ranked[0].last_seen_on.as_deref()),
            (Some(2), Some(1), Some("7"))
        );
        assert_eq!((ranked[0].reason.as_deref(), ranked[1].reason.as_deref()), (Some("Carrier filter"), None));
    }
}

//! What the headers of a response say about the time and the account's quota.
//!
//! *Easy to get wrong:* `Retry-After` takes precedence over `X-RateLimit-Reset`, and any of them may be missing.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::retry_after::parse_retry_after;

/// Longest plausible time until a quota is full again: the limits of this API are per minute, and clocks differ.
const MAX_UNTIL_RESET: Duration = Duration::from_secs(120);

/// Unix seconds beyond this are after the year 5138, so the value must be in milliseconds or a smaller unit.
const MAX_UNIX_SECONDS: u64 = 100_000_000_000;

/// What a response says about the rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateHeaders {
    /// `X-RateLimit-Remaining`.
    pub(super) remaining: Option<u32>,
    /// `X-RateLimit-Limit`.
    pub(super) limit: Option<u32>,
    /// Time until `X-RateLimit-Reset`, unless `Retry-After` is given.
    pub(super) until_reset: Option<Duration>,
    /// `Retry-After`.
    pub(super) retry_after: Option<Duration>,
}

impl RateHeaders {
    /// Reads the headers; `now` is the server's time.
    pub(super) fn read(headers: &HeaderMap, now: SystemTime) -> Self {
        let number = |name| header_text(headers, name).and_then(|text| text.trim().parse::<u64>().ok());
        let retry_after = header_text(headers, RETRY_AFTER.as_str()).and_then(|value| parse_retry_after(value, now));
        let until_reset = number("x-ratelimit-reset").filter(|_| retry_after.is_none());
        let count = |name| number(name).map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        Self {
            remaining: count("x-ratelimit-remaining"),
            limit: count("x-ratelimit-limit"),
            until_reset: until_reset.and_then(|reset| time_until(reset, now)),
            retry_after,
        }
    }
}

/// Time until `reset`, in Unix seconds or a smaller unit; `None` if it is in the past or implausibly late.
fn time_until(mut reset: u64, now: SystemTime) -> Option<Duration> {
    while reset > MAX_UNIX_SECONDS {
        reset /= 1000;
    }
    let reset = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset))?;
    reset.duration_since(now).ok().filter(|&wait| wait <= MAX_UNTIL_RESET)
}

/// The time by the server's clock, so that a wrong local clock does no harm; the local time if the server does not state
/// its own.
pub(super) fn server_time(headers: &HeaderMap) -> SystemTime {
    let stated = header_text(headers, DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok());
    stated.unwrap_or_else(SystemTime::now)
}

/// The text of a header, if it is text.
pub(super) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn read(lines: &[(&'static str, String)]) -> (Option<u32>, Option<u64>, Option<u64>) {
        let headers = lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        let RateHeaders { remaining, until_reset, retry_after, .. } = RateHeaders::read(&headers, now);
        (remaining, until_reset.map(|wait| wait.as_secs()), retry_after.map(|wait| wait.as_secs()))
    }

    #[test]
    fn a_reset_is_read_in_every_unit_and_ignored_unless_it_is_near() {
        let reset = |value: String| read(&[("x-ratelimit-reset", value)]).1;
        assert_eq!(reset((NOW + 30).to_string()), Some(30));
        assert_eq!(reset(format!("{}500", NOW + 30)), Some(30), "milliseconds");
        assert_eq!(reset(format!("{}500000000", NOW + 30)), Some(30), "nanoseconds");
        for junk in [NOW - 1, NOW + 121, NOW * 2, 0, 30, u64::MAX] {
            assert_eq!(reset(junk.to_string()), None, "{junk}");
        }
        assert_eq!(reset("soon".to_owned()), None);
    }

    #[test]
    fn retry_after_takes_precedence_over_a_reset() {
        let reset = ("x-ratelimit-reset", (NOW + 60).to_string());
        let remaining = ("x-ratelimit-remaining", "0".to_owned());
        let both = [remaining.clone(), reset.clone(), ("retry-after", "1".to_owned())];
        assert_eq!(read(&both), (Some(0), None, Some(1)));
        assert_eq!(
            read(&[remaining.clone(), reset.clone(), ("retry-after", "junk".to_owned())]),
            (Some(0), Some(60), None)
        );
        assert_eq!(read(&[reset]), (None, Some(60), None));
        assert_eq!(read(&[]), (None, None, None));
    }
}

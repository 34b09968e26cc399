//! Reads `Retry-After` (RFC 9110, section 10.2.3) in both its forms.

use std::time::{Duration, SystemTime};

/// Longest plausible wait: longer than any run, and short enough to be added to any time without overflow.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(365 * 24 * 3600);

/// The requested wait from `now`; `None` if the header is neither seconds nor an HTTP date.
///
/// A date in the past means no wait, and a wait of more than a year means a year.
pub(super) fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO).min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
    const NOW: u64 = 784_111_777;

    fn parse(value: &str) -> Option<u64> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        parse_retry_after(value, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(parse("17"), Some(17));
        assert_eq!(parse(" 0 "), Some(0));
        assert_eq!(parse("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
    }

    #[test]
    fn a_date_in_the_past_means_no_wait() {
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0));
    }

    #[test]
    fn a_wait_longer_than_any_run_is_capped() {
        let year = Some(MAX_RETRY_AFTER.as_secs());
        assert_eq!(parse("18446744073709551615"), year);
        assert_eq!(parse("Fri, 31 Dec 9999 23:59:59 GMT"), year);
        assert_eq!(parse("31535999"), Some(31_535_999));
    }

    #[test]
    fn junk_is_ignored() {
        for junk in ["", "soon", "-3", "1.5", "99999999999999999999999"] {
            assert_eq!(parse(junk), None, "{junk:?}");
        }
    }
}

//! Request rates, and the part of a rate that is left to other clients.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Tokens of a full bucket that are never used. The server's bucket fills in the order in which requests *arrive*: with
/// one spare token, a request may take one interval longer to arrive than the next one without a 429.
const SPARE_TOKENS: u32 = 1;

/// Requests in a time span, and the burst size after an idle period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RequestRate {
    /// Time in which one token is refilled.
    pub interval: Duration,
    /// Tokens in a full bucket, at least one.
    pub burst: u32,
}

impl RequestRate {
    /// `requests` in `span`, with a burst of `burst` after an idle period.
    pub fn new(requests: u32, span: Duration, burst: u32) -> Option<Self> {
        let interval = span.checked_div(requests)?;
        (burst > 0 && !interval.is_zero()).then_some(Self { interval, burst })
    }
}

/// A rate as it is written on the command line, `200/min`, without its burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateSpec {
    /// Requests in the span.
    pub requests: u32,
    /// The span.
    pub span: Duration,
}

/// Why a rate could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write a rate as a whole number of requests and a unit, for instance 200/min, 10/s or 5000/h")]
pub struct BadRateSpec;

impl FromStr for RateSpec {
    type Err = BadRateSpec;

    fn from_str(text: &str) -> Result<Self, BadRateSpec> {
        let (requests, unit) = text.split_once('/').ok_or(BadRateSpec)?;
        let requests = requests.trim().parse().ok().filter(|&number: &u32| number > 0).ok_or(BadRateSpec)?;
        let seconds = match unit.trim() {
            "s" | "sec" | "second" => 1,
            "m" | "min" | "minute" => 60,
            "h" | "hour" => 3600,
            _ => return Err(BadRateSpec),
        };
        Ok(Self { requests, span: Duration::from_secs(seconds) })
    }
}

impl fmt::Display for RateSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.span.as_secs() {
            1 => "s",
            60 => "min",
            _ => "h",
        };
        write!(formatter, "{}/{unit}", self.requests)
    }
}

/// The fraction of a quota that is left to other clients, from 0 up to but not including 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reserve(f64);

impl Reserve {
    /// A reserve; `None` unless `share` is from 0 up to but not including 1.
    pub fn new(share: f64) -> Option<Self> {
        (0.0..1.0).contains(&share).then_some(Self(share))
    }

    /// What is left of a rate for this program, less the spare token.
    pub fn applied_to(self, rate: RequestRate) -> RequestRate {
        let interval = rate.interval.as_secs_f64() / (1.0 - self.0);
        let interval = Duration::try_from_secs_f64(interval).unwrap_or(Duration::MAX);
        RequestRate { interval, burst: rate.burst.saturating_sub(self.tokens_of(rate) + SPARE_TOKENS).max(1) }
    }

    /// Tokens of a full bucket that are left to other clients.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a u32 is a u32")]
    pub(super) fn tokens_of(self, rate: RequestRate) -> u32 {
        (self.0 * f64::from(rate.burst)).ceil() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_with_their_unit() {
        let read = |text: &str| text.parse::<RateSpec>().map(|spec| (spec.requests, spec.span.as_secs()));
        assert_eq!(read("200/min"), Ok((200, 60)));
        assert_eq!(read("10/s"), Ok((10, 1)));
        assert_eq!(read("5000 / h"), Ok((5000, 3600)));
        for junk in ["", "200", "0/s", "-1/s", "1.5/s", "10/day"] {
            assert_eq!(read(junk), Err(BadRateSpec), "{junk:?}");
        }
        assert_eq!("200/min".parse::<RateSpec>().unwrap().to_string(), "200/min");
    }
}

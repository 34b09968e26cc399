//! Parsing of command-line values: errors, durations and rates.

use std::str::FromStr;
use std::time::Duration;

/// An invalid value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {text:?}, expected {expected}")]
pub struct ParseError {
    text: String,
    expected: &'static str,
}

impl ParseError {
    pub(super) fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.to_owned(), expected }
    }
}

/// A rate, for instance `200/min`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Times per minute.
    pub per_minute: f64,
}

const RATE_FORM: &str = "a number and a time, for instance 200/min, 20/s or 5000/h";

impl FromStr for Rate {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseError::new(text, RATE_FORM);
        let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
        let factor = match unit.trim() {
            "s" | "sec" | "second" => 60.0,
            "m" | "min" | "minute" => 1.0,
            "h" | "hour" => 1.0 / 60.0,
            _ => return Err(wrong()),
        };
        let per_minute = factor * number.trim().parse::<f64>().map_err(|_| wrong())?;
        // Bounded by what durations and counters can hold.
        if (0.001..=1e9).contains(&per_minute) { Ok(Self { per_minute }) } else { Err(wrong()) }
    }
}

/// Reads `500ms`, `30s`, `2m` or `1h`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, ParseError> {
    humantime::parse_duration(text.trim())
        .map_err(|_| ParseError::new(text, "a duration, for instance 500ms, 30s or 2m"))
}

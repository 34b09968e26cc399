//! A percentage, as written on the command line.

use std::fmt;
use std::str::FromStr;

/// A percentage from 0% to 100%, in decimal digits: 29% of 100 is exactly 29, which binary fractions cannot represent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Percent {
    /// Percent with six decimal places.
    micro_percent: u32,
}

/// [`Percent::micro_percent`] of the whole.
const WHOLE: u32 = 100_000_000;

/// Why a percentage could not be parsed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write a share in percent or as a fraction, for instance 20% or 0.2")]
pub struct PercentError;

impl Percent {
    /// The percentage as a number from 0 to 1.
    pub fn value(self) -> f64 {
        f64::from(self.micro_percent) / f64::from(WHOLE)
    }

    /// Whether a part of a whole is larger than this.
    pub fn is_exceeded(self, part: u64, whole: u64) -> bool {
        u128::from(part) * u128::from(WHOLE) > u128::from(self.micro_percent) * u128::from(whole)
    }
}

impl FromStr for Percent {
    type Err = PercentError;

    fn from_str(text: &str) -> Result<Self, PercentError> {
        let (number, places) = match text.trim().strip_suffix('%') {
            Some(percent) => (percent.trim(), 6),
            None => (text.trim(), 8),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let is_number = !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        // It is ambiguous: 1 could mean 100% or 1%.
        let is_clear = places == 6 || whole == "0";
        if !is_number || !is_clear || fraction.len() > places {
            return Err(PercentError);
        }
        let micro_percent = format!("{whole}{fraction:0<places$}").parse().map_err(|_| PercentError)?;
        if micro_percent <= WHOLE { Ok(Self { micro_percent }) } else { Err(PercentError) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.micro_percent / 1_000_000, self.micro_percent % 1_000_000);
        let digits = format!("{whole}.{fraction:06}");
        write!(formatter, "{}%", digits.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_and_fractions_are_parsed_and_shown_in_percent() {
        for (text, shown, value) in [
            ("20%", "20%", 0.2),
            (" 0.5 % ", "0.5%", 0.005),
            ("7%", "7%", 0.07),
            ("100.00%", "100%", 1.0),
            ("0.01", "1%", 0.01),
            ("0", "0%", 0.0),
            (" 0.123456 ", "12.3456%", 0.123_456),
        ] {
            let share: Percent = text.parse().unwrap();
            assert_eq!((share.to_string().as_str(), share.value()), (shown, value), "{text}");
        }
        for wrong in [
            "20",
            "1",
            "1.0",
            "00.1",
            ".5",
            "0.123456789",
            "-1%",
            "101%",
            "x%",
            "",
            "%",
            ".%",
            "NaN%",
            "1e1%",
            "0.1234567%",
            "99999999999%",
        ] {
            assert_eq!(wrong.parse::<Percent>(), Err(PercentError), "{wrong}");
        }
    }

    #[test]
    fn an_exactly_equal_part_does_not_exceed_the_percentage() {
        for percent in 0..=100 {
            let share: Percent = format!("{percent}%").parse().unwrap();
            assert!(!share.is_exceeded(percent, 100) && share.is_exceeded(percent + 1, 100), "{percent}");
            assert!(!share.is_exceeded(percent * 10_000_000, 1_000_000_000), "{percent}");
        }
    }
}

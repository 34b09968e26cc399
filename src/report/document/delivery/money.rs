//! Exact sums of money: whole millionths in 128 bits, never a binary fraction.

use std::fmt;
use std::ops::AddAssign;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Decimal places of a price, as in the schema of messages.
const PLACES: usize = 6;
/// One unit of the account's currency.
const UNIT: u128 = 1_000_000;

/// An amount in millionths of the account's currency, which the API does not name. Its JSON form is a string of decimal
/// digits, so that no reader converts it to a binary fraction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(pub i128);

impl Money {
    /// The sum; it saturates at the end of the range, which is 10^26 times the largest price.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = self.plus(other);
    }
}

impl fmt::Display for Money {
    /// Digits without superfluous zeros, for instance `12.5`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / UNIT, self.0.unsigned_abs() % UNIT);
        let digits = format!("{rest:0PLACES$}");
        match digits.trim_end_matches('0') {
            "" => write!(formatter, "{sign}{whole}"),
            digits => write!(formatter, "{sign}{whole}.{digits}"),
        }
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom("no amount in decimal digits"))
    }
}

/// Reads what [`Money`] writes.
fn parse(text: &str) -> Option<Money> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || rest.len() > PLACES || !are_digits(whole) || !are_digits(rest) {
        return None;
    }
    format!("{whole}{rest:0<PLACES$}").parse::<i128>().ok().map(|micros| Money(sign * micros))
}

/// What messages cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spending {
    /// Sum of `price`.
    pub price: Money,
    /// Sum of `active_contact_price`.
    pub active_contact_price: Money,
}

impl Spending {
    /// The sum of both.
    pub fn total(self) -> Money {
        self.price.plus(self.active_contact_price)
    }
}

impl AddAssign for Spending {
    fn add_assign(&mut self, other: Self) {
        self.price += other.price;
        self.active_contact_price += other.active_contact_price;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_full_and_read_back() {
        for (micros, text) in [
            (0, "0"),
            (1, "0.000001"),
            (-500_000, "-0.5"),
            (12_340_000, "12.34"),
            (1_000_000, "1"),
            (i128::MAX / 2, "85070591730234615865843651857942.052863"),
        ] {
            assert_eq!(Money(micros).to_string(), text);
            let json = serde_json::to_string(&Money(micros)).unwrap();
            assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), Money(micros), "{json}");
        }
        for wrong in ["\"\"", "\"1.\u{661}\"", "\"1.2345678\"", "\"+1\"", "\"1e3\"", "\".5\"", "1.5"] {
            assert!(serde_json::from_str::<Money>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_sum_of_tenths_is_exact() {
        let mut sum = Money::default();
        (0..10).for_each(|_| sum += Money(100_000));
        assert_eq!(sum.to_string(), "1");
        assert_eq!(Money(i128::MAX).plus(Money(1)), Money(i128::MAX));
    }
}

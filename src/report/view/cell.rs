//! A cell of a table, independent of the form of the report.

use super::super::document::change::CountChange;
use super::super::document::delivery::money::Money;
use super::super::format::{difference, duration, money, percent, shown};
use crate::base::plural::grouped;

/// Which change of a number is an improvement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Wish {
    More,
    Fewer,
    Neither,
}

impl Wish {
    /// Whether a change is for the better; `None` if it is neither better nor worse.
    pub(in crate::report) fn is_met_by(self, change: CountChange) -> Option<bool> {
        match (self, change.difference()) {
            (Self::Neither, _) | (_, 0) => None,
            (Self::More, difference) => Some(difference > 0),
            (Self::Fewer, difference) => Some(difference < 0),
        }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) enum Cell {
    Text(String),
    /// A code with its name, such as a region.
    Coded {
        code: String,
        name: String,
    },
    Count(u64),
    /// An estimate from a sample.
    About(u64),
    /// A part and its whole, shown as a percentage.
    Percent(u64, u64),
    Difference(CountChange, Wish),
    /// An amount of money.
    Money(Money),
    /// The change of an amount.
    MoneyDifference(Money),
    /// A duration in milliseconds.
    Duration(u64),
    /// A count and the largest count, which determine the shade.
    Shaded(u64, u64),
    /// The length of a bar, and that of the longest bar.
    Bar(u64, u64),
    /// A suppressed count: the count or its complement may be too small.
    Hidden,
}

impl Cell {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(shown(text))
    }

    /// The text in every form; empty for a bar.
    pub(in crate::report) fn words(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Coded { code, name } => format!("{code} {name}"),
            Self::Count(count) | Self::Shaded(count, _) => grouped(*count),
            Self::About(count) => format!("≈ {}", grouped(*count)),
            Self::Percent(count, total) => percent(*count, *total),
            Self::Difference(change, _) => difference(change.difference()),
            Self::Money(amount) => money(*amount),
            Self::MoneyDifference(amount) => format!("{}{}", if amount.0 > 0 { "+" } else { "" }, money(*amount)),
            Self::Duration(milliseconds) => duration(*milliseconds),
            Self::Bar(..) => String::new(),
            Self::Hidden => "–".to_owned(),
        }
    }
}

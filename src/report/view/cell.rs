//! One cell of a table, before any form of it.

use super::super::document::change::Change;
use super::super::document::delivery::money::Money;
use super::super::format::{difference, duration, money, percent, shown};
use crate::base::plural::grouped;

/// What one wishes of a number when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Wish {
    More,
    Fewer,
    Neither,
}

impl Wish {
    /// Whether a change is for the better; nothing when it is neither that nor for the worse.
    pub(in crate::report) fn is_met_by(self, change: Change) -> Option<bool> {
        match (self, change.difference()) {
            (Self::Neither, _) | (_, 0) => None,
            (Self::More, difference) => Some(difference > 0),
            (Self::Fewer, difference) => Some(difference < 0),
        }
    }
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) enum Cell {
    Text(String),
    /// A code with its name, as a region.
    Coded {
        code: String,
        name: String,
    },
    Count(u64),
    /// A number that stands for at least so many, from a sample.
    About(u64),
    /// A part and its whole.
    Percent(u64, u64),
    Difference(Change, Wish),
    /// An amount of money.
    Money(Money),
    /// A duration in milliseconds.
    Duration(u64),
    /// A count, shaded by how large it is beside the largest.
    Shaded(u64, u64),
    /// How long a bar is, of the longest.
    Bar(u64, u64),
    /// A number that is not told: it, or what it leaves, may be too small.
    Hidden,
}

impl Cell {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(shown(text))
    }

    /// Its text in every form; a bar has none.
    pub(in crate::report) fn words(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Coded { code, name } => format!("{code} {name}"),
            Self::Count(count) | Self::Shaded(count, _) => grouped(*count),
            Self::About(count) => format!("≈ {}", grouped(*count)),
            Self::Percent(count, total) => percent(*count, *total),
            Self::Difference(change, _) => difference(change.difference()),
            Self::Money(amount) => money(*amount),
            Self::Duration(milliseconds) => duration(*milliseconds),
            Self::Bar(..) => String::new(),
            Self::Hidden => "–".to_owned(),
        }
    }
}

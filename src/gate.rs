//! Conditions that an export must meet before it replaces the last one.
//!
//! A gate that fails leaves the published files as they are and the new answers in the journal, so that nothing is asked
//! for twice when the gate is loosened.

use std::fmt;
use std::str::FromStr;

use crate::plural::{count_of, word_for};
use crate::sink::PublishedBefore;
use crate::verdict::Verdict;

/// What is demanded of an export; the default demands nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Gate {
    /// Fewest contacts.
    pub min_contacts: Option<u64>,
    /// How much smaller than the one before an export may be.
    pub max_shrink: Option<Share>,
    /// The verdict it must have, or a better one.
    pub require: Option<Verdict>,
}

/// A part of a whole, from 0 up to 1, written in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

/// Why a share could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write a share in percent, for instance 20%")]
pub struct ShareError;

/// The condition that an export did not meet.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GateFailure {
    /// `--min-contacts`
    #[error("there {}, fewer than --min-contacts {wanted}", found(*contacts))]
    TooFew {
        /// In the new export.
        contacts: u64,
        /// At least.
        wanted: u64,
    },
    /// `--max-shrink`
    #[error("there {} after {before} before, which is more than --max-shrink {allowed} less", found(*contacts))]
    Shrunk {
        /// In the new export.
        contacts: u64,
        /// In the published one.
        before: u64,
        /// As it was given.
        allowed: Share,
    },
    /// `--require`
    #[error("the verdict is {}, and --require asks for {}", verdict.name(), wanted.name())]
    NotGoodEnough {
        /// Of the new export.
        verdict: Verdict,
        /// At least.
        wanted: Verdict,
    },
}

fn found(contacts: u64) -> String {
    format!("{} {}", word_for(contacts, "is", "are"), count_of(contacts, "contact", "contacts"))
}

impl Gate {
    /// Whether anything is demanded.
    pub fn is_set(&self) -> bool {
        *self != Self::default()
    }

    /// Checks an export against the gate and the one published before, if there is one.
    ///
    /// # Errors
    /// The first condition that it does not meet.
    pub fn check(&self, contacts: u64, verdict: Verdict, before: Option<&PublishedBefore>) -> Result<(), GateFailure> {
        if let Some(wanted) = self.min_contacts.filter(|&wanted| contacts < wanted) {
            return Err(GateFailure::TooFew { contacts, wanted });
        }
        if let (Some(allowed), Some(&PublishedBefore { contacts: before })) = (self.max_shrink, before)
            && allowed.is_exceeded(before, contacts)
        {
            return Err(GateFailure::Shrunk { contacts, before, allowed });
        }
        match self.require {
            Some(wanted) if !verdict.is_at_least(wanted) => Err(GateFailure::NotGoodEnough { verdict, wanted }),
            _ => Ok(()),
        }
    }
}

impl Share {
    /// The part as a number from 0 to 1.
    pub fn value(self) -> f64 {
        self.0
    }

    #[expect(clippy::cast_precision_loss, reason = "accounts have fewer than 2^52 contacts")]
    fn is_exceeded(self, before: u64, now: u64) -> bool {
        before.saturating_sub(now) as f64 > self.0 * before as f64
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let number = text.trim().strip_suffix('%').ok_or(ShareError)?;
        let percent: f64 = number.trim().parse().map_err(|_| ShareError)?;
        if (0.0..=100.0).contains(&percent) { Ok(Self(percent / 100.0)) } else { Err(ShareError) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}%", self.0 * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_is_checked_by_itself() {
        let before = PublishedBefore { contacts: 1000 };
        let shrink = Gate { max_shrink: Some("20%".parse().unwrap()), ..Gate::default() };
        assert_eq!(shrink.check(800, Verdict::Complete, Some(&before)), Ok(()));
        assert!(matches!(shrink.check(799, Verdict::Complete, Some(&before)), Err(GateFailure::Shrunk { .. })));
        assert_eq!(shrink.check(0, Verdict::Complete, None), Ok(()), "the first export has nothing to shrink from");
        let few = Gate { min_contacts: Some(5), ..Gate::default() };
        assert!(few.check(5, Verdict::Complete, None).is_ok() && few.check(4, Verdict::Complete, None).is_err());
        for (wanted, verdict, is_met) in [
            (Verdict::Complete, Verdict::Complete, true),
            (Verdict::Complete, Verdict::Healed, false),
            (Verdict::Healed, Verdict::Complete, true),
            (Verdict::Healed, Verdict::Healed, true),
            (Verdict::Healed, Verdict::Unverified, false),
        ] {
            let gate = Gate { require: Some(wanted), ..Gate::default() };
            assert_eq!(gate.check(0, verdict, None).is_ok(), is_met, "{wanted:?} {verdict:?}");
        }
        assert!(!Gate::default().is_set() && few.is_set());
    }

    #[test]
    fn shares_are_read_in_percent() {
        assert_eq!("20%".parse(), Ok(Share(0.2)));
        assert_eq!(" 0.5 % ".parse(), Ok(Share(0.005)));
        for wrong in ["20", "-1%", "101%", "x%", "", "NaN%"] {
            assert_eq!(wrong.parse::<Share>(), Err(ShareError), "{wrong}");
        }
    }
}

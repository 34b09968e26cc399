//! Conditions that an export must meet before it replaces the last one.
//!
//! A gate that fails leaves the published files as they are and the new answers in the journal, so that nothing is asked
//! for twice when the gate is loosened.

use crate::plural::{count_of, word_for};
use crate::share::Share;
use crate::verdict::Verdict;

/// What is demanded of an export; the default demands nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gate {
    /// Fewest contacts.
    pub min_contacts: Option<u64>,
    /// How much smaller than the one before an export may be.
    pub max_shrink: Option<Share>,
    /// The verdict it must have, or a better one.
    pub require: Option<Verdict>,
}

/// The condition that an export did not meet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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

    /// Checks an export against the gate and the contacts of the one published `before`, if there is one.
    ///
    /// # Errors
    /// The first condition that it does not meet.
    pub fn check(&self, contacts: u64, verdict: Verdict, before: Option<u64>) -> Result<(), GateFailure> {
        if let Some(wanted) = self.min_contacts.filter(|&wanted| contacts < wanted) {
            return Err(GateFailure::TooFew { contacts, wanted });
        }
        if let (Some(allowed), Some(before)) = (self.max_shrink, before)
            && allowed.is_exceeded(before.saturating_sub(contacts), before)
        {
            return Err(GateFailure::Shrunk { contacts, before, allowed });
        }
        match self.require {
            Some(wanted) if !verdict.is_at_least(wanted) => Err(GateFailure::NotGoodEnough { verdict, wanted }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_is_checked_by_itself() {
        let shrink = Gate { max_shrink: Some("20%".parse().unwrap()), ..Gate::default() };
        assert_eq!(shrink.check(800, Verdict::Complete, Some(1000)), Ok(()));
        assert!(matches!(shrink.check(799, Verdict::Complete, Some(1000)), Err(GateFailure::Shrunk { .. })));
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
}

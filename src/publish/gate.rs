//! Conditions that an export must meet before it replaces the last one.
//!
//! If a gate fails, the published files stay unchanged and the responses stay in the journal, so that a rerun with a looser
//! gate requests nothing again.

use crate::base::noun::RowNoun;
use crate::base::percent::Percent;
use crate::base::plural::word_for;
use crate::verdict::Verdict;

/// The conditions; the default has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gate {
    /// Minimum number of rows.
    pub min_rows: Option<u64>,
    /// Maximum decrease in rows since the last export.
    pub max_shrink: Option<Percent>,
    /// Minimum verdict.
    pub require: Option<Verdict>,
    /// Maximum percentage of the list's items that cannot be rows.
    pub max_rejected: Option<Percent>,
    /// Maximum percentage of values in any one column with an undocumented type or form.
    pub max_malformed: Option<Percent>,
}

/// An export that is ready to be published.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// What its rows are called, which also names the flag for their minimum: `--min-contacts`.
    pub noun: RowNoun,
    /// Rows in it.
    pub rows: u64,
    /// Whether the export is complete.
    pub verdict: Verdict,
    /// Rows of the published export, if there is one.
    pub before: Option<u64>,
    /// Rows that were read and filtered out by `--only`.
    pub rows_left_out: u64,
    /// Items that cannot be rows.
    pub items_rejected: u64,
    /// The column with the most values of an undocumented type or form, and their number.
    pub most_malformed: Option<(&'a str, u64)>,
}

/// The gate that an export failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateFailure {
    /// `--min-contacts`, or the same flag for another resource
    #[error("there {}, fewer than --min-{} {wanted}", noun.are(*rows), noun.many)]
    TooFew {
        /// What rows are called.
        noun: RowNoun,
        /// Rows of the new export.
        rows: u64,
        /// The minimum.
        wanted: u64,
    },
    /// `--max-shrink`
    #[error("there {}, down from {before}, which is more than --max-shrink {allowed} allows", noun.are(*rows))]
    Shrunk {
        /// What rows are called.
        noun: RowNoun,
        /// Rows of the new export.
        rows: u64,
        /// Rows of the published one.
        before: u64,
        /// The percentage as given.
        allowed: Percent,
    },
    /// `--require`
    #[error("the verdict is {}, but --require demands {}", verdict.name(), wanted.name())]
    NotGoodEnough {
        /// The verdict of the new export.
        verdict: Verdict,
        /// The minimum.
        wanted: Verdict,
    },
    /// `--max-rejected`
    #[error("{rejected} of {items} items {} rejected, which is more than --max-rejected {allowed} allows", word_for(*rejected, "was", "were"))]
    Rejected {
        /// Items that cannot be rows.
        rejected: u64,
        /// All items.
        items: u64,
        /// The percentage as given.
        allowed: Percent,
    },
    /// `--max-malformed`
    #[error(
        "{values} of {rows} values of {column} have an undocumented type or form, which is more than --max-malformed {allowed} \
         allows"
    )]
    Malformed {
        /// The column.
        column: String,
        /// The number of such values.
        values: u64,
        /// Rows of the new export.
        rows: u64,
        /// The percentage as given.
        allowed: Percent,
    },
}

impl Gate {
    /// Whether there is any condition.
    pub fn is_set(&self) -> bool {
        *self != Self::default()
    }

    /// Checks an export before it is published.
    ///
    /// # Errors
    /// With the first condition that it does not meet.
    pub fn check(&self, export: &Candidate<'_>) -> Result<(), GateFailure> {
        let &Candidate { noun, rows, verdict, before, rows_left_out, items_rejected: rejected, most_malformed } =
            export;
        if let Some(wanted) = self.min_rows.filter(|&wanted| rows < wanted) {
            return Err(GateFailure::TooFew { noun, rows, wanted });
        }
        if let (Some(allowed), Some(before)) = (self.max_shrink, before)
            && allowed.is_exceeded(before.saturating_sub(rows), before)
        {
            return Err(GateFailure::Shrunk { noun, rows, before, allowed });
        }
        // Items are counted before rows are filtered out.
        let rows = rows.saturating_add(rows_left_out);
        let items = rows.saturating_add(rejected);
        if let Some(allowed) = self.max_rejected.filter(|allowed| allowed.is_exceeded(rejected, items)) {
            return Err(GateFailure::Rejected { rejected, items, allowed });
        }
        if let (Some(allowed), Some((column, values))) = (self.max_malformed, most_malformed)
            && allowed.is_exceeded(values, rows)
        {
            return Err(GateFailure::Malformed { column: column.to_owned(), values, rows, allowed });
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

    const CONTACT: RowNoun = RowNoun { one: "contact", many: "contacts" };

    fn export(rows: u64, verdict: Verdict, before: Option<u64>) -> Candidate<'static> {
        let (rows_left_out, items_rejected) = (0, 0);
        Candidate { noun: CONTACT, rows, verdict, before, rows_left_out, items_rejected, most_malformed: None }
    }

    #[test]
    fn every_condition_is_checked_by_itself() {
        let complete = |rows, before| export(rows, Verdict::Complete, before);
        let shrink = Gate { max_shrink: Some("20%".parse().unwrap()), ..Gate::default() };
        assert_eq!(shrink.check(&complete(800, Some(1000))), Ok(()));
        assert!(matches!(shrink.check(&complete(799, Some(1000))), Err(GateFailure::Shrunk { .. })));
        assert_eq!(shrink.check(&complete(0, None)), Ok(()), "the first export has nothing to shrink from");
        let few = Gate { min_rows: Some(5), ..Gate::default() };
        assert!(few.check(&complete(5, None)).is_ok() && few.check(&complete(4, None)).is_err());
        let failure = few.check(&complete(1, None)).unwrap_err().to_string();
        assert_eq!(failure, "there is 1 contact, fewer than --min-contacts 5");
        let message = RowNoun { one: "message", many: "messages" };
        let failure = few.check(&Candidate { noun: message, ..complete(4, None) }).unwrap_err().to_string();
        assert_eq!(failure, "there are 4 messages, fewer than --min-messages 5");
        for (wanted, verdict, is_met) in [
            (Verdict::Complete, Verdict::Complete, true),
            (Verdict::Complete, Verdict::Healed, false),
            (Verdict::Healed, Verdict::Complete, true),
            (Verdict::Healed, Verdict::Healed, true),
            (Verdict::Healed, Verdict::Unverified, false),
        ] {
            let gate = Gate { require: Some(wanted), ..Gate::default() };
            assert_eq!(gate.check(&export(0, verdict, None)).is_ok(), is_met, "{wanted:?} {verdict:?}");
        }
        assert!(!Gate::default().is_set() && few.is_set());
    }

    #[test]
    fn what_was_left_out_or_unreadable_counts_against_the_whole() {
        let one_percent = Some("1%".parse().unwrap());
        let rejected = Gate { max_rejected: one_percent, ..Gate::default() };
        let malformed = Gate { max_malformed: one_percent, ..Gate::default() };
        let with = |items_rejected, values| Candidate {
            items_rejected,
            most_malformed: Some(("created_at", values)),
            ..export(990, Verdict::Complete, None)
        };
        assert_eq!(rejected.check(&with(10, 990)), Ok(()), "10 of 1000 items");
        let failure = rejected.check(&with(11, 0)).unwrap_err();
        assert_eq!(failure.to_string(), "11 of 1001 items were rejected, which is more than --max-rejected 1% allows");
        assert_eq!(malformed.check(&with(500, 9)), Ok(()));
        let failure = malformed.check(&with(0, 10)).unwrap_err().to_string();
        assert!(failure.starts_with("10 of 990 values of created_at have an undocumented"), "{failure}");
        let few_written = Candidate { rows_left_out: 980, ..with(10, 9) };
        let few_written = Candidate { rows: 10, ..few_written };
        assert!(
            rejected.check(&few_written).is_ok() && malformed.check(&few_written).is_ok(),
            "of those that were read"
        );
        let nothing = Gate { max_rejected: Some("0".parse().unwrap()), ..Gate::default() };
        assert!(nothing.check(&export(0, Verdict::Complete, None)).is_ok() && nothing.check(&with(1, 0)).is_err());
    }
}

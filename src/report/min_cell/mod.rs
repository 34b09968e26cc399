//! Small groups merged and small numbers left out, for reports that are passed on.
//!
//! What is common to all resources is here: which numbers may be told ([`Limit`]), and how groups of a table that adds up
//! are merged. What must not follow from the tables of one resource together is in the folder of that resource.

mod contacts;
mod delivery;

use std::collections::BTreeSet;

use super::table::{OTHER_KEY, Table};

/// The smallest number that is told, beside 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub(super) u64);

impl Limit {
    pub(super) fn allows(self, count: u64) -> bool {
        count == 0 || count >= self.0
    }

    /// Whether a number may be told of a whole that is told, too.
    pub(super) fn allows_part(self, part: u64, whole: u64) -> bool {
        self.allows(part) && self.allows(whole.saturating_sub(part))
    }
}

/// Keys that must not be told; the smallest others among them as long as their sum is small itself.
pub(super) fn small_keys(table: &Table, limit: Limit) -> BTreeSet<String> {
    // A key that counts nothing, as an hour without a message, hides nothing.
    let mut rows: Vec<(&String, u64)> =
        table.iter().map(|(key, &count)| (key, count)).filter(|&(_, count)| count > 0).collect();
    rows.sort_by_key(|&(_, count)| count);
    let mut sum = 0;
    let mut small = BTreeSet::new();
    for (key, count) in rows {
        if limit.allows(count) && limit.allows(sum) {
            break;
        }
        sum += count;
        small.insert(key.clone());
    }
    small
}

pub(super) fn merge(table: &mut Table, small: &BTreeSet<String>) {
    let mut sum = 0;
    for key in small {
        sum += table.remove(key).unwrap_or(0);
    }
    if sum > 0 {
        *table.entry(OTHER_KEY.to_owned()).or_default() += sum;
    }
}

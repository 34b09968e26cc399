//! Statistical disclosure control for reports that are shared: merges small groups and suppresses small counts.
//!
//! This module has the parts that all resources share: which counts may be shown ([`Limit`]), and how small groups of a
//! table that adds up are merged. Counts that could be derived from several tables of a resource are handled in the module
//! of that resource.

mod contacts;
mod delivery;

use std::collections::BTreeSet;

use super::table::{OTHER_KEY, Table};

/// The smallest count that is shown, besides 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub(super) u64);

impl Limit {
    pub(super) fn allows(self, count: u64) -> bool {
        count == 0 || count >= self.0
    }

    /// Whether a part of `whole` may be shown if `whole` is shown, too: neither it nor its complement is small.
    pub(super) fn allows_part(self, part: u64, whole: u64) -> bool {
        self.allows(part) && self.allows(whole.saturating_sub(part))
    }
}

/// Keys to merge: those with small counts, and the next larger ones until their sum is not small.
pub(super) fn small_keys(table: &Table, limit: Limit) -> BTreeSet<String> {
    // A count of 0, such as an hour without messages, identifies nobody.
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

/// Merges keys of a table into [`OTHER_KEY`].
pub(super) fn merge(table: &mut Table, small: &BTreeSet<String>) {
    let mut sum = 0;
    for key in small {
        sum += table.remove(key).unwrap_or(0);
    }
    if sum > 0 {
        *table.entry(OTHER_KEY.to_owned()).or_default() += sum;
    }
}

//! Messages with the same channel, region, template or day.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::money::Spending;
use crate::report::table::{MAX_KEYS, OTHER_KEY, Table, is_countable};

/// Groups in the order of their keys.
pub type Groups = BTreeMap<String, Group>;

/// A group of messages. A count is `None` if `--min-cell` suppresses it, or if a column that it needs is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Messages in both directions.
    pub messages: u64,
    /// `OUTBOUND`.
    pub outbound: Option<u64>,
    /// `INBOUND`.
    pub inbound: Option<u64>,
    /// Outbound messages whose status is `SENT`, `DELIVERED` or `READ`.
    pub successful: Option<u64>,
    /// Outbound messages whose status is `FAILED`.
    pub failed: Option<u64>,
    /// Outbound messages whose status is `FILTERED` or `BLOCKED`: they were never handed to a carrier.
    pub withheld: Option<u64>,
    /// What they cost.
    pub spent: Spending,
}

impl Default for Group {
    /// A group without messages, with all counts known.
    fn default() -> Self {
        let [outbound, inbound, successful, failed, withheld] = [Some(0); 5];
        Self { messages: 0, outbound, inbound, successful, failed, withheld, spent: Spending::default() }
    }
}

impl Group {
    /// Outbound messages that count for the deliverability shown in the dashboard: all except filtered and blocked ones.
    pub fn attempted(&self) -> Option<u64> {
        Some(self.outbound?.saturating_sub(self.withheld?))
    }

    /// The counts that are parts of [`messages`](Self::messages); each can be suppressed separately.
    pub(in crate::report) fn parts_mut(&mut self) -> [&mut Option<u64>; 5] {
        [&mut self.outbound, &mut self.inbound, &mut self.successful, &mut self.failed, &mut self.withheld]
    }
}

impl AddAssign for Group {
    /// A count that is `None` in one of the groups is `None` in the sum.
    fn add_assign(&mut self, mut other: Self) {
        self.messages += other.messages;
        self.spent += other.spent;
        for (sum, part) in self.parts_mut().into_iter().zip(other.parts_mut()) {
            *sum = sum.zip(*part).map(|(sum, part)| sum + part);
        }
    }
}

/// The messages of each group.
pub(in crate::report) fn messages_of(groups: &Groups) -> Table {
    groups.iter().map(|(key, group)| (key.clone(), group.messages)).collect()
}

/// Adds to the group of a key; a key beyond [`MAX_KEYS`], or one that could be personal, counts as [`OTHER_KEY`].
pub(in crate::report) fn add_group(groups: &mut Groups, key: &str, group: Group) {
    let is_kept = groups.contains_key(key) || groups.len() < MAX_KEYS && is_countable(key);
    *groups.entry(if is_kept { key } else { OTHER_KEY }.to_owned()).or_default() += group;
}

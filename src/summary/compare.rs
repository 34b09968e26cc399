//! What changed between two summaries.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Summary, Table};

/// A number then and now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Then.
    pub old: u64,
    /// Now.
    pub new: u64,
}

impl Change {
    /// What came or went.
    pub fn difference(self) -> i64 {
        let to_signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        to_signed(self.new).saturating_sub(to_signed(self.old))
    }
}

/// Changes by key, in the order of the keys.
pub type Changes = std::collections::BTreeMap<String, Change>;

/// What changed since an older summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The file or the files that hold the older state.
    pub with: String,
    /// Its moment, RFC 3339, UTC; of files the one that ages are counted from, since they do not tell theirs.
    pub as_of: String,
    /// Whether the older state was counted from files.
    pub is_of_files: bool,
    /// Contacts.
    pub contacts: Change,
    /// Contacts that can be reached.
    pub reachable: Change,
    /// Contacts that opted out.
    pub opted_out: Change,
    /// Contacts without any channel.
    pub without_channel: Change,
    /// By available channel.
    pub channels: Changes,
    /// By region.
    pub regions: Changes,
    /// Regions that had no contact then.
    pub new_regions: Vec<String>,
    /// Regions that have no contact any more.
    pub gone_regions: Vec<String>,
}

impl Comparison {
    /// Compares; `with` names where the older summary comes from.
    pub fn new(old: &Summary, new: &Summary, with: String) -> Self {
        let regions = changes(&old.regions, &new.regions);
        let those = |is_meant: fn(&Change) -> bool| {
            regions.iter().filter(|(_, change)| is_meant(change)).map(|(code, _)| code.clone()).collect()
        };
        Self {
            with,
            as_of: old.as_of.clone(),
            // A summary that is read back has lost them.
            is_of_files: !old.inputs.is_empty(),
            contacts: Change { old: old.contacts, new: new.contacts },
            reachable: Change { old: old.reachable, new: new.reachable },
            opted_out: Change { old: old.opt_out.yes, new: new.opt_out.yes },
            without_channel: Change { old: old.without_channel, new: new.without_channel },
            channels: changes(&old.channels, &new.channels),
            new_regions: those(|change| change.old == 0),
            gone_regions: those(|change| change.new == 0),
            regions,
        }
    }
}

fn changes(old: &Table, new: &Table) -> Changes {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let count = |table: &Table, key: &String| table.get(key).copied().unwrap_or(0);
    keys.into_iter().map(|key| (key.clone(), Change { old: count(old, key), new: count(new, key) })).collect()
}

//! What changed between two summaries.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Summary, Table};
use crate::resources::contacts::{column, column_name};

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

/// Columns that a comparison rests on.
const COMPARED: [usize; 3] = [column::AVAILABLE_CHANNELS, column::OPT_OUT, column::REGION_CODE];

/// Changes by key, in the order of the keys.
pub type Changes = std::collections::BTreeMap<String, Change>;

/// What changed since an older summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The file or the files that hold the older state.
    pub with: String,
    /// Its moment, RFC 3339, UTC; of files that of their manifest, or when they were written.
    pub as_of: String,
    /// Contacts.
    pub contacts: Change,
    /// Whether the two sides were exported with different filters, as far as they tell: what differs then need not have
    /// changed.
    pub filters_differ: bool,
    /// Columns that one of the sides does not have; what rests on them is not compared.
    pub columns_not_in_both: Vec<String>,
    /// Contacts that can be reached.
    pub reachable: Option<Change>,
    /// Contacts that opted out.
    pub opted_out: Option<Change>,
    /// Contacts without any channel.
    pub without_channel: Option<Change>,
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
        let have = |column: usize| old.has(&[column]) && new.has(&[column]);
        let both = |then: Option<u64>, now: Option<u64>| Some(Change { old: then?, new: now? });
        let told = |column: usize, old, new| if have(column) { changes(old, new) } else { Changes::new() };
        let regions = told(column::REGION_CODE, &old.regions, &new.regions);
        let absent = COMPARED.into_iter().filter(|&column| !have(column));
        let those = |is_meant: fn(&Change) -> bool| {
            regions.iter().filter(|(_, change)| is_meant(change)).map(|(code, _)| code.clone()).collect()
        };
        Self {
            with,
            as_of: old.as_of.clone(),
            contacts: Change { old: old.contacts, new: new.contacts },
            filters_differ: old.filters != new.filters || old.filters_differ || new.filters_differ,
            columns_not_in_both: absent.map(|column| column_name(column).to_owned()).collect(),
            reachable: both(old.reachable, new.reachable),
            opted_out: both(old.opted_out(), new.opted_out()),
            without_channel: both(old.without_channel, new.without_channel),
            channels: told(column::AVAILABLE_CHANNELS, &old.channels, &new.channels),
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

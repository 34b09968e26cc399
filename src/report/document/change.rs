//! A number in an older state and in the current one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::super::table::Table;

/// A number in an older state and in the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CountChange {
    /// In the older state.
    pub old: u64,
    /// In the current state.
    pub new: u64,
}

impl CountChange {
    /// The difference, negative if the number decreased.
    pub fn difference(self) -> i64 {
        let to_signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        to_signed(self.new).saturating_sub(to_signed(self.old))
    }
}

/// Changes by key, in the order of the keys.
pub type CountChanges = BTreeMap<String, CountChange>;

/// The changes of all keys of two tables; a key that one of them lacks counts as 0 there.
pub(in crate::report) fn changes(old: &Table, new: &Table) -> CountChanges {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let count = |table: &Table, key: &String| table.get(key).copied().unwrap_or(0);
    keys.into_iter().map(|key| (key.clone(), CountChange { old: count(old, key), new: count(new, key) })).collect()
}

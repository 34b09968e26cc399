//! A number in an older state and in the present one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::super::table::Table;

/// A number then and now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CountChange {
    /// Then.
    pub old: u64,
    /// Now.
    pub new: u64,
}

impl CountChange {
    /// What came or went.
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

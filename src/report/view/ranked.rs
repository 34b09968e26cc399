//! Selects the rows of a long table that are shown.
//!
//! The largest rows come first, then one row with the sum of those that do not fit, and last the leftovers (`unknown`,
//! `(other)`, `none`), which are always shown because they are not small groups but rows without one.
//!
//! *Easy to get wrong:* the row for the rest counts exactly what is not shown. An HTML page that collapses a table shows
//! fewer rows at first, so it has another such row until the table is expanded ([`Fold`]).

use std::cmp::Reverse;

use super::super::table::{Table, is_leftover};
use super::distinct::distinguish;
use super::parts::{Fold, Row, TableView};
use crate::base::plural::grouped;

/// Number of rows that a collapsed table shows.
const UNFOLDED_ROWS: usize = 15;
/// Minimum number of rows to collapse; fewer are not worth a click.
const MIN_FOLDED_ROWS: usize = 4;

/// Keys and values of rows.
type RankedRows<'a, V> = Vec<(&'a str, V)>;

/// The rows of a table in display order.
pub(super) struct Ranked<'a, V> {
    named: RankedRows<'a, V>,
    /// Rows that do not fit.
    rest: RankedRows<'a, V>,
    leftovers: RankedRows<'a, V>,
}

impl<'a, V: Copy> Ranked<'a, V> {
    /// The `limit` largest rows by `size`, or one more: a single row takes no more space than a row for the rest.
    pub(super) fn new(rows: impl Iterator<Item = (&'a str, V)>, limit: usize, size: impl Fn(V) -> u64) -> Self {
        let (mut leftovers, mut named): (RankedRows<V>, RankedRows<V>) = rows.partition(|(key, _)| is_leftover(key));
        for rows in [&mut leftovers, &mut named] {
            rows.sort_by_key(|&(_, value)| Reverse(size(value)));
        }
        let rest = if named.len() > limit + 1 { named.split_off(limit) } else { Vec::new() };
        Self { named, rest, leftovers }
    }

    /// The rows that are shown.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&'a str, V)> {
        self.named.iter().chain(&self.leftovers).copied()
    }

    /// Number of rows that are not shown.
    pub(super) fn rest_len(&self) -> usize {
        self.rest.len()
    }

    /// Fills a table; `rest` makes the row with the sum of several.
    pub(super) fn fill(
        &self,
        view: TableView,
        row: impl Fn(&str, V) -> Row,
        rest: impl Fn(&[(&'a str, V)]) -> Row,
    ) -> TableView {
        let mut rows: Vec<_> = self.named.iter().map(|&(key, value)| row(key, value)).collect();
        distinguish(&keys(&self.named), &mut rows);
        let is_long = self.named.len() >= UNFOLDED_ROWS + MIN_FOLDED_ROWS;
        if !self.rest.is_empty() {
            rows.push(rest(&self.rest));
        }
        let fold = is_long.then(|| {
            let hidden: RankedRows<V> = self.named[UNFOLDED_ROWS..].iter().chain(&self.rest).copied().collect();
            Fold { rows: UNFOLDED_ROWS..rows.len(), rest: rest(&hidden) }
        });
        rows.extend(self.leftovers.iter().map(|&(key, value)| row(key, value)));
        TableView { rows, fold, ..view }
    }
}

impl<'a> Ranked<'a, u64> {
    pub(super) fn of_counts(table: &'a Table, limit: usize) -> Self {
        Self::new(table.iter().map(|(key, &count)| (key.as_str(), count)), limit, |count| count)
    }

    /// The largest count of a row that is shown; `None` without rows.
    pub(super) fn largest(&self) -> Option<u64> {
        self.shown().map(|(_, count)| count).max()
    }
}

fn keys<'a, V>(rows: &[(&'a str, V)]) -> Vec<&'a str> {
    rows.iter().map(|&(key, _)| key).collect()
}

/// The name of the row that stands for this many rows.
pub(super) fn more(rows: usize) -> String {
    format!("… and {} more", grouped(rows as u64))
}

/// The sum of rows.
pub(super) fn sum(rows: &[(&str, u64)]) -> u64 {
    rows.iter().map(|&(_, count)| count).sum()
}

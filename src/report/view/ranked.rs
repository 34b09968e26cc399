//! Which rows of a long table are shown.
//!
//! The largest first, then one row for all for which there is no room, and last what is left over (`unknown`, `(other)`,
//! `none`): it is shown always, for it is no small group among others but what the table cannot tell.
//!
//! *Easy to get wrong:* the row for the rest counts everything that is not shown, and nothing else. A page that folds a
//! table shows fewer rows at first, and so has another such row meanwhile ([`Fold`]).

use std::cmp::Reverse;

use super::super::table::{Table, is_leftover};
use super::parts::{Fold, Row, TableView};
use crate::base::plural::grouped;

/// Rows that a page shows of a table that it folds.
const UNFOLDED_ROWS: usize = 15;
/// Fewer than these are not worth a click.
const MIN_FOLDED_ROWS: usize = 4;

/// Rows by their keys, with what they count.
type Rows<'a, V> = Vec<(&'a str, V)>;

/// The rows of a table in the order in which they are shown.
pub(super) struct Ranked<'a, V> {
    named: Rows<'a, V>,
    /// What there is no room for.
    rest: Rows<'a, V>,
    leftovers: Rows<'a, V>,
}

impl<'a, V: Copy> Ranked<'a, V> {
    /// The largest rows by `size`, at most `limit` and one more: in place of a row for one row there is room for it.
    pub(super) fn new(rows: impl Iterator<Item = (&'a str, V)>, limit: usize, size: impl Fn(V) -> u64) -> Self {
        let (mut leftovers, mut named): (Rows<V>, Rows<V>) = rows.partition(|(key, _)| is_leftover(key));
        for rows in [&mut leftovers, &mut named] {
            rows.sort_by_key(|&(_, value)| Reverse(size(value)));
        }
        let rest = if named.len() > limit + 1 { named.split_off(limit) } else { Vec::new() };
        Self { named, rest, leftovers }
    }

    /// Those that are shown.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&'a str, V)> {
        self.named.iter().chain(&self.leftovers).copied()
    }

    /// How many are not shown.
    pub(super) fn rest_len(&self) -> usize {
        self.rest.len()
    }

    /// Fills a table; `rest` makes the row that stands for several.
    pub(super) fn fill(
        &self,
        view: TableView,
        row: impl Fn(&str, V) -> Row,
        rest: impl Fn(&[(&'a str, V)]) -> Row,
    ) -> TableView {
        let mut rows: Vec<_> = self.named.iter().map(|&(key, value)| row(key, value)).collect();
        let is_long = self.named.len() >= UNFOLDED_ROWS + MIN_FOLDED_ROWS;
        if !self.rest.is_empty() {
            rows.push(rest(&self.rest));
        }
        let fold = is_long.then(|| {
            let hidden: Rows<V> = self.named[UNFOLDED_ROWS..].iter().chain(&self.rest).copied().collect();
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

    /// The largest count of a row of its own; nothing when there are no rows.
    pub(super) fn largest(&self) -> Option<u64> {
        self.shown().map(|(_, count)| count).max()
    }
}

/// The name of a row that stands for so many.
pub(super) fn more(rows: usize) -> String {
    format!("… and {} more", grouped(rows as u64))
}

/// What the rows that are not shown count together.
pub(super) fn sum(rows: &[(&str, u64)]) -> u64 {
    rows.iter().map(|&(_, count)| count).sum()
}

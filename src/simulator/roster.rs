//! Which contacts are in the list, and in which order.
//!
//! A [`Roster`] maps positions to contact indexes. `world` reads windows of it and inserts, removes and moves rows; the
//! contacts themselves are generated elsewhere.
//!
//! *Easy to get wrong:* rows are stored in ascending order and read backward for descending orders, so that common changes
//! (new rows, updated rows) affect the end of the vector, where they are cheap. Positions are always those the client sees.
//!
//! A list that has not changed and is sorted by creation needs no memory; any other takes four bytes per contact.
//!
//! The unit tests compare with a plain sorted vector.

use std::ops::Range;

use super::order::Order;
use super::pool::Pool;
use super::random::{DrawPurpose, Draws, draw};

/// Number of consecutive rows that an unstable sort may shuffle: more than a page, so that pages repeat and miss rows.
const TIED_ROWS: u32 = 250;

/// The order of a list.
#[derive(Debug, Clone)]
pub(super) struct Roster {
    rows: RosterRows,
    order: Order,
    seed: u64,
}

#[derive(Debug, Clone)]
enum RosterRows {
    /// The contacts 0 up to, not including, this one.
    Untouched(u32),
    /// These contacts.
    Listed(Vec<u32>),
}

impl Roster {
    /// The initial list.
    pub(super) fn new(order: Order, pool: &Pool) -> Self {
        let (count, seed) = (pool.initial(), pool.seed());
        let rows = match order {
            Order::CreatedAscending | Order::CreatedDescending | Order::Unstable if pool.is_mixed() => {
                let mut rows: Vec<u32> = (0..count).collect();
                rows.sort_by_cached_key(|index| (pool.times(*index).created, *index));
                RosterRows::Listed(rows)
            }
            Order::CreatedAscending | Order::CreatedDescending | Order::Unstable => RosterRows::Untouched(count),
            Order::RandomKey => {
                let mut rows: Vec<u32> = (0..count).collect();
                rows.sort_by_cached_key(|index| order_key(seed, *index));
                RosterRows::Listed(rows)
            }
            Order::UpdatedAscending | Order::UpdatedDescending => {
                let mut rows: Vec<u32> = (0..count).collect();
                rows.sort_by_cached_key(|index| {
                    let times = pool.times(*index);
                    (times.updated.unwrap_or(times.created), *index)
                });
                RosterRows::Listed(rows)
            }
        };
        Self { rows, order, seed }
    }

    /// Number of contacts in the list.
    pub(super) fn len(&self) -> u32 {
        match &self.rows {
            RosterRows::Untouched(count) => *count,
            RosterRows::Listed(rows) => u32::try_from(rows.len()).unwrap_or(u32::MAX),
        }
    }

    /// The contact at a position that is in the list.
    pub(super) fn at(&self, position: u32) -> u32 {
        let place = self.place(position);
        match &self.rows {
            RosterRows::Untouched(_) => place,
            RosterRows::Listed(rows) => rows[place as usize],
        }
    }

    /// All contacts in the order of the list.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        (0..self.len()).map(|position| self.at(position))
    }

    /// Adds a new contact where the order puts it.
    pub(super) fn insert(&mut self, index: u32) {
        let (order, seed) = (self.order, self.seed);
        let rows = self.listed();
        match order {
            Order::RandomKey => {
                let key = order_key(seed, index);
                let place = rows.partition_point(|other| order_key(seed, *other) < key);
                rows.insert(place, index);
            }
            _ => rows.push(index),
        }
    }

    /// Adds a contact before the `newer` most recent ones, if the list is ordered by creation.
    pub(super) fn insert_late(&mut self, index: u32, newer: usize) {
        match self.order {
            Order::CreatedAscending | Order::CreatedDescending | Order::Unstable => {
                let rows = self.listed();
                rows.insert(rows.len().saturating_sub(newer), index);
            }
            _ => self.insert(index),
        }
    }

    /// Number of consecutive rows at the end of the vector that match.
    pub(super) fn count_last(&self, mut is_counted: impl FnMut(u32) -> bool) -> usize {
        match &self.rows {
            RosterRows::Untouched(_) => 0,
            RosterRows::Listed(rows) => rows.iter().rev().take_while(|index| is_counted(**index)).count(),
        }
    }

    /// Removes a contact and returns it; `None` if the list ends before the position.
    pub(super) fn remove(&mut self, position: u32) -> Option<u32> {
        if position >= self.len() {
            return None;
        }
        let place = self.place(position) as usize;
        Some(self.listed().remove(place))
    }

    /// Updates the order after an update of this contact.
    pub(super) fn touch(&mut self, position: u32) -> Option<u32> {
        if position >= self.len() {
            return None;
        }
        let index = self.at(position);
        if matches!(self.order, Order::UpdatedAscending | Order::UpdatedDescending) {
            self.remove(position);
            self.insert(index);
        }
        Some(index)
    }

    /// Converts a position the client sees into an index of the rows, and back.
    fn place(&self, position: u32) -> u32 {
        if matches!(self.order, Order::CreatedDescending | Order::UpdatedDescending) {
            self.len() - 1 - position
        } else {
            position
        }
    }

    fn listed(&mut self) -> &mut Vec<u32> {
        if let RosterRows::Untouched(count) = self.rows {
            self.rows = RosterRows::Listed((0..count).collect());
        }
        match &mut self.rows {
            RosterRows::Listed(rows) => rows,
            RosterRows::Untouched(_) => unreachable!("the rows have just been listed"),
        }
    }
}

/// The positions that an unstable sort shows in a window, for one request: each request shuffles ties differently.
pub(super) fn mixed_positions(window: Range<u32>, total: u32, seed: u64, request: u64) -> Vec<u32> {
    let mut positions = Vec::with_capacity(window.len());
    let mut position = window.start;
    while position < window.end {
        let group = position / TIED_ROWS;
        let start = group * TIED_ROWS;
        let mut rows: Vec<u32> = (start..(start + TIED_ROWS).min(total)).collect();
        let mut draws = Draws::new(seed ^ request.rotate_left(32), DrawPurpose::Ties, u64::from(group));
        for last in (1..rows.len()).rev() {
            let other = draws.below(u32::try_from(last + 1).unwrap_or(u32::MAX)) as usize;
            rows.swap(last, other);
        }
        let end = window.end.min(start + TIED_ROWS).min(total);
        if end <= position {
            break;
        }
        positions.extend_from_slice(&rows[(position - start) as usize..(end - start) as usize]);
        position = end;
    }
    positions
}

fn order_key(seed: u64, index: u32) -> u64 {
    draw(seed, DrawPurpose::OrderKey, u64::from(index))
}

#[cfg(test)]
mod tests {
    use super::super::maker::Maker;
    use super::*;

    fn pool() -> Pool {
        Maker { seed: 9, initial: 1_000, customer_id: None, hostile: false }.into()
    }

    fn roster(order: Order) -> Roster {
        Roster::new(order, &pool())
    }

    fn rows(roster: &Roster) -> Vec<u32> {
        roster.iter().collect()
    }

    #[test]
    fn new_contacts_are_inserted_in_order() {
        for (order, position) in [
            (Order::CreatedAscending, Some(1_000)),
            (Order::CreatedDescending, Some(0)),
            (Order::UpdatedAscending, Some(1_000)),
            (Order::UpdatedDescending, Some(0)),
            (Order::RandomKey, None),
        ] {
            let mut roster = roster(order);
            let before = rows(&roster);
            roster.insert(1_000);
            let found = rows(&roster).iter().position(|index| *index == 1_000);
            assert!(found.is_some() && (position.is_none() || found == position), "{order:?} {found:?}");
            let others: Vec<u32> = rows(&roster).into_iter().filter(|index| *index != 1_000).collect();
            assert_eq!(others, before, "the others keep their order");
        }
    }

    #[test]
    fn removal_closes_the_gap() {
        for order in [Order::CreatedAscending, Order::CreatedDescending, Order::RandomKey] {
            let mut roster = roster(order);
            let mut expected = rows(&roster);
            assert_eq!(roster.remove(40), Some(expected.remove(40)));
            assert_eq!(rows(&roster), expected);
            assert_eq!(roster.remove(999), None);
        }
    }

    #[test]
    fn an_update_moves_a_row_only_where_updates_decide() {
        for (order, to) in [(Order::UpdatedAscending, 999), (Order::UpdatedDescending, 0), (Order::RandomKey, 500)] {
            let mut roster = roster(order);
            let row = roster.at(500);
            assert_eq!(roster.touch(500), Some(row));
            assert_eq!(roster.at(to), row, "{order:?}");
        }
    }

    #[test]
    fn orders_by_time_are_sorted_by_it() {
        let pool = pool();
        let changed = |index: u32| pool.times(index).updated.unwrap_or(pool.times(index).created);
        assert!(rows(&roster(Order::UpdatedAscending)).is_sorted_by_key(|index| changed(*index)));
        assert!(rows(&roster(Order::UpdatedDescending)).is_sorted_by(|a, b| changed(*a) >= changed(*b)));
    }

    #[test]
    fn an_unstable_order_shuffles_ties_and_keeps_every_row() {
        let mut all: Vec<u32> =
            (0..11).flat_map(|page| mixed_positions(page * 100..(page + 1) * 100, 1_020, 1, 7)).collect();
        assert_eq!(all.len(), 1_020);
        assert_ne!(all, (0..1_020).collect::<Vec<_>>());
        all.sort_unstable();
        assert_eq!(all, (0..1_020).collect::<Vec<_>>(), "within one request number nothing is lost");
        assert_ne!(mixed_positions(0..100, 1_020, 1, 7), mixed_positions(0..100, 1_020, 1, 8));
        assert!(mixed_positions(1_020..1_020, 1_020, 1, 7).is_empty());
    }
}

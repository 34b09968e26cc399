//! Rows that are known to be in the output, and where in the list they stand: what a join is anchored on.
//!
//! Of every answer the walk remembers the first and the last new rows as [`RowPrint`]s, 64 bits each, about two bytes a
//! contact. A row that is met again with the same print is *unmoved*: the same contact with the same times. Unmoved rows
//! keep their order, whatever is created or deleted around them, which is what every join rests on.
//!
//! *Easy to get wrong:* a row that two answers share has one place only, so of a plain page only the new rows become marks,
//! and of a chain's answer those that follow what was held. The places of the marks in any later answer must then
//! ascend; where they do not, the list has no order to rely on.

use std::collections::HashMap;

use crate::contacts::RowKey;

/// Rows remembered at the beginning of an answer.
const HEAD_MARKS: usize = 8;
/// Rows remembered at its end: more, because this is where the reading goes on.
const TAIL_MARKS: usize = 16;

/// A contact and its times in 64 bits: another value means that the contact changed, and may have moved.
///
/// Two rows of an account share a print with a probability of about n²/2⁶⁵; a join looks at a few dozen of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RowPrint(u64);

impl RowPrint {
    pub(super) fn new(key: &RowKey) -> Self {
        let id = key.id.0;
        let mut hash = 0x9e37_79b9_7f4a_7c15_u64;
        // `None` and the moment zero differ, as do the two times.
        let time = |time: Option<i64>| time.map_or(u64::MAX, i64::cast_unsigned);
        let halves = uuid::Uuid::from_u128(id).as_u64_pair();
        for part in [halves.0, halves.1, time(key.created_at), time(key.updated_at)] {
            hash = (hash ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            hash ^= hash >> 29;
        }
        Self(hash)
    }
}

/// The prints of an answer's rows; `None` for an item that is no contact.
pub(super) fn prints(items: &[Option<RowKey>]) -> Vec<Option<RowPrint>> {
    items.iter().map(|item| item.as_ref().map(RowPrint::new)).collect()
}

/// The last rows of an answer, as many as the next one may join on.
pub(super) fn last_prints(prints: &[Option<RowPrint>]) -> Vec<RowPrint> {
    let known: Vec<RowPrint> = prints.iter().copied().flatten().collect();
    known[known.len().saturating_sub(TAIL_MARKS)..].to_vec()
}

/// Where in the list a row stands among all rows that are remembered.
///
/// Pages of the plain walk are the blocks 1, 2, 3 and so on, what is before them the block 0; re-reads of the head are the
/// blocks -1, -2 and so on. The steps of a chain that closes the gap behind a block count on from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The block.
    pub block: i64,
    /// 0 for the block's own rows, then the answers that continued it.
    pub step: u32,
    /// Place in the answer.
    pub row: u32,
}

impl Place {
    /// Before everything.
    pub(super) const START: Self = Self { block: i64::MIN, step: 0, row: 0 };
    /// Behind everything.
    pub(super) const END: Self = Self { block: i64::MAX, step: u32::MAX, row: u32::MAX };

    /// The last place of an answer.
    pub(super) fn last_of(block: i64, step: u32) -> Self {
        Self { block, step, row: u32::MAX }
    }
}

/// The marks of one answer: head and tail of its new rows, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct BlockMarks(Box<[RowPrint]>);

impl BlockMarks {
    /// Takes the rows of a page for which `is_new` holds, one entry for each contact among `items`.
    pub(super) fn of_page(items: &[Option<RowKey>], is_new: &[bool]) -> Self {
        let mut new = Vec::with_capacity(is_new.len());
        new.extend(items.iter().flatten().zip(is_new).filter(|&(_, &is_new)| is_new).map(|(key, _)| key));
        Self(head_and_tail(&new).into_iter().map(RowPrint::new).collect())
    }

    /// Takes rows that follow each other in the list, none of which is marked.
    pub(super) fn of(rows: &[RowPrint]) -> Self {
        Self(head_and_tail(rows).into())
    }

    /// The last rows, as many as a join may need.
    pub(super) fn tail(&self) -> &[RowPrint] {
        &self.0[self.0.len().saturating_sub(TAIL_MARKS)..]
    }

    fn iter(&self) -> impl Iterator<Item = (u32, RowPrint)> + '_ {
        (0..).zip(self.0.iter().copied())
    }
}

/// The rows of an answer that are remembered.
fn head_and_tail<T: Copy>(rows: &[T]) -> Vec<T> {
    let head = rows.len().min(HEAD_MARKS);
    let tail = rows.len().saturating_sub(TAIL_MARKS).max(head);
    [&rows[..head], &rows[tail..]].concat()
}

/// All marks by print.
#[derive(Debug, Default)]
pub(super) struct Marks(HashMap<RowPrint, Place>);

/// What an answer shows of the rows that are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MarkedRow {
    /// Place in the answer.
    pub(super) at: usize,
    /// Place in the list.
    pub(super) place: Place,
}

impl Marks {
    /// Remembers the marks of an answer.
    pub(super) fn add(&mut self, block: i64, step: u32, marks: &BlockMarks) {
        for (row, print) in marks.iter() {
            self.0.entry(print).or_insert(Place { block, step, row });
        }
    }

    /// Forgets all marks behind one place, up to another one.
    pub(super) fn forget(&mut self, after: Place, up_to: Place) {
        self.0.retain(|_, place| *place <= after || *place > up_to);
    }

    /// The marks among an answer's rows, in the answer's order.
    pub(super) fn find(&self, prints: &[Option<RowPrint>]) -> Vec<MarkedRow> {
        let found = |(at, print): (usize, &Option<RowPrint>)| {
            let place = *self.0.get(print.as_ref()?)?;
            Some(MarkedRow { at, place })
        };
        prints.iter().enumerate().filter_map(found).collect()
    }
}

/// Whether the marks of an answer stand in the order in which they are held.
pub(super) fn is_in_order(marked: &[MarkedRow]) -> bool {
    marked.is_sorted_by_key(|row| row.place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contacts::ContactId;

    fn rows(ids: std::ops::Range<u128>) -> Vec<Option<RowKey>> {
        ids.map(|id| Some(RowKey { id: ContactId(id), created_at: Some(1), updated_at: None })).collect()
    }

    #[test]
    fn a_print_changes_with_each_of_its_parts() {
        let key = RowKey { id: ContactId(1), created_at: Some(5), updated_at: None };
        let others = [
            RowKey { id: ContactId(2), ..key },
            RowKey { id: ContactId(1 << 64), ..key },
            RowKey { created_at: None, ..key },
            RowKey { updated_at: Some(5), ..key },
            RowKey { created_at: None, updated_at: Some(5), ..key },
        ];
        for other in others {
            assert_ne!(RowPrint::new(&key), RowPrint::new(&other), "{other:?}");
        }
    }

    #[test]
    fn head_and_tail_of_an_answer_are_remembered_in_order() {
        let (mut marks, items) = (Marks::default(), rows(0..100));
        marks.add(3, 0, &BlockMarks::of_page(&items, &[true; 100]));
        let found = marks.find(&prints(&items));
        let at: Vec<usize> = found.iter().map(|row| row.at).collect();
        assert_eq!(at, (0..8).chain(84..100).collect::<Vec<_>>());
        assert!(found.is_sorted_by_key(|row| row.place));
    }

    #[test]
    fn short_answers_and_rows_that_came_before_are_no_trouble() {
        let items = rows(0..10);
        assert_eq!(BlockMarks::of_page(&items, &[true; 10]).0.len(), 10);
        assert_eq!(BlockMarks::of_page(&items, &[false; 10]), BlockMarks::default());
        let mut is_new = [true; 10];
        is_new[0] = false;
        let marks = BlockMarks::of_page(&items, &is_new);
        assert_eq!(marks.0[0], RowPrint::new(items[1].as_ref().unwrap()));
        assert_eq!(marks.tail().len(), 9);
    }
}

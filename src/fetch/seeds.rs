//! Windows inside stretches that nobody has read: they split the work among chains.
//!
//! *Easy to get wrong:* a seed's place in the line is settled when it is asked for, and chains move on until it is here.

use std::collections::BTreeMap;

use super::gap::{AnswerRows, Edge, Gap, Role};
use super::{Place, Purpose, Request, Window};

/// Pages that a chain must have before it to be worth splitting.
const MIN_PAGES_TO_SPLIT: u64 = 48;

/// A window that is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seed {
    block: i64,
    offset: u64,
}

/// The seeds that are out.
#[derive(Debug, Default)]
pub(super) struct Seeds(Vec<Seed>);

impl Seeds {
    /// Whether none is out.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes that a seed is asked for.
    pub(super) fn note_out(&mut self, block: i64, offset: u64) {
        self.0.push(Seed { block, offset });
    }

    /// Notes that a seed is there, or given up.
    pub(super) fn remove(&mut self, block: i64) {
        self.0.retain(|seed| seed.block != block);
    }

    /// A window in the middle of the longest stretch that is still before a chain, in a list of `total` rows.
    pub(super) fn next(&self, gaps: &BTreeMap<Place, Gap>, total: u64, cap: u32) -> Option<Request> {
        let size = u64::from(cap);
        // Where the stretch behind each gap ends: at the next gap, or with the list.
        let bounds = gaps.values().skip(1).map(|gap| (gap.start, gap.edge.place.block));
        let bounds = bounds.chain([(total, i64::MAX)]);
        let stretch = |(gap, (mut end, mut block)): (&Gap, (u64, i64))| {
            let seeds = self.0.iter().filter(|seed| (gap.edge.offset..end).contains(&seed.offset));
            if let Some(seed) = seeds.min_by_key(|seed| seed.offset) {
                (end, block) = (seed.offset, seed.block);
            }
            let page = u64::midpoint(gap.edge.offset, end) / size + 1;
            let number = i64::try_from(page).ok()?;
            let is_between = gap.edge.place.block < number && number < block;
            let length = end.checked_sub(gap.edge.offset)?;
            let is_long = gap.role == Role::Join && length >= MIN_PAGES_TO_SPLIT * size;
            (is_long && is_between).then_some((length, page, number))
        };
        let (_, page, block) = gaps.values().zip(bounds).filter_map(stretch).max()?;
        Some(Request { window: Window { page, size: cap }, purpose: Purpose::Seed { block } })
    }

    /// Whether a seed stands in the line where it stands in the list. A chain may have passed it, or fallen back to before
    /// it, since it was asked for.
    pub(super) fn fits(gaps: &BTreeMap<Place, Gap>, block: i64, rows: &AnswerRows<'_>, cap: u32) -> bool {
        // Offsets are only known to within some rows.
        let near = rows.offset + rows.prints.len() as u64 + 2 * u64::from(cap);
        gaps.values().all(|gap| {
            let Edge { place, offset, .. } = &gap.edge;
            if place.block < block { *offset <= rows.offset } else { gap.role != Role::Join || *offset >= near }
        })
    }
}

//! What rests on columns that not all files have, and therefore is not told.
//!
//! Null regions, codes and months are counted as unknown, and that is true of a column that is not there, too. But an
//! empty list of channels says that there is none, and a null `updated_at` that there never was a change: such numbers are
//! left out, so that no form takes a missing column for an answer.
//!
//! *Easy to get wrong:* one file of several without the column is enough, or its contacts would count as a wrong answer.

use super::summary::{Summary, UpdatedCounts};
use crate::report::table::Table;
use crate::resources::contacts::{column, column_name};

impl Summary {
    /// Whether all files have these columns.
    pub(in crate::report) fn has(&self, columns: &[usize]) -> bool {
        columns.iter().all(|&column| self.origin.has(&[column_name(column)]))
    }

    /// Contacts that opted out, where that is known.
    pub(in crate::report) fn opted_out(&self) -> Option<u64> {
        self.has(&[column::OPT_OUT]).then_some(self.opt_out.yes)
    }
}

/// Omits what needs one of the absent columns.
pub(super) fn omit(summary: &mut Summary) {
    if !summary.has(&[column::AVAILABLE_CHANNELS]) {
        summary.without_channel = None;
        summary.default_channel_not_available = 0;
        summary.channels = Table::new();
        summary.channel_combinations = Table::new();
        summary.channels_by_region.clear();
    }
    if !summary.has(&[column::AVAILABLE_CHANNELS, column::OPT_OUT]) {
        summary.reachable = None;
        summary.region_details.values_mut().for_each(|detail| detail.reachable = None);
    }
    if !summary.has(&[column::OPT_OUT]) {
        summary.region_details.values_mut().for_each(|detail| detail.opted_out = None);
    }
    if !summary.has(&[column::UPDATED_AT]) {
        summary.updated = UpdatedCounts::default();
    }
}

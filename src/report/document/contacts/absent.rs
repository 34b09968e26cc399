//! Omits counts that need a column which some files lack.
//!
//! Null regions, codes and months count as unknown, which is also correct if the column is missing. But an empty list of
//! channels means that a contact has none, and a null `updated_at` means that it was never changed. A missing column means
//! neither, so these counts are omitted.
//!
//! *Easy to get wrong:* counts are omitted even if only one file lacks the column, because its contacts would be counted
//! wrongly.

use super::summary::{Summary, UpdatedCounts};
use crate::report::table::Table;
use crate::resources::contacts::{column, column_name};

impl Summary {
    /// Whether all files have these columns.
    pub(in crate::report) fn has(&self, columns: &[usize]) -> bool {
        columns.iter().all(|&column| self.origin.has(&[column_name(column)]))
    }

    /// Contacts that opted out; `None` if unknown.
    pub(in crate::report) fn opted_out(&self) -> Option<u64> {
        self.has(&[column::OPT_OUT]).then_some(self.opt_out.yes)
    }
}

/// Omits the counts that need one of the absent columns.
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
        summary.reachable_channels = Table::new();
        summary.reachable_by_region.clear();
        summary.region_details.values_mut().for_each(|detail| detail.reachable = None);
    }
    if !summary.has(&[column::OPT_OUT]) {
        summary.region_details.values_mut().for_each(|detail| detail.opted_out = None);
    }
    if !summary.has(&[column::UPDATED_AT]) {
        summary.updated = UpdatedCounts::default();
    }
}

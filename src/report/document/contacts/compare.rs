//! Compares two summaries of contacts.

use super::super::change::{CountChange, CountChanges, changes};
use super::comparison::Comparison;
use super::summary::Summary;
use crate::resources::contacts::{column, column_name};

/// Columns that a comparison needs.
const COMPARED: [usize; 3] = [column::AVAILABLE_CHANNELS, column::OPT_OUT, column::REGION_CODE];

/// Compares two summaries; `with` names the source of the older one.
pub fn compare(old: &Summary, new: &Summary, with: String) -> Comparison {
    let have = |column: usize| old.has(&[column]) && new.has(&[column]);
    let both = |then: Option<u64>, now: Option<u64>| Some(CountChange { old: then?, new: now? });
    let changed = |column: usize, old, new| if have(column) { changes(old, new) } else { CountChanges::new() };
    let regions = changed(column::REGION_CODE, &old.regions, &new.regions);
    let absent = COMPARED.into_iter().filter(|&column| !have(column));
    let those = |matches: fn(&CountChange) -> bool| {
        regions.iter().filter(|(_, change)| matches(change)).map(|(code, _)| code.clone()).collect()
    };
    Comparison {
        with,
        as_of: old.as_of.clone(),
        gross: None,
        contacts: CountChange { old: old.contacts, new: new.contacts },
        filters_differ: new.origin.has_other_filters(&old.origin),
        columns_not_in_both: absent.map(|column| column_name(column).to_owned()).collect(),
        reachable: both(old.reachable, new.reachable),
        opted_out: both(old.opted_out(), new.opted_out()),
        without_channel: both(old.without_channel, new.without_channel),
        channels: changed(column::AVAILABLE_CHANNELS, &old.channels, &new.channels),
        new_regions: those(|change| change.old == 0),
        gone_regions: those(|change| change.new == 0),
        regions,
    }
}

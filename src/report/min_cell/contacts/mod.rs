//! Merges small groups of contacts and suppresses small counts.
//!
//! A count is shown if it and its complement are each 0 or at least the limit: "89 of 100 have SMS" reveals that 11 do not.
//! All of this changes the [`Summary`], so every form of the report shows the same.
//! - In tables that add up, smaller groups are merged into `(other)`.
//! - A contact can have several channels, so channels cannot be merged. A suppressed channel is missing from the table, as
//!   a channel with 0 contacts would be.
//! - Counts within a region are suppressed one by one; see [`regions`].
//! - A suppressed count of one table must not follow from another table with the same sum: channels and their combinations,
//!   continents and their regions, the total and the regions.
//!
//! Totals over all contacts are kept: how many can be reached, opted out or have no channel, the ages of the last change,
//! and the findings on quality. Two things are not hidden: how much a count changed since an older summary, and what follows
//! from tables by different keys, such as region and calling code.
//!
//! *Easy to get wrong:* the count of a single merged group is the total minus all others, so the next larger group is merged
//! with it. Both sides of a comparison must merge the same groups, or one reveals what the other hides.

mod regions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{Limit, merge, small_keys};
use crate::base::places;
use crate::report::document::contacts::summary::Summary;
use crate::report::document::values::TimeRange;
use crate::report::table::{NONE_KEY, OTHER_KEY, Table, UNKNOWN_KEY};

type ContactTableOf = for<'a> fn(&'a mut Summary) -> &'a mut Table;

/// Every table of groups that add up to all contacts.
const TABLES: [ContactTableOf; 6] = [
    |summary| &mut summary.channel_combinations,
    |summary| &mut summary.default_channels,
    |summary| &mut summary.regions,
    |summary| &mut summary.continents,
    |summary| &mut summary.country_codes,
    |summary| &mut summary.created_by_month,
];

impl Summary {
    /// Hides counts of fewer than `min_cell` contacts, in this summary and in the one it is compared with.
    pub fn merge_small_groups(&mut self, min_cell: u64, old: Option<&mut Self>) {
        let limit = Limit(min_cell);
        let mut both: Vec<&mut Self> = std::iter::once(&mut *self).chain(old).collect();
        for table in TABLES {
            let small = both.iter_mut().flat_map(|summary| small_keys(table(summary), limit)).collect();
            for summary in &mut both {
                merge(table(summary), &small);
            }
        }
        while let Some(region) = both.iter().find_map(|summary| region_to_merge(summary, limit)) {
            let region = [region].into();
            for summary in &mut both {
                merge(&mut summary.regions, &region);
            }
        }
        let hidden: BTreeSet<String> = both.iter().flat_map(|summary| small_channels(summary, limit)).collect();
        for summary in both {
            // Together with the channels of all contacts, these would reveal who opted out.
            summary.reachable_channels = Table::new();
            summary.reachable_by_region.clear();
            summary.channels.retain(|channel, _| !hidden.contains(channel));
        }
        merge_combinations(self, limit);
        regions::hide(self, limit);
        // The difference between two sums would reveal what was merged.
        if self.created_by_month.contains_key(OTHER_KEY) {
            self.created_cumulative.clear();
        }
        // Each is the time of one contact.
        self.created_range = TimeRange::default();
        self.min_cell = Some(min_cell);
    }
}

/// A region that must be merged, because otherwise the count of its continent would reveal the regions merged already.
fn region_to_merge(summary: &Summary, limit: Limit) -> Option<String> {
    let mut merged = summary.continents.clone();
    let mut smallest: BTreeMap<&str, (u64, &String)> = BTreeMap::new();
    for (code, &count) in summary.regions.iter().filter(|(code, _)| *code != OTHER_KEY) {
        let continent = places::find(code).map_or(UNKNOWN_KEY, |place| place.continent);
        // Merged continents count as one.
        let continent = if merged.contains_key(continent) { continent } else { OTHER_KEY };
        if let Some(merged) = merged.get_mut(continent) {
            *merged = merged.saturating_sub(count);
        }
        let least = smallest.entry(continent).or_insert((count, code));
        *least = (*least).min((count, code));
    }
    let (continent, _) =
        merged.iter().find(|&(continent, &count)| !limit.allows(count) && smallest.contains_key(continent.as_str()))?;
    Some(smallest[continent.as_str()].1.clone())
}

/// Channels that are small, or whose complement among all contacts or among those with any channel is small.
fn small_channels(summary: &Summary, limit: Limit) -> Vec<String> {
    let with_channel = summary.contacts.saturating_sub(summary.without_channel.unwrap_or(0));
    let is_shown = |channel: &str, count: u64| {
        let is_allowed_among_others = channel == NONE_KEY || limit.allows_part(count, with_channel);
        limit.allows_part(count, summary.contacts) && is_allowed_among_others
    };
    summary.channels.iter().filter(|&(channel, &count)| !is_shown(channel, count)).map(|(key, _)| key.clone()).collect()
}

/// Merges combinations, smallest first, until channels and combinations together no longer reveal what was merged.
fn merge_combinations(summary: &mut Summary, limit: Limit) {
    let mut shown: Vec<(String, u64)> = summary.channel_combinations.clone().into_iter().collect();
    shown.retain(|(name, _)| name != OTHER_KEY);
    shown.sort_by_key(|&(_, count)| count);
    let mut merged = summary.channel_combinations.get(OTHER_KEY).copied().unwrap_or(0);
    // Merged contacts by channel: all with the channel, minus those of the combinations that are shown.
    let mut with = summary.channels.clone();
    with.insert(NONE_KEY.to_owned(), summary.without_channel.unwrap_or(0));
    let channels_of = |name: &str| -> Vec<String> { name.split('+').map(str::to_owned).collect() };
    for (name, count) in &shown {
        for channel in channels_of(name) {
            with.entry(channel).and_modify(|with| *with = with.saturating_sub(*count));
        }
    }
    let mut small = BTreeSet::new();
    for (name, count) in shown {
        let with_any = merged.saturating_sub(with[NONE_KEY]);
        // The number without a channel is always shown.
        let is_allowed = |(channel, &with): (&String, &u64)| channel == NONE_KEY || limit.allows_part(with, merged);
        let is_allowed_among_others =
            |(channel, &with): (&String, &u64)| channel == NONE_KEY || limit.allows_part(with, with_any);
        if limit.allows(with_any) && with.iter().all(is_allowed) && with.iter().all(is_allowed_among_others) {
            break;
        }
        merged += count;
        for channel in channels_of(&name) {
            with.entry(channel).and_modify(|with| *with += count);
        }
        small.insert(name);
    }
    merge(&mut summary.channel_combinations, &small);
}

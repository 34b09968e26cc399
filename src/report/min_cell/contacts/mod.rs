//! Small groups of contacts merged and small numbers left out.
//!
//! A number is told when it is 0 or at least the limit, and when what it leaves of its whole is: "89 of 100 have SMS" tells
//! that 11 have not. All of this happens in the [`Summary`], so that every form tells the same.
//! - In tables that add up, smaller groups go into `(other)`, in all of them by the same rule.
//! - A contact can have several channels, so there is nothing to merge there: a channel's number that must not be told is
//!   not in the table. Nor is it then told whether it is 0.
//! - Numbers within a region are left out one by one; see [`regions`].
//! - What a table hides must not follow from another one that adds up to the same: channels and their combinations,
//!   continents and their regions, everybody and the regions.
//!
//! Not hidden is what is said of all contacts together and not by a table of groups: how many can be reached, opted out or
//! have no channel, the ages of the last change, the findings on quality. Without them it would be no report. Nor does this
//! hide how much a told number changed since an older summary, or what clever people may conclude from tables that count
//! by different things, as by region and by calling code.
//!
//! *Easy to get wrong:* a single merged group could be told from the total by subtraction, so the next larger one is
//! merged with it. And an older summary must merge the same groups, or what one hides the other tells.

mod regions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{Limit, merge, small_keys};
use crate::report::document::contacts::summary::Summary;
use crate::report::document::values::TimeRange;
use crate::report::places;
use crate::report::table::{NONE_KEY, OTHER_KEY, Table, UNKNOWN_KEY};

type TableOf = for<'a> fn(&'a mut Summary) -> &'a mut Table;

/// Every table of groups that add up to all contacts.
const TABLES: [TableOf; 6] = [
    |summary| &mut summary.channel_combinations,
    |summary| &mut summary.default_channels,
    |summary| &mut summary.regions,
    |summary| &mut summary.continents,
    |summary| &mut summary.country_codes,
    |summary| &mut summary.created_by_month,
];

impl Summary {
    /// Hides numbers of fewer than `min_cell` contacts, here and in the summary that is to be compared with.
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
        let untold: BTreeSet<String> = both.iter().flat_map(|summary| untold_channels(summary, limit)).collect();
        for summary in both {
            summary.channels.retain(|channel, _| !untold.contains(channel));
        }
        merge_combinations(self, limit);
        regions::hide(self, limit);
        // The step from one sum to the next would tell what was merged.
        if self.created_by_month.contains_key(OTHER_KEY) {
            self.created_cumulative.clear();
        }
        // Each is the time of one contact.
        self.created_range = TimeRange::default();
        self.min_cell = Some(min_cell);
    }
}

/// A region that has to be merged, or its continent would tell how many are in the ones merged already.
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

/// Channels whose number, or rest of all contacts or of those with any channel, is small.
fn untold_channels(summary: &Summary, limit: Limit) -> Vec<String> {
    let with_channel = summary.contacts.saturating_sub(summary.without_channel.unwrap_or(0));
    let is_told = |channel: &str, count: u64| {
        let is_told_of_others = channel == NONE_KEY || limit.allows_part(count, with_channel);
        limit.allows_part(count, summary.contacts) && is_told_of_others
    };
    summary.channels.iter().filter(|&(channel, &count)| !is_told(channel, count)).map(|(key, _)| key.clone()).collect()
}

/// Merges combinations, smallest first, until channels and combinations together do not tell what was merged.
fn merge_combinations(summary: &mut Summary, limit: Limit) {
    let mut told: Vec<(String, u64)> = summary.channel_combinations.clone().into_iter().collect();
    told.retain(|(name, _)| name != OTHER_KEY);
    told.sort_by_key(|&(_, count)| count);
    let mut merged = summary.channel_combinations.get(OTHER_KEY).copied().unwrap_or(0);
    // How many of the merged have each channel: those who have it, but for those whom the others show.
    let mut with = summary.channels.clone();
    with.insert(NONE_KEY.to_owned(), summary.without_channel.unwrap_or(0));
    let channels_of = |name: &str| -> Vec<String> { name.split('+').map(str::to_owned).collect() };
    for (name, count) in &told {
        for channel in channels_of(name) {
            with.entry(channel).and_modify(|with| *with = with.saturating_sub(*count));
        }
    }
    let mut small = BTreeSet::new();
    for (name, count) in told {
        let with_any = merged.saturating_sub(with[NONE_KEY]);
        // How many have no channel is told in any case.
        let is_told = |(channel, &with): (&String, &u64)| channel == NONE_KEY || limit.allows_part(with, merged);
        let is_told_of_others =
            |(channel, &with): (&String, &u64)| channel == NONE_KEY || limit.allows_part(with, with_any);
        if limit.allows(with_any) && with.iter().all(is_told) && with.iter().all(is_told_of_others) {
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

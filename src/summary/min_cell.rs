//! Small groups merged, for reports that are passed on.
//!
//! Every group of fewer contacts than the limit goes into `(other)`, in all tables by the same rule, and numbers within a
//! region that are below it, or leave a rest below it, are not told.
//!
//! *Easy to get wrong:* a single merged group could be told from the total by subtraction, so the next larger one is
//! merged with it. And an older summary must merge the same groups, or what one hides the other tells.

use std::collections::BTreeSet;

use super::{OTHER_KEY, Summary, Table};

type TableOf = for<'a> fn(&'a mut Summary) -> &'a mut Table;

/// Every table of groups of contacts.
const TABLES: [TableOf; 7] = [
    |summary| &mut summary.channels,
    |summary| &mut summary.channel_combinations,
    |summary| &mut summary.default_channels,
    |summary| &mut summary.regions,
    |summary| &mut summary.continents,
    |summary| &mut summary.country_codes,
    |summary| &mut summary.created_by_month,
];

impl Summary {
    /// Merges groups of fewer than `min_cell` contacts, here and in the summary that is to be compared with.
    pub fn merge_small_groups(&mut self, min_cell: u64, mut old: Option<&mut Self>) {
        for table in TABLES {
            let mut small = small_keys(table(self), min_cell);
            if let Some(old) = old.as_deref_mut() {
                small.extend(small_keys(table(old), min_cell));
                merge(table(old), &small);
            }
            merge(table(self), &small);
        }
        self.hide_in_regions(min_cell);
        if let Some(old) = old {
            old.hide_in_regions(min_cell);
        }
    }

    /// Brings what belongs to a region in line with the regions that are left.
    fn hide_in_regions(&mut self, min_cell: u64) {
        let is_left = |code: &String| code != OTHER_KEY && self.regions.contains_key(code);
        let hidden: Vec<String> = self.region_details.keys().filter(|code| !is_left(code)).cloned().collect();
        let (mut detail_of_others, mut channels_of_others) = (super::RegionDetail::default(), Table::new());
        for code in &hidden {
            let detail = self.region_details.remove(code).unwrap_or_default();
            detail_of_others.contacts += detail.contacts;
            for (channel, count) in self.channels_by_region.remove(code).unwrap_or_default() {
                *channels_of_others.entry(channel).or_default() += count;
            }
        }
        if !hidden.is_empty() {
            self.region_details.insert(OTHER_KEY.to_owned(), detail_of_others);
            self.channels_by_region.insert(OTHER_KEY.to_owned(), channels_of_others);
        }
        for detail in self.region_details.values_mut() {
            let is_told =
                |count: u64| is_empty_or_large(count, min_cell) && is_empty_or_large(detail.contacts - count, min_cell);
            detail.reachable = detail.reachable.filter(|&count| is_told(count));
            detail.opted_out = detail.opted_out.filter(|&count| is_told(count));
        }
        for channels in self.channels_by_region.values_mut() {
            let small = small_keys(channels, min_cell);
            merge(channels, &small);
        }
        // The step from one sum to the next would tell what was merged.
        if self.created_by_month.contains_key(OTHER_KEY) {
            self.created_cumulative.clear();
        }
        // Each is the time of one contact.
        self.created_range = super::TimeRange::default();
        self.min_cell = Some(min_cell);
    }
}

fn is_empty_or_large(count: u64, min_cell: u64) -> bool {
    count == 0 || count >= min_cell
}

/// Keys that must not be told; the smallest others among them as long as their sum is small itself.
fn small_keys(table: &Table, min_cell: u64) -> BTreeSet<String> {
    let mut rows: Vec<(&String, u64)> = table.iter().map(|(key, &count)| (key, count)).collect();
    rows.sort_by_key(|&(_, count)| count);
    let mut sum = 0;
    let mut small = BTreeSet::new();
    for (key, count) in rows {
        if count >= min_cell && (small.is_empty() || sum >= min_cell) {
            break;
        }
        sum += count;
        small.insert(key.clone());
    }
    small
}

fn merge(table: &mut Table, small: &BTreeSet<String>) {
    let mut sum = 0;
    for key in small {
        sum += table.remove(key).unwrap_or(0);
    }
    if sum > 0 {
        *table.entry(OTHER_KEY.to_owned()).or_default() += sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table<const N: usize>(rows: [(&str, u64); N]) -> Table {
        rows.map(|(key, count)| (key.to_owned(), count)).into()
    }

    #[test]
    fn small_groups_are_merged_until_their_sum_is_large() {
        let cases = [
            (table([("a", 100), ("b", 3), ("c", 2)]), table([("(other)", 105)])),
            (table([("a", 100), ("b", 3), ("c", 8), ("d", 20)]), table([("(other)", 11), ("a", 100), ("d", 20)])),
            (table([("a", 100), ("b", 20)]), table([("a", 100), ("b", 20)])),
            (table([("a", 100), ("b", 20), ("c", 1)]), table([("(other)", 21), ("a", 100)])),
        ];
        for (mut given, wanted) in cases {
            let small = small_keys(&given, 10);
            merge(&mut given, &small);
            assert_eq!(given, wanted);
        }
    }
}

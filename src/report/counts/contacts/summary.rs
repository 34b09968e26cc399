//! Makes a [`Summary`] from counters.

use std::collections::BTreeMap;

use super::super::repeats::Repeats;
use super::channels::{self, NONE};
use super::{ContactCounts, OPT_OUT_UNKNOWN, OPTED_IN, OPTED_OUT, OptOutCounts};
use crate::base::places;
use crate::report::document::contacts::summary::{OptOut, Quality, RegionDetail, SUMMARY_SCHEMA_VERSION, Summary};
use crate::report::table::{NONE_KEY, OTHER_KEY, Table, UNKNOWN_KEY, add};
use crate::resources::contacts::{column, column_name};

/// Sums over the cells of one or all regions.
#[derive(Debug, Default)]
struct Totals {
    contacts: u64,
    reachable: u64,
    opt_out: OptOut,
    channels: Table,
    /// Contacts that did not opt out.
    reachable_channels: Table,
}

impl Totals {
    fn add(&mut self, cell: OptOutCounts, has_channel: bool) {
        self.contacts += cell.iter().sum::<u64>();
        if has_channel {
            self.reachable += cell[OPTED_IN] + cell[OPT_OUT_UNKNOWN];
        }
        self.opt_out.yes += cell[OPTED_OUT];
        self.opt_out.no += cell[OPTED_IN];
        self.opt_out.unknown += cell[OPT_OUT_UNKNOWN];
    }

    fn add_channels<'a>(&mut self, cell: OptOutCounts, names: impl Iterator<Item = &'a str>) {
        for name in names {
            add(&mut self.channels, name, cell.iter().sum());
            add(&mut self.reachable_channels, name, cell[OPTED_IN] + cell[OPT_OUT_UNKNOWN]);
        }
    }
}

impl ContactCounts {
    /// The summary of what was counted, without the facts about the run or the files.
    pub fn summary(mut self) -> Summary {
        // These use the most memory, so they are freed first.
        let shared_phone_numbers = std::mem::take(&mut self.numbers.shared).repeated();
        let repeated_ids = self.ids.take().map(Repeats::repeated).unwrap_or_default();
        let mut summary =
            Summary { schema_version: SUMMARY_SCHEMA_VERSION, contacts: self.contacts, ..Summary::default() };
        let mut combinations = Table::new();
        let mut all = Totals::default();
        for (region, cells) in self.cells.iter().enumerate() {
            let totals = self.region_totals(region, cells, &mut combinations);
            if totals.contacts > 0 {
                all.reachable += totals.reachable;
                all.opt_out += totals.opt_out;
                for (sums, counts) in
                    [(&mut all.channels, &totals.channels), (&mut all.reachable_channels, &totals.reachable_channels)]
                {
                    for (channel, &count) in counts {
                        add(sums, channel, count);
                    }
                }
                take_region(&mut summary, self.regions.name(region), totals);
            }
        }
        summary.reachable = Some(all.reachable);
        summary.opt_out = all.opt_out;
        summary.without_channel = Some(all.channels.get(NONE_KEY).copied().unwrap_or(0));
        summary.channels = all.channels;
        summary.reachable_channels = all.reachable_channels;
        summary.channel_combinations = combinations;
        summary.default_channels = named(&self.by_default_channel, |number| self.default_channels.name(number));
        summary.default_channel_not_available = self.default_not_available;
        summary.country_codes = named(&self.by_calling_code, |number| self.calling_codes.name(number));
        summary.created_by_month = self.created.table();
        summary.created_cumulative = cumulative(&summary.created_by_month);
        summary.created_range = self.created.range();
        summary.updated = self.updated;
        summary.quality = Quality { repeated_ids, shared_phone_numbers, ..self.quality(&summary.regions) };
        summary
    }

    fn region_totals(&self, region: usize, cells: &[OptOutCounts], combinations: &mut Table) -> Totals {
        let mut totals = Totals::default();
        let mut take = |number: usize, set: u64| {
            let cell = cells.get(number).copied().unwrap_or_default();
            let count = cell.iter().sum();
            if count > 0 {
                totals.add(cell, number != usize::from(NONE));
                totals.add_channels(cell, self.channels.names(set));
                add(combinations, &self.combination_name(number, set), count);
            }
        };
        take(usize::from(NONE), 0);
        take(usize::from(channels::OTHERS), 0);
        self.channels.sets().for_each(|(number, set)| take(number, set));
        let none = cells.first().map_or(0, |cell| cell.iter().sum());
        if none > 0 {
            add(&mut totals.channels, NONE_KEY, none);
        }
        // Contacts whose combination has no number of its own.
        for (&(_, set), &count) in self.other_combinations.range(bounds(region)) {
            totals.add_channels(count, self.channels.names(set));
        }
        totals
    }

    fn combination_name(&self, number: usize, set: u64) -> String {
        if number == usize::from(NONE) {
            return NONE_KEY.to_owned();
        }
        if number == usize::from(channels::OTHERS) {
            return OTHER_KEY.to_owned();
        }
        let mut names: Vec<&str> = self.channels.names(set).collect();
        names.sort_unstable();
        names.join("+")
    }

    fn quality(&self, regions: &Table) -> Quality {
        let is_unknown = |code: &str| code != UNKNOWN_KEY && places::find(code).is_none();
        let missing = |column: usize| (column_name(column).to_owned(), self.missing[column]);
        Quality {
            invalid_e164: self.numbers.invalid,
            e164_not_of_region: self.numbers.other_region,
            e164_not_of_country_code: self.numbers.other_calling_code,
            regions_not_in_iso_3166: regions.iter().filter(|(code, _)| is_unknown(code)).map(|(_, &count)| count).sum(),
            year_one_created_at: self.created.unset(),
            created_in_future: self.created.in_future(),
            missing: (0..column::COUNT).map(missing).filter(|&(_, count)| count > 0).collect(),
            ..Quality::default()
        }
    }
}

fn take_region(summary: &mut Summary, code: &str, totals: Totals) {
    let place = places::find(code);
    let continent = place.map_or(UNKNOWN_KEY, |place| place.continent);
    add(&mut summary.continents, continent, totals.contacts);
    add_to(&mut summary.regions, code, totals.contacts);
    let detail = RegionDetail {
        name: place.map(|place| place.name.to_owned()),
        continent: place.map(|place| place.continent.to_owned()),
        contacts: totals.contacts,
        reachable: Some(totals.reachable),
        opted_out: Some(totals.opt_out.yes),
    };
    summary.region_details.insert(code.to_owned(), detail);
    summary.channels_by_region.insert(code.to_owned(), totals.channels);
    summary.reachable_by_region.insert(code.to_owned(), totals.reachable_channels);
}

/// All keys of a region.
fn bounds(region: usize) -> std::ops::RangeInclusive<(u16, u64)> {
    let region = u16::try_from(region).unwrap_or(u16::MAX);
    (region, 0)..=(region, u64::MAX)
}

fn named<'a>(counts: &[u64], name: impl Fn(usize) -> &'a str) -> Table {
    let mut table = Table::new();
    for (number, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
        add_to(&mut table, name(number), count);
    }
    table
}

fn add_to(table: &mut Table, key: &str, count: u64) {
    *table.entry(key.to_owned()).or_default() += count;
}

/// Contacts created up to the end of each month.
fn cumulative(by_month: &BTreeMap<String, u64>) -> Table {
    let mut sum = 0;
    let months = by_month.iter().filter(|(month, _)| !matches!(month.as_str(), UNKNOWN_KEY | OTHER_KEY));
    months
        .map(|(month, count)| {
            sum += count;
            (month.clone(), sum)
        })
        .collect()
}

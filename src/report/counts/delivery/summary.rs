//! Makes a [`DeliverySummary`] from counters.

use super::super::names::UNKNOWN;
use super::super::repeats::Repeats;
use super::{DeliveryCounts, TimesOfChannel};
use crate::base::places;
use crate::report::document::delivery::group::{add_group, messages_of};
use crate::report::document::delivery::summary::{
    DELIVERY_SCHEMA_VERSION, Deliverability, DeliveryQuality, DeliverySummary, DeliveryTimes, Funnel, Weekday,
};
use crate::report::document::values::TimeRange;
use crate::report::table::{NONE_KEY, OTHER_KEY, Table, UNKNOWN_KEY};
use crate::resources::messages::is_documented_status;
use crate::time::Timestamp;
use crate::time::calendar::date_text;

impl DeliveryCounts {
    /// The summary of what was counted, without the facts about the run or the files.
    pub fn summary(mut self) -> DeliverySummary {
        // These use the most memory, so they are freed first.
        let repeated = self.ids.take().map(Repeats::repeated).unwrap_or_default();
        let total = self.total.group();
        let [queued, sent, delivered, read] = self.stages;
        let regions = self.by_region.groups(|number| self.regions.name(number));
        let mut templates = self.by_template.groups(|number| self.templates.name(number));
        let mut template_categories = named(&self.by_category, |number| self.categories.name(number));
        if self.free_form.messages > 0 {
            add_group(&mut templates, NONE_KEY, self.free_form.group());
            *template_categories.entry(NONE_KEY.to_owned()).or_default() += self.free_form.messages;
        }
        let is_no_region = |code: &str| code != UNKNOWN_KEY && places::find(code).is_none();
        let no_regions = regions.iter().filter(|(code, _)| is_no_region(code)).map(|(_, group)| group.messages);
        let time = |micros: Option<i64>| micros.map(|micros| Timestamp::from_micros(micros).to_seconds());
        let times_by_channel = std::mem::take(&mut self.times_by_channel).into_iter();
        DeliverySummary {
            schema_version: DELIVERY_SCHEMA_VERSION,
            messages: self.messages,
            total,
            directions: named(&self.by_direction, |number| self.directions.names.name(number)),
            statuses: named(&self.by_status, |number| self.statuses.names.name(number)),
            funnel: Some(Funnel { queued, sent, delivered, read }),
            deliverability: deliverability(&total),
            channels: self.by_channel.groups(|number| self.channels.name(number)),
            region_names: messages_of(&regions)
                .into_keys()
                .filter_map(|code| places::find(&code).map(|place| (code, place.name.to_owned())))
                .collect(),
            quality: DeliveryQuality {
                repeated_ids: repeated.contacts,
                repeated_ids_approximate: repeated.approximate,
                year_one_created_at: self.year_one,
                created_in_future: self.in_future,
                regions_not_in_iso_3166: no_regions.sum(),
                undocumented_statuses: self.undocumented_statuses(),
                outbound_without_price: self.outbound_without_price,
                events_before_queued: self.events_before_queued,
                missing: std::mem::take(&mut self.missing),
            },
            regions,
            templates,
            template_categories,
            days: self.days.groups(date_text, OTHER_KEY, UNKNOWN_KEY),
            hours: hours(&self.hours),
            hours_by_weekday: weekdays(&self.hours),
            created_range: TimeRange { oldest: time(self.oldest), newest: time(self.newest) },
            failures: std::mem::take(&mut self.failures).ranked(|number| self.reason_codes.name(number), date_text),
            times: std::mem::take(&mut self.times).finish(),
            times_by_channel: times_by_channel
                .map(|(number, times)| (self.channels.name(number.into()).to_owned(), times.finish()))
                .filter(|(_, times)| *times != DeliveryTimes::default())
                .collect(),
            contacts: Some(self.reach.reach()),
            ..DeliverySummary::default()
        }
    }
}

impl DeliveryCounts {
    fn undocumented_statuses(&self) -> u64 {
        let names = &self.statuses.names;
        let counts = self.by_status.iter().enumerate().filter(|(number, _)| *number != usize::from(UNKNOWN));
        counts.filter(|&(number, _)| !is_documented_status(names.name(number))).map(|(_, count)| count).sum()
    }
}

impl TimesOfChannel {
    fn finish(self) -> DeliveryTimes {
        DeliveryTimes { to_delivered: self.to_delivered.percentiles(), to_read: self.to_read.percentiles() }
    }
}

fn deliverability(total: &super::super::super::document::delivery::group::Group) -> Option<Deliverability> {
    Some(Deliverability { successful: total.successful?, attempted: total.attempted()?, outbound: total.outbound? })
}

fn named<'a>(counts: &[u64], name: impl Fn(usize) -> &'a str) -> Table {
    let mut table = Table::new();
    for (number, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
        *table.entry(name(number).to_owned()).or_default() += count;
    }
    table
}

fn hours(by_weekday: &[[u64; 24]; 7]) -> Table {
    let count = |hour: usize| by_weekday.iter().map(|hours| hours[hour]).sum();
    let hours: Table = (0..24).map(|hour| (format!("{hour:02}"), count(hour))).collect();
    if hours.values().all(|&count| count == 0) { Table::new() } else { hours }
}

fn weekdays(by_weekday: &[[u64; 24]; 7]) -> Vec<Weekday> {
    if by_weekday.iter().flatten().all(|&count| count == 0) {
        return Vec::new();
    }
    let days = by_weekday.iter().zip(1..);
    days.map(|(hours, iso_weekday)| Weekday { iso_weekday, hours: hours.to_vec() }).collect()
}

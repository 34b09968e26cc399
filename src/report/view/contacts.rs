//! The sections about the contacts themselves.

use super::super::format::{grouped, grouped_of, moment, percent, shown};
use super::super::{OTHER_KEY, Summary, Table};
use super::{Cell, Limits, Ranked, Section, View, counted, is_leftover, more, sum};
use crate::base::plural::word_for;

pub(super) fn totals(summary: &Summary) -> Section {
    let mut notes = Vec::new();
    if let Some(min_cell) = summary.min_cell {
        notes.push(format!(
            "Groups of fewer than {min_cell} contacts are merged into \"(other)\", and numbers that are smaller or \
             leave a smaller rest are not told, but for those of all contacts together."
        ));
    }
    if !summary.columns_not_in_inputs.is_empty() {
        let columns = summary.columns_not_in_inputs.join(", ");
        notes.push(format!("Not in all of these files, so counted as unknown or left out: {columns}."));
    }
    let total = summary.contacts;
    let row = |(name, count): (&str, Option<u64>)| {
        count.map(|count| vec![Cell::text(name), Cell::Count(count), Cell::Share(count, total)])
    };
    let rows = [
        ("Contacts", Some(total)),
        ("Reachable", summary.reachable),
        ("Opted out", summary.opted_out()),
        ("Opt-out unknown", Some(summary.opt_out.unknown)),
        ("Without any channel", summary.without_channel),
    ];
    let rows = rows.into_iter().filter_map(row).collect();
    let view = View::new("totals", "", ["", "Contacts", "Share"], rows);
    Section { id: "totals", title: "Contacts".to_owned(), notes, tables: vec![view] }
}

pub(super) fn channels(summary: &Summary, limits: Limits) -> Section {
    let total = summary.contacts;
    let view = |id, title, name, table: &Table| counted(id, title, name, table, total, limits);
    let tables = [
        view("channels", "Available", "Channel", &summary.channels),
        view("combinations", "Combinations", "Channels", &summary.channel_combinations),
        view("default-channels", "Default", "Channel", &summary.default_channels),
    ];
    let mut notes = Vec::new();
    if !summary.channels.is_empty() {
        notes.push("A contact counts once for each of its available channels.".to_owned());
    }
    if summary.default_channel_not_available > 0 {
        let count = summary.default_channel_not_available;
        let share = percent(count, total);
        let contacts = grouped_of(count, "contact", "contacts");
        let what = word_for(
            count,
            "has a default channel that is not among its available ones",
            "have a default channel that is not among their available ones",
        );
        notes.push(format!("{contacts} ({share}) {what}."));
    }
    Section { id: "channels", title: "Channels".to_owned(), notes, tables: tables.into_iter().flatten().collect() }
}

pub(super) fn regions(summary: &Summary, limits: Limits) -> Section {
    let tables = [
        region_table(summary, limits),
        channel_mix(summary, limits),
        counted("continents", "Continents", "Continent", &summary.continents, summary.contacts, limits),
        counted("calling-codes", "Calling codes", "Code", &with_plus(&summary.country_codes), summary.contacts, limits),
    ];
    let tables = tables.into_iter().flatten().collect();
    Section { id: "regions", title: "Regions".to_owned(), notes: Vec::new(), tables }
}

/// Calling codes as people write them.
fn with_plus(codes: &Table) -> Table {
    let is_number = |code: &str| code.bytes().all(|byte| byte.is_ascii_digit());
    codes
        .iter()
        .map(|(code, &count)| (if is_number(code) { format!("+{code}") } else { code.clone() }, count))
        .collect()
}

/// A region's code with its name.
pub(in crate::report) fn region_name(summary: &Summary, code: &str) -> String {
    let name = summary.region_details.get(code).and_then(|detail| detail.name.as_deref());
    let name = name.or_else(|| super::super::places::find(code).map(|place| place.name));
    name.map_or_else(|| shown(code), |name| format!("{} {name}", shown(code)))
}

fn region_table(summary: &Summary, limits: Limits) -> Option<View> {
    let ranked = Ranked::of_counts(&summary.regions, limits.regions);
    let largest = ranked.largest()?;
    let row = |name: String, count: u64, (reachable, opted_out): InRegion, bar: u64| {
        vec![
            Cell::Text(name),
            Cell::Count(count),
            Cell::Share(count, summary.contacts),
            reachable.map_or(Cell::Hidden, Cell::Count),
            opted_out.map_or(Cell::Hidden, |out| Cell::Share(out, count)),
            Cell::Bar(bar, largest),
        ]
    };
    let detail = |code: &str| -> InRegion {
        let detail = summary.region_details.get(code);
        detail.map_or((None, None), |detail| (detail.reachable, detail.opted_out))
    };
    // A hidden number hides the sum, too.
    let sum_of = |regions: &[(&str, u64)], number: fn(InRegion) -> Option<u64>| -> Option<u64> {
        regions.iter().map(|(code, _)| number(detail(code))).sum()
    };
    let columns = ["Region", "Contacts", "Share", "Reachable", "Opted out", ""];
    Some(ranked.fill(
        View::new("regions", "Contacts by region", columns, Vec::new()),
        |code, count| row(region_name(summary, code), count, detail(code), count),
        |rest| {
            let numbers = (sum_of(rest, |(reachable, _)| reachable), sum_of(rest, |(_, opted_out)| opted_out));
            row(more(rest.len()), sum(rest), numbers, 0)
        },
    ))
}

/// How many of a region can be reached, and how many opted out, if that is told.
type InRegion = (Option<u64>, Option<u64>);

fn channel_mix(summary: &Summary, limits: Limits) -> Option<View> {
    let regions = Ranked::of_counts(&summary.regions, limits.rows);
    let channels: Vec<&str> =
        Ranked::of_counts(&summary.channels, limits.channels).shown().map(|(channel, _)| channel).collect();
    if channels.is_empty() || channels.iter().all(|channel| is_leftover(channel)) {
        return None;
    }
    let row = |(code, count): (&str, u64)| {
        let mix = summary.channels_by_region.get(code);
        // What is not there may have been left out, or counted together with others.
        let may_be_untold = summary.min_cell.is_some() || mix.is_none_or(|mix| mix.contains_key(OTHER_KEY));
        let share = |channel: &&str| match mix.and_then(|mix| mix.get(*channel)) {
            None if may_be_untold => Cell::Hidden,
            told => Cell::Share(told.copied().unwrap_or(0), count),
        };
        std::iter::once(Cell::Text(region_name(summary, code))).chain(channels.iter().map(share)).collect()
    };
    let rows: Vec<_> = regions.shown().map(row).collect();
    // Shares of one whole each have no sum that could stand for those that are not shown.
    let name = if regions.rest_len() > 0 {
        let [shown, all] = [rows.len(), rows.len() + regions.rest_len()].map(|count| grouped(count as u64));
        format!("Region ({shown} of {all})")
    } else {
        "Region".to_owned()
    };
    let columns = std::iter::once(name).chain(channels.iter().map(|channel| shown(channel))).collect();
    let title = "Channels of each region's contacts".to_owned();
    Some(View { id: "channel-mix", title, columns, rows, fold: None })
}

pub(super) fn times(summary: &Summary, limits: Limits) -> Section {
    let mut notes = Vec::new();
    if let (Some(oldest), Some(newest)) = (&summary.created_range.oldest, &summary.created_range.newest) {
        notes.push(format!("The oldest contact was created {}, the newest {}.", moment(oldest), moment(newest)));
    }
    let tables = [months(summary, limits), ages(summary)];
    Section { id: "time", title: "Time".to_owned(), notes, tables: tables.into_iter().flatten().collect() }
}

fn months(summary: &Summary, limits: Limits) -> Option<View> {
    let (months, leftovers): (Vec<_>, Vec<_>) =
        summary.created_by_month.iter().partition(|(month, _)| !is_leftover(month));
    let hidden = months.len().saturating_sub(limits.months + 1);
    let cut = if hidden > 0 { months.len() - limits.months } else { 0 };
    let largest = months[cut..].iter().chain(&leftovers).map(|&(_, &count)| count).max()?;
    let row = |name: String, count, so_far: Option<u64>, bar| {
        let so_far = so_far.map_or(Cell::Text(String::new()), Cell::Count);
        vec![Cell::Text(name), Cell::Count(count), so_far, Cell::Bar(bar, largest)]
    };
    let so_far = |month: &String| summary.created_cumulative.get(month).copied();
    let mut rows = Vec::new();
    if cut > 0 {
        let count = months[..cut].iter().map(|&(_, count)| count).sum();
        rows.push(row(format!("{} earlier months", grouped(cut as u64)), count, so_far(months[cut - 1].0), 0));
    }
    rows.extend(months[cut..].iter().map(|&(month, &count)| row(month.clone(), count, so_far(month), count)));
    rows.extend(leftovers.iter().map(|&(name, &count)| row(shown(name), count, None, count)));
    Some(View::new("months", "Created, by month", ["Month", "Created", "In all", ""], rows))
}

fn ages(summary: &Summary) -> Option<View> {
    let updated = summary.updated;
    // Each contact is in one row, which its name must say.
    let mut rows = vec![
        ("never", updated.never),
        ("last 7 days", updated.last_7_days),
        ("8 to 30 days ago", updated.last_30_days),
        ("31 to 90 days ago", updated.last_90_days),
        ("91 to 365 days ago", updated.last_365_days),
        ("longer ago", updated.older),
    ];
    // No usual account has these.
    if updated.in_future > 0 {
        rows.push(("in the future", updated.in_future));
    }
    let largest = rows.iter().map(|&(_, count)| count).max().filter(|&largest| largest > 0)?;
    let row = |(name, count): (&str, u64)| {
        vec![Cell::text(name), Cell::Count(count), Cell::Share(count, summary.contacts), Cell::Bar(count, largest)]
    };
    let rows = rows.into_iter().map(row).collect();
    Some(View::new("ages", "Last change", ["Last change", "Contacts", "Share", ""], rows))
}

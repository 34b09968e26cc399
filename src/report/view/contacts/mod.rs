//! The report on contacts.

mod changes;
mod months;
mod quality;
mod regions;
#[cfg(test)]
mod tests;
mod times;

use super::super::document::contacts::summary::Summary;
use super::super::format::percent;
use super::super::table::{Table, is_leftover};
use super::cell::{Cell, Wish};
use super::counted::counted;
use super::limits::ViewLimits;
use super::names::{channel_name, region_cell};
use super::parts::{Card, Note, ReportView, Section, SectionKind};
use super::ranked::Ranked;
use super::report::{self as frame, ResourceSections};
use super::totals;
use crate::base::plural::{count_of, word_for};

/// Lays out the report on contacts.
pub(in crate::report) fn report(summary: &Summary, limits: ViewLimits) -> ReportView {
    let sections = [
        Some(totals(summary)),
        changes::changes(summary, limits),
        Some(channels(summary, limits)),
        Some(regions::regions(summary, limits)),
        Some(times::times(summary, limits)),
        Some(quality::quality(summary, limits)),
    ];
    let footnote = "Times are UTC. Shares are of all contacts unless a table says otherwise.".to_owned();
    let (cards, highlights) = (cards(summary), highlights(summary));
    let filters_differ = summary.comparison.as_ref().is_some_and(|comparison| comparison.filters_differ);
    frame::report(
        summary,
        ResourceSections { cards, filters_differ, highlights, sections, has_ages: true, footnote },
        limits,
    )
}

/// The largest channels and regions, for a digest.
fn highlights(summary: &Summary) -> Vec<String> {
    const MAX: usize = 3;
    let largest = |what: &str, table: &Table, name_of: fn(&str) -> String| {
        let ranked = Ranked::of_counts(table, MAX);
        let named = ranked.shown().filter(|(key, _)| !is_leftover(key)).take(MAX);
        let shares: Vec<String> =
            named.map(|(key, count)| format!("{} {}", name_of(key), percent(count, summary.contacts))).collect();
        (!shares.is_empty()).then(|| format!("{what}: {}", shares.join(", ")))
    };
    let is_reach_known = !summary.reachable_channels.is_empty();
    let channels = if is_reach_known { &summary.reachable_channels } else { &summary.channels };
    let what = if is_reach_known { "Reachable by channel" } else { "Channels" };
    let regions = largest("Largest regions", &summary.regions, |code| region_cell(code).words());
    [largest(what, channels, channel_name), regions].into_iter().flatten().collect()
}

/// The four most important numbers.
fn cards(summary: &Summary) -> Vec<Card> {
    let old = summary.comparison.as_ref();
    let total = summary.contacts;
    let cards = [
        ("Contacts", Some(total), Wish::More, old.map(|old| old.contacts)),
        ("Reachable", summary.reachable, Wish::More, old.and_then(|old| old.reachable)),
        ("Opted out", summary.opted_out(), Wish::Fewer, old.and_then(|old| old.opted_out)),
        ("Without any channel", summary.without_channel, Wish::Fewer, old.and_then(|old| old.without_channel)),
    ];
    let card = |(at, (name, count, wish, change)): (usize, (_, Option<u64>, _, Option<_>))| {
        let count = count?;
        let detail = (at > 0).then_some(Cell::Percent(count, total));
        Some(Card { name, number: Cell::Count(count), detail, change: change.map(|change| (change, wish)) })
    };
    cards.into_iter().enumerate().filter_map(card).collect()
}

fn totals(summary: &Summary) -> Section {
    let counts = [
        ("Contacts", Some(summary.contacts)),
        ("Reachable", summary.reachable),
        ("Opted out", summary.opted_out()),
        ("Opt-out unknown", Some(summary.opt_out.unknown)),
        ("Without any channel", summary.without_channel),
    ];
    let reachable =
        summary.reachable.map(|_| "Reachable: not opted out, and at least one available channel.".to_owned());
    totals::section(summary, counts, reachable.into_iter().collect())
}

fn channels(summary: &Summary, limits: ViewLimits) -> Section {
    let total = summary.contacts;
    let view = |title, name, table: &Table| counted(title, [name, "Contacts"], table, total, limits);
    let tables = [
        view("Available", "Channel", &summary.channels),
        view("Reachable", "Channel", &summary.reachable_channels),
        view("Combinations", "Channels", &summary.channel_combinations),
        view("Default", "Channel", &summary.default_channels),
    ];
    let mut notes = Vec::new();
    if !summary.channels.is_empty() {
        notes.push("A contact counts once for each of its available channels.".to_owned());
    }
    if !summary.reachable_channels.is_empty() {
        notes.push("Reachable: how many have the channel and did not opt out.".to_owned());
    }
    if summary.default_channel_not_available > 0 {
        let count = summary.default_channel_not_available;
        let share = percent(count, total);
        let contacts = count_of(count, "contact", "contacts");
        let what = word_for(
            count,
            "has a default channel that is not one of its available channels",
            "have a default channel that is not one of their available channels",
        );
        notes.push(format!("{contacts} ({share}) {what}."));
    }
    let parts = tables.into_iter().flatten().map(Into::into).collect();
    Section::new(SectionKind::Channels, "Channels", notes.into_iter().map(Note::from).collect(), parts)
}

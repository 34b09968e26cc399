//! The report on contacts.

mod changes;
mod months;
mod names;
mod quality;
mod regions;
#[cfg(test)]
mod tests;
mod times;

use super::super::document::contacts::summary::Summary;
use super::super::document::resource::ResourceDocument;
use super::super::format::percent;
use super::super::table::Table;
use super::cell::{Cell, Wish};
use super::counted::counted;
use super::limits::Limits;
use super::parts::{Card, Note, ReportView, Row, Section, SectionKind, TableView};
use super::run::{self, Source};
use super::warnings::warnings;
use crate::base::plural::{count_of, word_for};

/// Lays out the report on contacts.
pub(in crate::report) fn report(summary: &Summary, limits: Limits) -> ReportView {
    let source = Source {
        noun: Summary::NOUN,
        rows: summary.contacts,
        has_ages: true,
        as_of: &summary.as_of,
        origin: &summary.origin,
    };
    let sections = [
        Some(totals(summary)),
        changes::changes(summary, limits),
        Some(channels(summary, limits)),
        Some(regions::regions(summary, limits)),
        Some(times::times(summary, limits)),
        Some(quality::quality(summary, limits)),
        Some(run::run(source, limits)),
    ];
    ReportView {
        title: "Report on contacts".to_owned(),
        subtitle: source.subtitle(),
        verdict: summary.verdict(),
        warnings: warnings(&summary.all_notices()),
        cards: cards(summary),
        sections: sections.into_iter().flatten().filter(|section| !section.is_empty()).collect(),
        footnote: "Times are UTC. Shares are of all contacts unless a table says otherwise.".to_owned(),
    }
}

/// The four numbers that are asked for first.
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
    let mut notes = Vec::new();
    if let Some(min_cell) = summary.min_cell {
        notes.push(format!(
            "Groups of fewer than {min_cell} contacts are merged into \"(other)\", and counts below {min_cell} \
             or whose complement is below {min_cell} are suppressed, except those of all contacts together."
        ));
    }
    if !summary.origin.columns_not_in_inputs.is_empty() {
        let columns = summary.origin.columns_not_in_inputs.join(", ");
        notes.push(format!("Not in all of these files, so counted as unknown or left out: {columns}."));
    }
    let total = summary.contacts;
    let row = |(name, count): (&str, Option<u64>)| {
        count.map(|count| Row::new(vec![Cell::text(name), Cell::Count(count), Cell::Percent(count, total)]))
    };
    let rows = [
        ("Contacts", Some(total)),
        ("Reachable", summary.reachable),
        ("Opted out", summary.opted_out()),
        ("Opt-out unknown", Some(summary.opt_out.unknown)),
        ("Without any channel", summary.without_channel),
    ];
    let rows = rows.into_iter().filter_map(row).collect();
    let view = TableView::new("", ["", "Contacts", "Share"].map(Into::into), rows);
    Section::new(SectionKind::Totals, "Contacts", notes.into_iter().map(Note::from).collect(), vec![view.into()])
}

fn channels(summary: &Summary, limits: Limits) -> Section {
    let total = summary.contacts;
    let view = |title, name, table: &Table| counted(title, [name, "Contacts"], table, total, limits);
    let tables = [
        view("Available", "Channel", &summary.channels),
        view("Combinations", "Channels", &summary.channel_combinations),
        view("Default", "Channel", &summary.default_channels),
    ];
    let mut notes = Vec::new();
    if !summary.channels.is_empty() {
        notes.push("A contact counts once for each of its available channels.".to_owned());
    }
    if summary.default_channel_not_available > 0 {
        let count = summary.default_channel_not_available;
        let share = percent(count, total);
        let contacts = count_of(count, "contact", "contacts");
        let what = word_for(
            count,
            "has a default channel that is not among its available ones",
            "have a default channel that is not among their available ones",
        );
        notes.push(format!("{contacts} ({share}) {what}."));
    }
    let parts = tables.into_iter().flatten().map(Into::into).collect();
    Section::new(SectionKind::Channels, "Channels", notes.into_iter().map(Note::from).collect(), parts)
}

//! The section about what changed since an older state.

use super::super::super::document::change::{Change, Changes};
use super::super::super::document::delivery::comparison::{DeliveryComparison, MoneyChange, RateChange};
use super::super::super::document::delivery::summary::DeliverySummary;
use super::super::super::format::{difference, moment, money, percent, shown};
use super::super::cell::{Cell, Wish};
use super::super::limits::Limits;
use super::super::parts::{Column, Note, Row, Section, SectionKind, TableView};
use super::super::ranked::{Ranked, more};
use super::groups::region_cell;

pub(super) fn changes(summary: &DeliverySummary, limits: Limits) -> Option<Section> {
    let comparison = summary.comparison.as_ref()?;
    let tables = [
        totals(comparison),
        moved("By channel", "Channel", &comparison.channels, limits, Cell::text),
        moved("By status", "Status", &comparison.statuses, limits, Cell::text),
        moved("By region", "Region", &comparison.regions, limits, region_cell),
        moved("By template", "Template", &comparison.templates, limits, Cell::text),
        moved("Failures by reason", "Reason code", &comparison.failures, limits, Cell::text),
    ];
    let parts = tables.into_iter().map(TableView::with_head).filter_map(TableView::unless_empty).map(Into::into);
    let since = shown(comparison.as_of.get(..10).unwrap_or(&comparison.with));
    let notes = notes(comparison).into_iter().map(Note::from).collect();
    Some(Section {
        headline: Some(difference(comparison.messages.difference())),
        ..Section::new(SectionKind::Changes, &format!("Since {since}"), notes, parts.collect())
    })
}

fn columns(name: &str) -> [Column; 4] {
    [name, "Then", "Now", "Change"].map(Column::from)
}

fn totals(comparison: &DeliveryComparison) -> TableView {
    let count =
        |name: &str, change: Option<Change>, wish| change.map(|change| Row::new(cells(Cell::text(name), change, wish)));
    let rate = |change: RateChange| {
        let [old, new] = [percent(change.part.old, change.whole.old), percent(change.part.new, change.whole.new)];
        Row::new(vec![Cell::text("Deliverability"), Cell::Text(old), Cell::Text(new), Cell::Text(String::new())])
    };
    let spent = |change: MoneyChange| {
        let difference = change.new.minus(change.old);
        let sign = if difference.0 > 0 { "+" } else { "" };
        let difference = Cell::Text(format!("{sign}{}", money(difference)));
        Row::new(vec![Cell::text("Spent"), Cell::Money(change.old), Cell::Money(change.new), difference])
    };
    let rows = [
        count("Messages", Some(comparison.messages), Wish::Neither),
        count("Outbound", comparison.outbound, Wish::Neither),
        count("Inbound", comparison.inbound, Wish::Neither),
        comparison.deliverability.map(rate),
        count("Failed, filtered or blocked", comparison.unsuccessful, Wish::Fewer),
        comparison.spent.map(spent),
        count("Contacts messaged", comparison.contacts_messaged, Wish::Neither),
        count("Contacts that replied", comparison.contacts_replied, Wish::More),
    ];
    TableView::new("Totals", columns(""), rows.into_iter().flatten().collect())
}

fn cells(name: Cell, change: Change, wish: Wish) -> Vec<Cell> {
    vec![name, Cell::Count(change.old), Cell::Count(change.new), Cell::Difference(change, wish)]
}

/// What has other numbers than then, the largest changes first.
fn moved(title: &str, name: &str, changes: &Changes, limits: Limits, name_of: fn(&str) -> Cell) -> TableView {
    let moved = changes.iter().filter(|(_, change)| change.difference() != 0);
    let moved = moved.map(|(key, &change)| (key.as_str(), change));
    let ranked = Ranked::new(moved, limits.rows, |change| change.difference().unsigned_abs());
    let row = |key: &str, change| Row::of_key(key, cells(name_of(key), change, Wish::Neither));
    ranked.fill(TableView::new(title, columns(name), Vec::new()), row, |rest| {
        let sum = |side: fn(&Change) -> u64| rest.iter().map(|(_, change)| side(change)).sum();
        let change = Change { old: sum(|change| change.old), new: sum(|change| change.new) };
        Row::rest(cells(Cell::Text(more(rest.len())), change, Wish::Neither))
    })
}

fn notes(comparison: &DeliveryComparison) -> Vec<String> {
    let (with, as_of) = (shown(&comparison.with), shown(&moment(&comparison.as_of)));
    let mut notes = vec![format!("Compared with {with}, as of {as_of}.")];
    if comparison.filters_differ {
        notes.push(
            "The two sides were exported with different filters, or one of them does not tell its own: what differs need \
             not have changed."
                .to_owned(),
        );
    }
    if !comparison.columns_not_in_both.is_empty() {
        notes.push(format!("Not in both, so not compared: {}.", comparison.columns_not_in_both.join(", ")));
    }
    notes
}

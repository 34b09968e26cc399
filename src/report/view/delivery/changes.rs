//! The section about changes since an older report.

use super::super::super::document::change::{CountChange, CountChanges};
use super::super::super::document::delivery::comparison::{DeliveryComparison, MoneyChange, RateChange};
use super::super::super::document::delivery::summary::DeliverySummary;
use super::super::super::format::percent;
use super::super::cell::{Cell, Wish};
use super::super::changes::{OlderSide, cells, changed, columns};
use super::super::limits::ViewLimits;
use super::super::names::region_cell;
use super::super::parts::{Row, Section, TableView};
use super::super::trend::trend;
use super::gross;

pub(super) fn changes(summary: &DeliverySummary, limits: ViewLimits) -> Option<Section> {
    let comparison = summary.comparison.as_ref()?;
    let changed = |title: &str, name: &str, changes: &CountChanges, cell_of: fn(&str) -> Cell| {
        changed(title, name, changes, limits, |key| (cell_of(key), Wish::Neither))
    };
    let tables = [
        totals(comparison),
        changed("By channel", "Channel", &comparison.channels, Cell::text),
        changed("By status", "Status", &comparison.statuses, Cell::text),
        changed("By region", "Region", &comparison.regions, region_cell),
        changed("By template", "Template", &comparison.templates, Cell::text),
        changed("Failures by reason", "Reason code", &comparison.failures, Cell::text),
    ];
    let DeliveryComparison { with, as_of, filters_differ, columns_not_in_both, .. } = comparison;
    let older = OlderSide { with, as_of, filters_differ: *filters_differ, columns_not_in_both };
    let tables = tables.into_iter().chain(gross::tables(comparison, limits));
    let notes = gross::notes(comparison, summary.min_cell.is_some());
    Some(older.section(comparison.messages, notes, tables, trend(summary, limits)))
}

fn totals(comparison: &DeliveryComparison) -> TableView {
    let count = |name: &str, change: Option<CountChange>, wish| {
        change.map(|change| Row::new(cells(Cell::text(name), change, wish)))
    };
    let rate = |change: RateChange| {
        let [old, new] = [percent(change.part.old, change.whole.old), percent(change.part.new, change.whole.new)];
        Row::new(vec![
            Cell::text("Deliverability"),
            Cell::Text(old),
            Cell::Text(new),
            Cell::Text(String::new()),
            Cell::Text(String::new()),
        ])
    };
    let spent = |change: MoneyChange| {
        Row::new(vec![
            Cell::text("Spent"),
            Cell::Money(change.old),
            Cell::Money(change.new),
            Cell::Text(String::new()),
            Cell::MoneyDifference(change.new.minus(change.old)),
        ])
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

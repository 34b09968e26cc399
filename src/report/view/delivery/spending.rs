//! Money spent, by channel, country and template.

use super::super::super::document::delivery::group::{Group, Groups};
use super::super::super::document::delivery::money::{Money, Spending};
use super::super::super::document::delivery::summary::DeliverySummary;
use super::super::super::format::money;
use super::super::cell::Cell;
use super::super::limits::ViewLimits;
use super::super::names::region_cell;
use super::super::parts::{Column, Frame, Note, Part, Row, Section, SectionKind, TableView};
use super::super::ranked::{Ranked, more};

impl DeliverySummary {
    /// Whether any of these messages could have a price.
    pub(super) fn has_prices(&self) -> bool {
        self.has(&["price"]) || self.has(&["active_contact_price"])
    }
}

pub(super) fn spending(summary: &DeliverySummary, limits: ViewLimits) -> Section {
    let spent = summary.total.spent;
    if !summary.has_prices() || summary.messages == 0 {
        return Section::new(SectionKind::Spending, "Spending", Vec::new(), Vec::new());
    }
    let [price, active, total] = [spent.price, spent.active_contact_price, spent.total()].map(money);
    let note = format!("{total} in total: {price} in prices and {active} in active contact prices.");
    let channels = table("By channel", "Channel", &summary.channels, limits.rows, Cell::text);
    let tables = [
        channels.map(|view| view.framed(Frame::Wide)),
        table("By country", "Country", &summary.regions, limits.rows, region_cell),
        table("By template", "Template", &summary.templates, limits.rows, Cell::text),
    ];
    let parts = tables.into_iter().flatten().map(Part::from).collect();
    Section::new(SectionKind::Spending, "Spending", vec![Note::from(note)], parts)
}

/// The groups with a cost, most expensive first; `None` if there are none.
fn table(title: &str, name: &str, groups: &Groups, limit: usize, name_of: fn(&str) -> Cell) -> Option<TableView> {
    let rows = groups.iter().map(|(key, &group)| (key.as_str(), group));
    let rows = rows.filter(|(_, group)| group.spent != Spending::default());
    let size = |amount: Money| u64::try_from(amount.0.max(0)).unwrap_or(u64::MAX);
    let ranked = Ranked::new(rows, limit, |group: Group| size(group.spent.total()));
    let largest = ranked.shown().map(|(_, group)| size(group.spent.total())).max()?;
    let total = groups.values().fold(Money::default(), |sum, group| sum.plus(group.spent.total()));
    let cells = |name: Cell, spent: Spending, bar: u64| {
        let amount = spent.total();
        vec![name, Cell::Money(amount), Cell::Percent(size(amount), size(total)), Cell::Bar(bar, largest)]
    };
    let columns = [name.into(), "Spent".into(), "Share".into(), Column::bars()];
    let view = TableView::new(title, columns, Vec::new());
    let row = |key: &str, group: Group| Row::of_key(key, cells(name_of(key), group.spent, size(group.spent.total())));
    Some(ranked.fill(view, row, |rest| {
        let mut sum = Spending::default();
        for (_, group) in rest {
            sum += group.spent;
        }
        Row::rest(cells(Cell::Text(more(rest.len())), sum, 0))
    }))
}

//! Messages by channel, by region and by template.

use super::super::super::document::delivery::group::{Group, Groups, messages_of};
use super::super::super::document::delivery::summary::DeliverySummary;
use super::super::super::document::resource::ResourceDocument;
use super::super::cell::Cell;
use super::super::counted::counted;
use super::super::limits::ViewLimits;
use super::super::names::region_cell;
use super::super::parts::{Column, Frame, MapView, Part, Row, Section, SectionKind, TableView};
use super::super::ranked::{Ranked, more};

pub(super) fn channels(summary: &DeliverySummary, limits: ViewLimits) -> Section {
    let table = table("Messages by channel", "Channel", &summary.channels, limits.rows, Cell::text);
    Section::new(SectionKind::Channels, "Channels", Vec::new(), table.map(Part::from).into_iter().collect())
}

pub(super) fn regions(summary: &DeliverySummary, limits: ViewLimits) -> Section {
    let map = MapView {
        noun: DeliverySummary::NOUN,
        counts: messages_of(&summary.regions),
        total: summary.messages,
        min_cell: summary.min_cell,
    };
    let map = (!summary.regions.is_empty()).then_some(Part::Map(map));
    let table = table("Messages by region", "Region", &summary.regions, limits.regions, region_cell);
    let parts = map.into_iter().chain(table.map(Part::from)).collect();
    Section::new(SectionKind::Regions, "Regions", Vec::new(), parts)
}

pub(super) fn templates(summary: &DeliverySummary, limits: ViewLimits) -> Section {
    let table = table("Messages by template", "Template", &summary.templates, limits.rows, Cell::text);
    let categories = &summary.template_categories;
    let categories = counted("Categories", ["Category", "Messages"], categories, summary.messages, limits);
    let parts: Vec<Part> = [table, categories].into_iter().flatten().map(Part::from).collect();
    // Explains the row `none` if the table has one.
    let note = summary.templates.contains_key("none").then(|| "none: messages without a template.".to_owned().into());
    Section::new(SectionKind::Templates, "Templates", note.into_iter().collect(), parts)
}

/// A table of groups; `None` if it has no rows.
fn table(title: &str, name: &str, groups: &Groups, limit: usize, name_of: fn(&str) -> Cell) -> Option<TableView> {
    let rows = groups.iter().map(|(key, &group)| (key.as_str(), group));
    let ranked = Ranked::new(rows, limit, |group| group.messages);
    let largest = ranked.shown().map(|(_, group)| group.messages).max()?;
    let total = groups.values().map(|group| group.messages).sum();
    let view = TableView::new(title, columns(name), Vec::new()).sortable().framed(Frame::Wide).with_head();
    let row = |key: &str, group: Group| Row::of_key(key, cells(name_of(key), group, total, (group.messages, largest)));
    Some(ranked.fill(view, row, |rest| {
        let mut sum = Group::default();
        for (_, group) in rest {
            sum += *group;
        }
        Row::rest(cells(Cell::Text(more(rest.len())), sum, total, (0, largest)))
    }))
}

/// The columns of a table of groups.
pub(super) fn columns(name: &str) -> [Column; 7] {
    [
        name.into(),
        "Messages".into(),
        Column::optional("Share"),
        Column::optional("Outbound"),
        "Deliverability".into(),
        Column::optional("Failed"),
        Column::optional_bars(),
    ]
}

/// The cells of a group in these columns.
pub(super) fn cells(name: Cell, group: Group, total: u64, (bar, largest): (u64, u64)) -> Vec<Cell> {
    let part = |count: Option<u64>| count.map_or(Cell::Hidden, Cell::Count);
    let deliverability = group.successful.zip(group.attempted());
    vec![
        name,
        Cell::Count(group.messages),
        Cell::Percent(group.messages, total),
        part(group.outbound),
        deliverability.map_or(Cell::Hidden, |(successful, attempted)| Cell::Percent(successful, attempted)),
        part(group.failed),
        Cell::Bar(bar, largest),
    ]
}

//! The section about changes since an older report.

use std::collections::BTreeMap;

use super::super::super::document::contacts::comparison::Comparison;
use super::super::super::document::contacts::summary::Summary;
use super::super::super::table::{NONE_KEY, OTHER_KEY, is_leftover};
use super::super::cell::{Cell, Wish};
use super::super::changes::{OlderSide, cells, changed, columns};
use super::super::limits::ViewLimits;
use super::super::names::region_cell;
use super::super::parts::{Column, Frame, Row, Section, TableView};
use super::super::ranked::{Ranked, more};
use super::super::trend::trend;
use crate::base::plural::{count_of, grouped, word_for};
use crate::report::document::change::CountChange;
use crate::report::document::contacts::Gross;
use crate::report::format::{difference, percent, relative};
use crate::resources::contacts::{column, column_name};

pub(super) fn changes(summary: &Summary, limits: ViewLimits) -> Option<Section> {
    let comparison = summary.comparison.as_ref()?;
    let totals = [
        ("Contacts", Some(comparison.contacts), Wish::More),
        ("Reachable", comparison.reachable, Wish::More),
        ("Opted out", comparison.opted_out, Wish::Fewer),
        ("Without any channel", comparison.without_channel, Wish::Fewer),
    ];
    let totals = totals
        .into_iter()
        .filter_map(|(name, change, wish)| Some(Row::new(cells(Cell::Text(name.to_owned()), change?, wish))));
    let channel = |channel: &str| {
        let wish = match channel {
            NONE_KEY => Wish::Fewer,
            OTHER_KEY => Wish::Neither,
            _ => Wish::More,
        };
        (Cell::text(channel), wish)
    };
    let region = |code: &str| (region_cell(code), if is_leftover(code) { Wish::Neither } else { Wish::More });
    let tables = [
        TableView::new("Totals", columns(""), totals.collect()),
        changed("By channel", "Channel", &comparison.channels, limits, channel),
        // Full width, because a long table next to short ones would leave much of the page empty.
        changed("By region", "Region", &comparison.regions, limits, region).sortable().framed(Frame::Wide),
    ];
    let Comparison { with, as_of, filters_differ, columns_not_in_both, .. } = comparison;
    let older = OlderSide { with, as_of, filters_differ: *filters_differ, columns_not_in_both };
    let tables = tables.into_iter().chain(gross_tables(comparison, limits));
    Some(older.section(comparison.contacts, notes(comparison, limits), tables, trend(summary, limits)))
}

/// Contacts added and removed in each channel and region.
fn gross_tables(comparison: &Comparison, limits: ViewLimits) -> Vec<TableView> {
    let Some(gross) = &comparison.gross else { return Vec::new() };
    let channels = gross_table("Added and removed, by channel", "Channel", (&gross.channels, limits.rows), &Cell::text);
    let regions = gross_table("Added and removed, by region", "Region", (&gross.regions, limits.rows), &region_cell);
    vec![channels, regions.sortable()]
}

fn gross_table(
    title: &str,
    name: &str,
    (groups, limit): (&BTreeMap<String, Gross>, usize),
    cell_of: &dyn Fn(&str) -> Cell,
) -> TableView {
    let size =
        |gross: Gross| gross.added + gross.removed + gross.gained + gross.lost + gross.opted_out + gross.opted_in;
    let cells = |name: Cell, gross: Gross| {
        let Gross { added, removed, gained, lost, opted_out, opted_in } = gross;
        let net = CountChange { old: removed + lost, new: added + gained };
        let counts = [added, removed, gained, lost, opted_out, opted_in].map(Cell::Count);
        std::iter::once(name).chain(counts).chain([Cell::Difference(net, Wish::Neither)]).collect::<Vec<_>>()
    };
    let columns = [
        name.into(),
        "Added".into(),
        "Removed".into(),
        Column::optional("Gained"),
        Column::optional("Lost"),
        Column::optional("Opted out"),
        Column::optional("Opted in"),
        "Net".into(),
    ];
    let ranked = Ranked::new(groups.iter().map(|(key, &gross)| (key.as_str(), gross)), limit, size);
    let view = TableView::new(title, columns, Vec::new()).framed(Frame::Wide);
    ranked.fill(
        view,
        |key, gross| Row::of_key(key, cells(cell_of(key), gross)),
        |rest| {
            let mut sum = Gross::default();
            for (_, gross) in rest {
                sum += *gross;
            }
            Row::rest(cells(Cell::Text(more(rest.len())), sum))
        },
    )
}

/// The gross change as sentences.
fn gross_notes(comparison: &Comparison) -> Vec<String> {
    let contacts = comparison.contacts;
    let Some(gross) = &comparison.gross else {
        return vec![
            "Only the net change is known: two exports are needed to tell who was added and who was removed."
                .to_owned(),
        ];
    };
    let total = gross.total;
    let share_of = |count: u64, whole: u64| match percent(count, whole) {
        share if share.is_empty() => share,
        share => format!(" ({share})"),
    };
    let are = |count: u64| word_for(count, "was", "were");
    let is_there = if gross.removed_may_exist {
        format!("{} missing, but may still exist", word_for(total.removed, "is", "are"))
    } else {
        format!("{} removed", are(total.removed))
    };
    let net = match contacts.difference() {
        0 => "no net change".to_owned(),
        change => match relative(contacts.old, contacts.new) {
            share if share.is_empty() => format!("net {}", difference(change)),
            share => format!("net {} ({share})", difference(change)),
        },
    };
    let mut notes = vec![format!(
        "{}{} {} added and {}{} {is_there}: {net}.",
        count_of(total.added, "contact", "contacts"),
        share_of(total.added, contacts.old),
        are(total.added),
        grouped(total.removed),
        share_of(total.removed, contacts.old)
    )];
    if !comparison.columns_not_in_both.iter().any(|name| name == column_name(column::OPT_OUT)) {
        notes.push(format!(
            "Of the contacts in both exports, {}{} opted out and {} opted back in.",
            grouped(total.opted_out),
            share_of(total.opted_out, contacts.old.saturating_sub(total.removed)),
            grouped(total.opted_in)
        ));
    }
    if !gross.regions.is_empty() || !gross.channels.is_empty() {
        notes.push("Gained and lost: contacts in both exports that changed their channels or their region.".to_owned());
    }
    notes
}

/// Notes about the gross change, and about regions that only one side has.
fn notes(comparison: &Comparison, limits: ViewLimits) -> Vec<String> {
    let mut notes = gross_notes(comparison);
    for (what, regions) in
        [("New regions", &comparison.new_regions), ("Regions that are gone", &comparison.gone_regions)]
    {
        if !regions.is_empty() {
            let names: Vec<_> = regions.iter().take(limits.rows).map(|code| region_cell(code).words()).collect();
            let rest = regions.len().checked_sub(limits.rows).filter(|&rest| rest > 0);
            let rest = rest.map(|rest| format!(" {}", more(rest))).unwrap_or_default();
            notes.push(format!("{what}: {}{rest}.", names.join(", ")));
        }
    }
    notes
}

//! The section about changes since an older report.

use super::super::super::document::contacts::comparison::Comparison;
use super::super::super::document::contacts::summary::Summary;
use super::super::super::table::{NONE_KEY, OTHER_KEY, is_leftover};
use super::super::cell::{Cell, Wish};
use super::super::changes::{OlderSide, cells, changed, columns};
use super::super::limits::Limits;
use super::super::names::region_cell;
use super::super::parts::{Frame, Row, Section, TableView};
use super::super::ranked::more;

pub(super) fn changes(summary: &Summary, limits: Limits) -> Option<Section> {
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
        // A long table next to short ones would leave the rest of the page empty.
        changed("By region", "Region", &comparison.regions, limits, region).sortable().framed(Frame::Wide),
    ];
    let Comparison { with, as_of, filters_differ, columns_not_in_both, .. } = comparison;
    let older = OlderSide { with, as_of, filters_differ: *filters_differ, columns_not_in_both };
    Some(older.section(comparison.contacts, notes(comparison, limits), tables))
}

/// Regions that only one side has.
fn notes(comparison: &Comparison, limits: Limits) -> Vec<String> {
    let mut notes = Vec::new();
    for (what, regions) in [("New", &comparison.new_regions), ("Gone", &comparison.gone_regions)] {
        if !regions.is_empty() {
            let names: Vec<_> = regions.iter().take(limits.rows).map(|code| region_cell(code).words()).collect();
            let rest = regions.len().checked_sub(limits.rows).filter(|&rest| rest > 0);
            let rest = rest.map(|rest| format!(" {}", more(rest))).unwrap_or_default();
            notes.push(format!("{what} regions: {}{rest}.", names.join(", ")));
        }
    }
    notes
}

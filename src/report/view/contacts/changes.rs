//! The section about what changed since an older state.

use super::super::super::document::change::{Change, Changes};
use super::super::super::document::contacts::comparison::Comparison;
use super::super::super::document::contacts::summary::Summary;
use super::super::super::format::{difference, moment, shown};
use super::super::super::table::{NONE_KEY, OTHER_KEY, is_leftover};
use super::super::cell::{Cell, Wish};
use super::super::limits::Limits;
use super::super::parts::{Column, Frame, Note, Row, Section, SectionKind, TableView};
use super::super::ranked::{Ranked, more};
use super::names::{region_cell, region_name};

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
    let of_channel = |channel: &str, change| {
        let wish = match channel {
            NONE_KEY => Wish::Fewer,
            OTHER_KEY => Wish::Neither,
            _ => Wish::More,
        };
        Row::of_key(channel, cells(Cell::text(channel), change, wish))
    };
    let of_region = |code: &str, change| {
        let wish = if is_leftover(code) { Wish::Neither } else { Wish::More };
        Row::of_key(code, cells(region_cell(summary, code), change, wish))
    };
    let tables = [
        TableView::new("Totals", columns(""), totals.collect()),
        moved("By channel", "Channel", &comparison.channels, limits, of_channel),
        // One long table beside short ones would leave the rest of the page empty.
        moved("By region", "Region", &comparison.regions, limits, of_region).sortable().framed(Frame::Wide),
    ];
    let parts = tables.into_iter().map(TableView::with_head).filter_map(TableView::unless_empty).map(Into::into);
    let notes = notes(summary, comparison, limits).into_iter().map(Note::from).collect();
    // Since when, in one word, and what became of the contacts.
    let since = shown(comparison.as_of.get(..10).unwrap_or(&comparison.with));
    Some(Section {
        headline: Some(difference(comparison.contacts.difference())),
        ..Section::new(SectionKind::Changes, &format!("Since {since}"), notes, parts.collect())
    })
}

fn columns(name: &str) -> [Column; 4] {
    [name, "Then", "Now", "Change"].map(Column::from)
}

fn cells(name: Cell, change: Change, wish: Wish) -> Vec<Cell> {
    vec![name, Cell::Count(change.old), Cell::Count(change.new), Cell::Difference(change, wish)]
}

/// What has other numbers than then, the largest changes first.
fn moved(
    title: &str,
    name: &str,
    changes: &Changes,
    limits: Limits,
    row_of: impl Fn(&str, Change) -> Row,
) -> TableView {
    let moved = changes.iter().filter(|(_, change)| change.difference() != 0);
    let moved = moved.map(|(key, &change)| (key.as_str(), change));
    let ranked = Ranked::new(moved, limits.rows, |change| change.difference().unsigned_abs());
    ranked.fill(TableView::new(title, columns(name), Vec::new()), row_of, |rest| {
        let sum = |side: fn(&Change) -> u64| rest.iter().map(|(_, change)| side(change)).sum();
        let change = Change { old: sum(|change| change.old), new: sum(|change| change.new) };
        Row::rest(cells(Cell::Text(more(rest.len())), change, Wish::Neither))
    })
}

fn notes(summary: &Summary, comparison: &Comparison, limits: Limits) -> Vec<String> {
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
    for (what, regions) in [("New", &comparison.new_regions), ("Gone", &comparison.gone_regions)] {
        if !regions.is_empty() {
            let names: Vec<_> = regions.iter().take(limits.rows).map(|code| region_name(summary, code)).collect();
            let rest = regions.len().checked_sub(limits.rows).filter(|&rest| rest > 0);
            let rest = rest.map(|rest| format!(" {}", more(rest))).unwrap_or_default();
            notes.push(format!("{what} regions: {}{rest}.", names.join(", ")));
        }
    }
    notes
}

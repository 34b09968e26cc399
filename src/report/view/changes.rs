//! The section about what changed since an older state.

use super::super::counts::{NONE_KEY, OTHER_KEY};
use super::super::format::{difference, moment, shown};
use super::super::{Change, Changes, Comparison, Summary};
use super::contacts::region_name;
use super::{Cell, Limits, Ranked, Section, View, Wish, is_leftover, more};

pub(super) fn changes(summary: &Summary, limits: Limits) -> Option<Section> {
    let comparison = summary.comparison.as_ref()?;
    let totals = [
        ("Contacts", Some(comparison.contacts), Wish::More),
        ("Reachable", comparison.reachable, Wish::More),
        ("Opted out", comparison.opted_out, Wish::Fewer),
        ("Without any channel", comparison.without_channel, Wish::Fewer),
    ];
    let totals = totals.into_iter().filter_map(|(name, change, wish)| Some(row(name.to_owned(), change?, wish)));
    let of_channel = |channel: &str, change| {
        let wish = match channel {
            NONE_KEY => Wish::Fewer,
            OTHER_KEY => Wish::Neither,
            _ => Wish::More,
        };
        row(shown(channel), change, wish)
    };
    let of_region = |code: &str, change| {
        row(region_name(summary, code), change, if is_leftover(code) { Wish::Neither } else { Wish::More })
    };
    let tables = vec![
        View::new("change-totals", "Totals", columns(""), totals.collect()),
        moved("change-channels", "By channel", "Channel", &comparison.channels, limits, of_channel),
        moved("change-regions", "By region", "Region", &comparison.regions, limits, of_region),
    ];
    Some(Section {
        id: "changes",
        title: title(comparison),
        notes: notes(summary, comparison, limits),
        tables: tables.into_iter().filter(|view| !view.rows.is_empty()).collect(),
    })
}

fn columns(name: &str) -> [&str; 4] {
    [name, "Then", "Now", "Change"]
}

fn row(name: String, change: Change, wish: Wish) -> Vec<Cell> {
    vec![Cell::Text(name), Cell::Count(change.old), Cell::Count(change.new), Cell::Difference(change, wish)]
}

/// What has other numbers than then, the largest changes first.
fn moved(
    id: &'static str,
    title: &str,
    name: &str,
    changes: &Changes,
    limits: Limits,
    row_of: impl Fn(&str, Change) -> Vec<Cell>,
) -> View {
    let moved = changes.iter().filter(|(_, change)| change.difference() != 0);
    let moved = moved.map(|(key, &change)| (key.as_str(), change));
    let ranked = Ranked::new(moved, limits.rows, |change| change.difference().unsigned_abs());
    ranked.fill(View::new(id, title, columns(name), Vec::new()), row_of, |rest| {
        let sum = |side: fn(&Change) -> u64| rest.iter().map(|(_, change)| side(change)).sum();
        let change = Change { old: sum(|change| change.old), new: sum(|change| change.new) };
        row(more(rest.len()), change, Wish::Neither)
    })
}

/// Since when, in one word, and what became of the contacts.
fn title(comparison: &Comparison) -> String {
    let since = shown(comparison.as_of.get(..10).unwrap_or(&comparison.with));
    format!("Since {since}: {}", difference(comparison.contacts.difference()))
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

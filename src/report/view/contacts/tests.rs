use super::super::super::document::change::CountChange;
use super::super::parts::{Part, Row, TableView};
use super::*;
use crate::report::RegionDetail;

const fn limits(rows: usize) -> ViewLimits {
    ViewLimits { rows, regions: rows * 2, months: 12, days: 14, channels: 6 }
}

const REGIONS: &str = "Contacts by region";
const LIMITS: [ViewLimits; 3] = [limits(10), limits(30), limits(40)];

/// An account with this many codes, and some contacts without a code or with a hidden one.
fn account(codes: u64) -> Summary {
    let count = |at: u64| 1000 - at;
    let mut table: Table = (0..codes).map(|at| (format!("{}", 100 + at), count(at))).collect();
    table.extend([("unknown".to_owned(), 68), ("(other)".to_owned(), 1)]);
    let detail = |contacts| RegionDetail {
        contacts,
        reachable: Some(contacts / 2),
        opted_out: Some(contacts / 3),
        ..RegionDetail::default()
    };
    Summary {
        as_of: "2026-03-31T00:00:00Z".to_owned(),
        contacts: table.values().sum(),
        region_details: table.iter().map(|(code, &count)| (code.clone(), detail(count))).collect(),
        regions: table.clone(),
        country_codes: table.clone(),
        default_channels: table.clone(),
        channel_combinations: table,
        ..Summary::default()
    }
}

fn view(summary: &Summary, limits: ViewLimits, title: &str) -> TableView {
    let parts = report(summary, limits).sections.into_iter().flat_map(|section| section.parts);
    let tables = parts.filter_map(|part| match part {
        Part::Table(table) => Some(table),
        _ => None,
    });
    tables.into_iter().find(|view| view.title == title).unwrap()
}

/// The rows of a table that are shown while it is collapsed.
fn folded(view: &TableView) -> Vec<Row> {
    let fold = view.fold.as_ref().unwrap();
    let mut rows = view.rows.clone();
    rows.splice(fold.rows.clone(), [fold.rest.clone()]);
    rows
}

fn sum_of_column(rows: &[Row], column: usize) -> u64 {
    let count = |row: &Row| match row.cells[column] {
        Cell::Count(count) | Cell::Percent(count, _) => count,
        _ => panic!("no number in {row:?}"),
    };
    rows.iter().map(count).sum()
}

#[test]
fn a_truncated_or_collapsed_table_adds_up() {
    let mut has_folded = 0;
    for (codes, limits) in [0, 1, 10, 11, 12, 18, 19, 31, 32, 57, 300].into_iter().flat_map(|n| LIMITS.map(|l| (n, l)))
    {
        let summary = account(codes);
        for title in [REGIONS, "Calling codes", "Default", "Combinations"] {
            let view = view(&summary, limits, title);
            let shown = view.fold.iter().map(|_| folded(&view)).chain([view.rows.clone()]);
            for rows in shown {
                assert_eq!(sum_of_column(&rows, 1), summary.contacts, "{title}, {codes} codes: {rows:?}");
                let share = if title == REGIONS { 4 } else { 2 };
                assert_eq!(sum_of_column(&rows, share), summary.contacts, "{title}, {codes} codes: {rows:?}");
                if title == REGIONS {
                    let sum =
                        |of: fn(&RegionDetail) -> Option<u64>| summary.region_details.values().filter_map(of).sum();
                    let wanted: [u64; 2] = [sum(|detail| detail.reachable), sum(|detail| detail.opted_out)];
                    assert_eq!([2, 3].map(|column| sum_of_column(&rows, column)), wanted, "{codes} codes");
                }
            }
            has_folded += u64::from(view.fold.is_some());
        }
    }
    assert!(has_folded > 10, "{has_folded}");
}

#[test]
fn the_row_for_the_rest_has_the_number_of_its_rows() {
    let view = view(&account(57), LIMITS[1], "Calling codes");
    let names = |rows: &[Row], from: usize| -> Vec<String> { rows[from..].iter().map(Row::name).collect() };
    assert_eq!(names(&view.rows, 29), ["+129", "… and 27 more", "unknown", "(other)"]);
    assert_eq!(names(&folded(&view), 14), ["+114", "… and 42 more", "unknown", "(other)"]);
}

#[test]
fn leftovers_are_shown_in_every_form() {
    let summary = account(100);
    for limits in LIMITS {
        for title in [REGIONS, "Calling codes", "Default", "Combinations"] {
            let view = view(&summary, limits, title);
            let last = &view.rows[view.rows.len() - 2..];
            assert_eq!(
                last.iter().map(|row| (row.name(), row.cells[1].words())).collect::<Vec<_>>(),
                [("unknown".to_owned(), "68".to_owned()), ("(other)".to_owned(), "1".to_owned())]
            );
        }
    }
}

#[test]
fn more_is_better_only_for_counts_that_should_grow() {
    let [grown, shrunk, same] = [(1, 44), (44, 1), (2, 2)].map(|(old, new)| CountChange { old, new });
    assert_eq!([grown, shrunk, same].map(|change| Wish::More.is_met_by(change)), [Some(true), Some(false), None]);
    assert_eq!([grown, shrunk, same].map(|change| Wish::Fewer.is_met_by(change)), [Some(false), Some(true), None]);
    assert_eq!([grown, shrunk, same].map(|change| Wish::Neither.is_met_by(change)), [None; 3]);
}

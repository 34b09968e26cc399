//! Tables of counts, the same in every report.

use super::super::format::shown;
use super::super::table::Table;
use super::cell::Cell;
use super::limits::ViewLimits;
use super::parts::{Column, Row, TableView};
use super::ranked::{Ranked, more, sum};

/// A table of counts with percentages of `total` and bars; `None` if it has no rows.
pub(super) fn counted(
    title: &str,
    [name, counts]: [&str; 2],
    table: &Table,
    total: u64,
    limits: ViewLimits,
) -> Option<TableView> {
    let ranked = Ranked::of_counts(table, limits.rows);
    let largest = ranked.largest()?;
    let cells = |name: String, count: u64, bar: u64| {
        vec![Cell::Text(name), Cell::Count(count), Cell::Percent(count, total), Cell::Bar(bar, largest)]
    };
    let view = TableView::new(title, [name.into(), counts.into(), "Share".into(), Column::bars()], Vec::new());
    let row = |key: &str, count| Row::of_key(key, cells(shown(key), count, count));
    // A bar for the sum of many small groups would not be comparable with those of single groups.
    Some(ranked.fill(view, row, |rest| Row::rest(cells(more(rest.len()), sum(rest), 0))))
}

/// A table of counts without a total; `None` if it has no rows.
pub(super) fn plain(title: &str, name: &str, table: &Table, limits: ViewLimits) -> Option<TableView> {
    let cells = |name: String, count| vec![Cell::Text(name), Cell::Count(count)];
    let view = TableView::new(title, [name.into(), "Count".into()], Vec::new());
    let row = |key: &str, count| Row::of_key(key, cells(shown(key), count));
    let rest = |rest: &[(&str, u64)]| Row::rest(cells(more(rest.len()), sum(rest)));
    Ranked::of_counts(table, limits.rows).fill(view, row, rest).unless_empty()
}

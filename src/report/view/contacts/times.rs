//! When contacts were created and last changed.

use super::super::super::document::contacts::summary::Summary;
use super::super::super::format::{moment, shown};
use super::super::super::table::is_leftover;
use super::super::cell::Cell;
use super::super::limits::ViewLimits;
use super::super::names::so_far_of;
use super::super::parts::{Column, Frame, Note, Part, Row, Section, SectionKind, TableView};
use super::months;
use crate::base::plural::grouped;

pub(super) fn times(summary: &Summary, limits: ViewLimits) -> Section {
    let mut notes = Vec::new();
    if let (Some(oldest), Some(newest)) = (&summary.created_range.oldest, &summary.created_range.newest) {
        notes.push(format!("The oldest contact was created on {}, the newest on {}.", moment(oldest), moment(newest)));
    }
    let parts = [
        months::lines(summary).map(Part::Lines),
        month_table(summary, limits).map(Into::into),
        ages(summary).map(Into::into),
    ];
    let notes = notes.into_iter().map(Note::from).collect();
    Section::new(SectionKind::Time, "Time", notes, parts.into_iter().flatten().collect())
}

fn month_table(summary: &Summary, limits: ViewLimits) -> Option<TableView> {
    let (months, leftovers): (Vec<_>, Vec<_>) =
        summary.created_by_month.iter().partition(|(month, _)| !is_leftover(month));
    let hidden = months.len().saturating_sub(limits.months + 1);
    let cut = if hidden > 0 { months.len() - limits.months } else { 0 };
    let largest = months[cut..].iter().chain(&leftovers).map(|&(_, &count)| count).max()?;
    let cells = |name: String, count, so_far: Option<u64>, bar| {
        let so_far = so_far.map_or(Cell::Text(String::new()), Cell::Count);
        vec![Cell::Text(name), Cell::Count(count), so_far, Cell::Bar(bar, largest)]
    };
    let so_far = |month: &String| summary.created_cumulative.get(month).copied();
    let mut rows = Vec::new();
    if cut > 0 {
        let count = months[..cut].iter().map(|&(_, count)| count).sum();
        let name = format!("{} earlier months", grouped(cut as u64));
        rows.push(Row::new(cells(name, count, so_far(months[cut - 1].0), 0)));
    }
    let shown_months = months[cut..].iter();
    let name = |month: &str| so_far_of(month, &summary.as_of);
    rows.extend(shown_months.map(|&(month, &count)| Row::new(cells(name(month), count, so_far(month), count))));
    rows.extend(leftovers.iter().map(|&(name, &count)| Row::of_key(name, cells(shown(name), count, None, count))));
    let columns = ["Month".into(), "Created".into(), "Total".into(), Column::bars()];
    let view = TableView::new("Created, by month", columns, rows).sortable().with_head();
    Some(view.framed(Frame::Folded("All months as a table")))
}

fn ages(summary: &Summary) -> Option<TableView> {
    let updated = summary.updated;
    // Each contact is counted in exactly one row; the names must make that clear.
    let mut rows = vec![
        ("never", updated.never),
        ("last 7 days", updated.last_7_days),
        ("8 to 30 days ago", updated.last_30_days),
        ("31 to 90 days ago", updated.last_90_days),
        ("91 to 365 days ago", updated.last_365_days),
        ("longer ago", updated.older),
    ];
    // Rare, so shown only if there are any.
    if updated.in_future > 0 {
        rows.push(("in the future", updated.in_future));
    }
    let largest = rows.iter().map(|&(_, count)| count).max().filter(|&largest| largest > 0)?;
    let row = |(name, count): (&str, u64)| {
        let share = Cell::Percent(count, summary.contacts);
        Row::new(vec![Cell::text(name), Cell::Count(count), share, Cell::Bar(count, largest)])
    };
    let rows = rows.into_iter().map(row).collect();
    let columns = ["Last change".into(), "Contacts".into(), "Share".into(), Column::bars()];
    Some(TableView::new("Last change", columns, rows).framed(Frame::Wide))
}

//! When messages were created: by day, and by weekday and hour.

use std::collections::BTreeMap;

use super::super::super::document::delivery::group::Group;
use super::super::super::document::delivery::summary::DeliverySummary;
use super::super::super::format::{moment, shown};
use super::super::super::table::{OTHER_KEY, Table, UNKNOWN_KEY, is_leftover};
use super::super::cell::Cell;
use super::super::counted::counted;
use super::super::limits::ViewLimits;
use super::super::names::so_far_of;
use super::super::parts::{
    Column, Frame, HeatScale, HeatView, LineChart, LinesView, Note, Part, Row, Section, SectionKind, TableView,
};
use super::groups::{cells, columns};
use crate::base::plural::{count_of, grouped};
use crate::time::calendar::{date_text, day_of_date};

/// Maximum number of days in a chart: a year and a day.
const MAX_DAYS: i64 = 366;
/// 2000-01-01, the first day of a chart. Earlier dates are wrong, and would compress the rest of the chart.
const FIRST_DAY: i64 = 10_957;
/// Hours in a column of the heat map.
const BLOCK: usize = 3;
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

pub(super) fn times(summary: &DeliverySummary, limits: ViewLimits) -> Section {
    let mut notes = Vec::new();
    if let (Some(oldest), Some(newest)) = (&summary.created_range.oldest, &summary.created_range.newest) {
        let [oldest, newest] = [oldest, newest].map(|time| moment(time));
        notes.push(format!("The oldest message was created on {oldest}, the newest on {newest}.").into());
    }
    let hours = ViewLimits { rows: summary.hours.len(), ..limits };
    let parts = [
        lines(summary).map(Part::Lines),
        days(summary, limits).map(Part::from),
        heat(summary).map(Part::Heat),
        in_order(&summary.hours, summary.messages, hours).map(Part::from),
    ];
    Section::new(SectionKind::Time, "Time", notes, parts.into_iter().flatten().collect())
}

/// Hours in chronological order, not sorted by count.
fn in_order(hours: &Table, total: u64, limits: ViewLimits) -> Option<TableView> {
    let view = counted("Created, by hour", ["Hour", "Messages"], hours, total, limits)?;
    let mut rows = view.rows;
    rows.sort_by_key(Row::name);
    let frame = Frame::Folded("All hours as a table");
    Some(TableView { rows, fold: None, ..view }.sortable().framed(frame))
}

/// The latest days, in chronological order.
fn days(summary: &DeliverySummary, limits: ViewLimits) -> Option<TableView> {
    let (days, leftovers): (Vec<_>, Vec<_>) = summary.days.iter().partition(|(day, _)| !is_leftover(day));
    let hidden = days.len().saturating_sub(limits.days + 1);
    let cut = if hidden > 0 { days.len() - limits.days } else { 0 };
    let largest = days[cut..].iter().chain(&leftovers).map(|(_, group)| group.messages).max()?;
    let cells = |name: String, group: Group, bar: u64| cells(Cell::Text(name), group, summary.messages, (bar, largest));
    let mut rows = Vec::new();
    if cut > 0 {
        let mut earlier = Group::default();
        days[..cut].iter().for_each(|&(_, &group)| earlier += group);
        rows.push(Row::new(cells(format!("{} earlier days", grouped(cut as u64)), earlier, 0)));
    }
    let name = |day: &str| so_far_of(day, &summary.as_of);
    rows.extend(days[cut..].iter().map(|&(day, &group)| Row::new(cells(name(day), group, group.messages))));
    rows.extend(leftovers.iter().map(|&(key, &group)| Row::of_key(key, cells(shown(key), group, group.messages))));
    let view = TableView::new("Created, by day", columns("Day"), rows).sortable().with_head();
    Some(view.framed(Frame::Folded("All days as a table")))
}

/// The charts; `None` if there is no plausible day.
fn lines(summary: &DeliverySummary) -> Option<LinesView> {
    let last = day_of(&summary.as_of)?;
    let groups: BTreeMap<i64, Group> =
        summary.days.iter().filter_map(|(day, &group)| Some((day_of(day)?, group))).collect();
    let mut sensible = groups.keys().copied().filter(|day| (FIRST_DAY..=last).contains(day));
    let first = sensible.next()?;
    let newest = sensible.next_back().unwrap_or(first);
    let first = first.max(newest + 1 - MAX_DAYS);
    let chart = |title: &str, count: fn(&Group) -> Option<u64>| {
        let point = |day: i64| {
            let count = groups.get(&day).map_or(Some(0), count)?;
            Some((date_text(day), count))
        };
        let points = (first..=newest).map(point).collect::<Option<Vec<_>>>()?;
        let is_last_partial = newest == last;
        Some(LineChart {
            title: title.to_owned(),
            points,
            places: Vec::new(),
            is_last_partial,
            table: "the table of days",
        })
    };
    let both = [chart("Outbound per day", |group| group.outbound), chart("Inbound per day", |group| group.inbound)];
    let charts = match both {
        [Some(outbound), Some(inbound)] => vec![outbound, inbound],
        _ => chart("Messages per day", |group| Some(group.messages)).into_iter().collect(),
    };
    let sum = |days: &mut dyn Iterator<Item = (&i64, &Group)>| days.map(|(_, group)| group.messages).sum::<u64>();
    let of_key = |key: &str| summary.days.get(key).map_or(0, |group| group.messages);
    let groups = [
        (of_key(UNKNOWN_KEY), "without a date"),
        (sum(&mut groups.range(..first)), "of earlier days"),
        (sum(&mut groups.range(newest + 1..)), "with a date in the future"),
        (of_key(OTHER_KEY), if summary.min_cell.is_some() { "of merged days" } else { "of other days" }),
    ];
    let left_out: Vec<String> = groups
        .into_iter()
        .filter(|&(count, _)| count > 0)
        .map(|(count, what)| format!("{} {what}", count_of(count, "message", "messages")))
        .collect();
    let note = format!("Not in the charts: {}.", left_out.join(", "));
    let notes = if left_out.is_empty() { Vec::new() } else { vec![Note::from(note)] };
    Some(LinesView { charts, notes })
}

/// The day of a date, or of a time that starts with one.
fn day_of(text: &str) -> Option<i64> {
    let mut parts = text.get(..10)?.splitn(3, '-').map(str::parse::<i64>);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) = (parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then(|| day_of_date(year, month, day))
}

/// Weekdays by blocks of hours.
fn heat(summary: &DeliverySummary) -> Option<HeatView> {
    let blocks = |hours: &[u64]| -> Vec<u64> { hours.chunks(BLOCK).map(|block| block.iter().sum()).collect() };
    let days: Vec<(&str, Vec<u64>)> = summary
        .hours_by_weekday
        .iter()
        .filter_map(|day| Some((*WEEKDAYS.get(usize::from(day.iso_weekday).checked_sub(1)?)?, blocks(&day.hours))))
        .collect();
    let largest = days.iter().flat_map(|(_, blocks)| blocks).copied().max().filter(|&largest| largest > 0)?;
    let row = |(day, blocks): &(&str, Vec<u64>)| {
        let cells = blocks.iter().map(|&count| Cell::Shaded(count, largest));
        Row::new(std::iter::once(Cell::text(day)).chain(cells).collect())
    };
    let rows: Vec<Row> = days.iter().map(row).collect();
    let hours = (0..24).step_by(BLOCK).map(|hour| format!("{hour:02}–{:02}", hour + BLOCK));
    let columns = std::iter::once("Weekday".to_owned()).chain(hours);
    let view = TableView::new("Created, by weekday and hour", [], Vec::new()).with_head();
    let table = TableView {
        columns: columns.map(|name| Column::from(name.as_str())).collect(),
        rows,
        ..view.framed(Frame::Folded("Weekdays and hours as a table"))
    };
    Some(HeatView {
        rows: table.rows.len(),
        table,
        scale: HeatScale::Whole,
        label: "Heat map of the messages created on each weekday, by hours; the table below it has the numbers",
        caption: "The stronger the shade, the more messages. Hours are UTC.",
        row_noun: "weekdays",
    })
}

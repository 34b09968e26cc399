//! How counts developed over several exports.

use super::super::document::resource::ResourceDocument;
use super::super::document::trend::TrendPoint;
use super::super::format::capitalized;
use super::cell::Cell;
use super::distinct::distinct;
use super::limits::ViewLimits;
use super::names::channel_name;
use super::parts::{Column, Frame, LineChart, LinesView, Part, Row, RowKind, TableView};
use crate::base::plural::grouped;
use crate::time::Timestamp;

/// A column of the trend: its name, and its counts.
struct Series {
    name: String,
    counts: Vec<Option<u64>>,
}

/// The charts and their table; empty if there are fewer than two points.
pub(super) fn trend<D: ResourceDocument>(document: &D, limits: ViewLimits) -> Vec<Part> {
    let points = document.trend();
    if points.len() < 2 {
        return Vec::new();
    }
    let series = series(points, limits);
    let charts = series.iter().filter_map(|series| chart(points, series)).collect();
    vec![Part::Lines(LinesView { charts, notes: Vec::new() }), table(points, &series, limits).into()]
}

/// The totals, then the largest channels.
fn series(points: &[TrendPoint], limits: ViewLimits) -> Vec<Series> {
    const TOTALS: [(&str, &str); 6] = [
        ("contacts", "Contacts"),
        ("reachable", "Reachable"),
        ("opted_out", "Opted out"),
        ("messages", "Messages"),
        ("outbound", "Outbound"),
        ("undelivered", "Undelivered"),
    ];
    let totals = TOTALS.into_iter().map(|(key, name)| Series {
        name: name.to_owned(),
        counts: points.iter().map(|point| point.totals.get(key).copied()).collect(),
    });
    let totals = totals.filter(|series| series.counts.iter().any(Option::is_some));
    let last = points.last().map(|point| &point.channels);
    let mut channels: Vec<(&str, u64)> =
        last.into_iter().flatten().map(|(channel, &count)| (channel.as_str(), count)).collect();
    channels.sort_by_key(|&(channel, count)| (std::cmp::Reverse(count), channel));
    let keys: Vec<&str> = channels.into_iter().map(|(channel, _)| channel).take(limits.channels).collect();
    let names = distinct(&keys, channel_name);
    let channels = keys.iter().zip(names).map(|(&channel, name)| Series {
        name,
        counts: points
            .iter()
            .map(|point| (!point.channels.is_empty()).then(|| point.channels.get(channel).copied().unwrap_or(0)))
            .collect(),
    });
    totals.chain(channels).collect()
}

/// A chart with points positioned by their times; `None` unless all counts are known.
fn chart(points: &[TrendPoint], series: &Series) -> Option<LineChart> {
    let times: Option<Vec<i64>> =
        points.iter().map(|point| Some(Timestamp::parse(&point.as_of).ok()?.micros())).collect();
    let times = times?;
    let (first, last) = (*times.first()?, *times.last()?);
    let span = last.saturating_sub(first).max(1);
    let place = |time: i64| usize::try_from(i128::from(time.saturating_sub(first)) * 1000 / i128::from(span)).ok();
    let counts: Option<Vec<u64>> = series.counts.iter().copied().collect();
    let names = points.iter().map(|point| day(point).to_owned());
    Some(LineChart {
        title: capitalized(&series.name),
        points: names.zip(counts?).collect(),
        places: times.into_iter().map(place).collect::<Option<Vec<_>>>()?,
        is_last_partial: false,
        table: "the table of the trend",
    })
}

fn day(point: &TrendPoint) -> &str {
    point.as_of.get(..10).unwrap_or(&point.as_of)
}

/// A row for each time, and one with the counts of each column as a sparkline.
fn table(points: &[TrendPoint], series: &[Series], limits: ViewLimits) -> TableView {
    let cut = points.len().saturating_sub(limits.days);
    let cell = |count: Option<u64>| count.map_or(Cell::Hidden, Cell::Count);
    let mut rows = Vec::new();
    if cut > 0 {
        let name = Cell::Text(format!("{} earlier dates", grouped(cut as u64)));
        rows.push(Row::new(std::iter::once(name).chain(series.iter().map(|_| Cell::Text(String::new()))).collect()));
    }
    for (at, point) in points.iter().enumerate().skip(cut) {
        let counts = series.iter().map(|series| cell(series.counts[at]));
        rows.push(Row::new(std::iter::once(Cell::text(day(point))).chain(counts).collect()));
    }
    let lines = series.iter().map(|series| Cell::Text(sparkline(&series.counts)));
    let cells = std::iter::once(Cell::text("Trend")).chain(lines).collect();
    rows.push(Row { kind: RowKind::Sparklines, cells });
    let columns = std::iter::once("Date").chain(series.iter().map(|series| series.name.as_str()));
    let columns: Vec<Column> = columns.map(Column::from).collect();
    TableView { columns, ..TableView::new("Trend", [], rows).with_head() }.framed(Frame::Folded("The trend as a table"))
}

/// One bar for each count, scaled from the smallest to the largest; a space for an unknown count.
fn sparkline(counts: &[Option<u64>]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const MAX: usize = 12;
    let counts = &counts[counts.len().saturating_sub(MAX)..];
    let known = || counts.iter().flatten().copied();
    let (Some(least), Some(most)) = (known().min(), known().max()) else { return String::new() };
    let steps = (BARS.len() - 1) as u128;
    let bar = |count: u64| {
        // If all counts are equal, the line is in the middle.
        let step = if most == least { steps / 2 } else { u128::from(count - least) * steps / u128::from(most - least) };
        BARS[usize::try_from(step).unwrap_or(0)]
    };
    counts.iter().map(|count| count.map_or(' ', bar)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_goes_from_the_smallest_to_the_largest_count() {
        let line = |counts: &[u64]| sparkline(&counts.iter().copied().map(Some).collect::<Vec<_>>());
        assert_eq!(line(&[10, 11, 17]), "▁▂█");
        assert_eq!(line(&[5, 5, 5]), "▄▄▄");
        assert_eq!(line(&[0, u64::MAX]), "▁█");
        assert_eq!(line(&(0..100).collect::<Vec<_>>()).chars().count(), 12);
        assert_eq!(sparkline(&[Some(1), None, Some(2)]), "▁ █");
        assert_eq!(sparkline(&[None]), "");
    }
}

//! How long messages took to be delivered and read.

use super::super::super::document::delivery::summary::{DeliverySummary, DeliveryTimes, Percentiles};
use super::super::cell::Cell;
use super::super::limits::ViewLimits;
use super::super::parts::{Column, Frame, Note, Part, Row, Section, SectionKind, TableView};

pub(super) fn speed(summary: &DeliverySummary, limits: ViewLimits) -> Section {
    let tables = [
        table("From queued to delivered", summary, limits, |times| times.to_delivered),
        table("From queued to read", summary, limits, |times| times.to_read),
    ];
    let parts: Vec<Part> = tables.into_iter().flatten().map(Part::from).collect();
    let is_approximate = |found: Option<Percentiles>| found.is_some_and(|found| found.approximate);
    let mut notes = Vec::new();
    if !parts.is_empty() {
        notes.push(
            "The time within which this share of the messages was delivered or read, according to their events."
                .to_owned(),
        );
    }
    if is_approximate(summary.times.to_delivered) || is_approximate(summary.times.to_read) {
        notes.push(
            "Percentiles may be off by up to 1%, because there were too many messages to keep every duration."
                .to_owned(),
        );
    }
    Section::new(SectionKind::Speed, "Speed", notes.into_iter().map(Note::from).collect(), parts)
}

fn table(
    title: &str,
    summary: &DeliverySummary,
    limits: ViewLimits,
    of: fn(&DeliveryTimes) -> Option<Percentiles>,
) -> Option<TableView> {
    let all = of(&summary.times)?;
    let mut channels: Vec<(&String, Percentiles)> =
        summary.times_by_channel.iter().filter_map(|(channel, times)| Some((channel, of(times)?))).collect();
    channels.sort_by_key(|(_, found)| std::cmp::Reverse(found.messages));
    let cells = |name: Cell, found: Percentiles| {
        let durations = [found.p50_ms, found.p75_ms, found.p90_ms, found.p95_ms, found.p99_ms].map(Cell::Duration);
        let longest = found.max_ms.map_or(Cell::Hidden, Cell::Duration);
        let cells = [name, Cell::Count(found.messages)].into_iter().chain(durations);
        cells.chain([longest]).collect()
    };
    let rows = channels.into_iter().take(limits.rows);
    let rows = rows.map(|(channel, found)| Row::of_key(channel, cells(Cell::text(channel), found)));
    let all = Row::new(cells(Cell::text("All channels"), all));
    let columns = [
        "Channel".into(),
        Column::optional("Messages"),
        "50%".into(),
        Column::optional("75%"),
        "90%".into(),
        Column::optional("95%"),
        Column::optional("99%"),
        Column::optional("Longest"),
    ];
    let view = TableView::new(title, columns, std::iter::once(all).chain(rows).collect());
    Some(view.framed(Frame::Wide).with_head())
}

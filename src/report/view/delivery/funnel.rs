//! How far messages got: the funnel, deliverability by both definitions, and the statuses.

use super::super::super::document::delivery::summary::DeliverySummary;
use super::super::cell::Cell;
use super::super::counted::counted;
use super::super::limits::ViewLimits;
use super::super::parts::{Column, Row, Section, SectionKind, TableView};

pub(super) fn delivery(summary: &DeliverySummary, limits: ViewLimits) -> Section {
    let messages = summary.messages;
    let tables = [
        funnel(summary),
        deliverability(summary),
        counted("Statuses", ["Status", "Messages"], &summary.statuses, messages, limits),
        counted("Directions", ["Direction", "Messages"], &summary.directions, messages, limits),
    ];
    let parts = tables.into_iter().flatten().map(Into::into).collect();
    Section::new(SectionKind::Delivery, "Delivery", Vec::new(), parts)
}

fn funnel(summary: &DeliverySummary) -> Option<TableView> {
    let funnel = summary.funnel.filter(|funnel| funnel.queued > 0)?;
    let stages =
        [("Queued", funnel.queued), ("Sent", funnel.sent), ("Delivered", funnel.delivered), ("Read", funnel.read)];
    let row = |(name, count): (&str, u64)| {
        let share = Cell::Percent(count, funnel.queued);
        Row::new(vec![Cell::text(name), Cell::Count(count), share, Cell::Bar(count, funnel.queued)])
    };
    let columns = ["Stage".into(), "Outbound".into(), "Share".into(), Column::bars()];
    Some(TableView::new("Funnel", columns, stages.into_iter().map(row).collect()))
}

fn deliverability(summary: &DeliverySummary) -> Option<TableView> {
    let found = summary.deliverability.filter(|found| found.outbound > 0)?;
    let row = |name: &str, whole: u64| {
        let cells = [Cell::Count(found.successful), Cell::Count(whole), Cell::Percent(found.successful, whole)];
        Row::new(std::iter::once(Cell::text(name)).chain(cells).collect())
    };
    let rows = vec![row("Dashboard", found.attempted), row("Of all outbound", found.outbound)];
    let columns = ["Definition", "Sent, delivered, read", "Of", "Share"].map(Into::into);
    Some(TableView::new("Deliverability", columns, rows).with_head())
}

//! The section about what looks wrong.

use super::super::super::document::delivery::summary::DeliverySummary;
use super::super::cell::Cell;
use super::super::counted::{counted, plain};
use super::super::limits::Limits;
use super::super::parts::{Row, Section, SectionKind, TableKind, TableView};

pub(super) fn quality(summary: &DeliverySummary, limits: Limits) -> Section {
    // A message can miss several values, so these numbers must not be summed up in a last row.
    let all_columns = Limits { rows: summary.quality.missing.len(), ..limits };
    let missing = &summary.quality.missing;
    let tables = [
        findings(summary),
        counted("Missing values", ["Column", "Messages"], missing, summary.messages, all_columns),
        plain("Items that were no messages", "Reason", &summary.rejected, limits),
        plain("Fields that no documentation names", "Field", &summary.origin.unknown_fields, limits),
        plain("Values of an undocumented type or form", "Column", &summary.origin.malformed_fields, limits),
    ];
    let parts = tables.into_iter().flatten().map(Into::into).collect();
    Section::new(SectionKind::Quality, "Quality", Vec::new(), parts)
}

/// Everything that is checked, also where nothing was found: that is an answer, too.
fn findings(summary: &DeliverySummary) -> Option<TableView> {
    if summary.messages == 0 {
        return None;
    }
    let quality = &summary.quality;
    let repeated = if quality.repeated_ids_approximate {
        Cell::About(quality.repeated_ids)
    } else {
        Cell::Count(quality.repeated_ids)
    };
    let counted = |count: u64| (Cell::Count(count), count);
    // Each with the columns that it rests on: nothing was looked at where one is not there.
    let rows: [(&[&str], &str, (Cell, u64)); 7] = [
        (&["id"], "Id of another message", (repeated, quality.repeated_ids)),
        (&["region_code"], "Region not in ISO 3166-1", counted(quality.regions_not_in_iso_3166)),
        (&["status"], "Undocumented status", counted(quality.undocumented_statuses)),
        (&["price", "direction"], "Outbound without a price", counted(quality.outbound_without_price)),
        (&["events"], "Delivered or read before it was queued", counted(quality.events_before_queued)),
        (&["created_at"], "Created in the year 1 (never set)", counted(quality.year_one_created_at)),
        (&["created_at"], "Created in the future", counted(quality.created_in_future)),
    ];
    let row = |(_, name, (cell, count)): (_, &str, (Cell, u64))| {
        Row::new(vec![Cell::text(name), cell, Cell::Percent(count, summary.messages)])
    };
    let rows: Vec<Row> = rows.into_iter().filter(|(columns, ..)| summary.has(columns)).map(row).collect();
    let view = TableView::new("Findings", ["Finding", "Messages", "Share"].map(Into::into), rows);
    TableView { kind: TableKind::Findings, ..view }.unless_empty()
}

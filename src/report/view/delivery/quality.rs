//! The section about possible errors in the data.

use super::super::super::document::delivery::summary::DeliverySummary;
use super::super::cell::Cell;
use super::super::limits::ViewLimits;
use super::super::parts::{Row, Section};
use super::super::quality;

pub(super) fn quality(summary: &DeliverySummary, limits: ViewLimits) -> Section {
    quality::section(summary, findings(summary), limits)
}

/// All checks, including those that found nothing.
fn findings(summary: &DeliverySummary) -> Vec<Row> {
    if summary.messages == 0 {
        return Vec::new();
    }
    let found = &summary.quality;
    let repeated =
        if found.repeated_ids_approximate { Cell::About(found.repeated_ids) } else { Cell::Count(found.repeated_ids) };
    let counted = |count: u64| (Cell::Count(count), count);
    // Each check with the columns it requires; a check is omitted if one of them is missing.
    let rows: [(&[&str], &str, (Cell, u64)); 7] = [
        (&["id"], "Same id as another message", (repeated, found.repeated_ids)),
        (&["region_code"], "Region not in ISO 3166-1", counted(found.regions_not_in_iso_3166)),
        (&["status"], "Undocumented status", counted(found.undocumented_statuses)),
        (&["price", "direction"], "Outbound without a price", counted(found.outbound_without_price)),
        (&["events"], "Delivered or read before it was queued", counted(found.events_before_queued)),
        (&["created_at"], "Created in the year 1 (never set)", counted(found.year_one_created_at)),
        (&["created_at"], "Created in the future", counted(found.created_in_future)),
    ];
    let row = |(_, name, (cell, count)): (_, &str, (Cell, u64))| {
        Row::new(vec![Cell::text(name), cell, Cell::Percent(count, summary.messages)])
    };
    rows.into_iter().filter(|(columns, ..)| summary.has(columns)).map(row).collect()
}

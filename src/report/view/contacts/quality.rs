//! The section about what looks wrong.

use super::super::super::document::contacts::summary::Summary;
use super::super::super::document::values::Repeated;
use super::super::cell::Cell;
use super::super::counted::{counted, plain};
use super::super::limits::Limits;
use super::super::parts::{Row, Section, SectionKind, TableKind, TableView};
use crate::resources::contacts::column::{
    AVAILABLE_CHANNELS, COUNTRY_CODE, CREATED_AT, DEFAULT_CHANNEL, FORMAT_E164, ID, PHONE_NUMBER, REGION_CODE,
    UPDATED_AT,
};

pub(super) fn quality(summary: &Summary, limits: Limits) -> Section {
    // A contact can miss several values, so these numbers must not be summed up in a last row.
    let all_columns = Limits { rows: summary.quality.missing.len(), ..limits };
    let tables = [
        findings(summary),
        counted("Missing values", ["Column", "Contacts"], &summary.quality.missing, summary.contacts, all_columns),
        plain("Items that were no contacts", "Reason", &summary.rejected, limits),
        plain("Fields that no documentation names", "Field", &summary.origin.unknown_fields, limits),
        plain("Values of an undocumented type or form", "Column", &summary.origin.malformed_fields, limits),
    ];
    let parts = tables.into_iter().flatten().map(Into::into).collect();
    Section::new(SectionKind::Quality, "Quality", Vec::new(), parts)
}

/// Everything that is checked, also where nothing was found: that is an answer, too.
fn findings(summary: &Summary) -> Option<TableView> {
    if summary.contacts == 0 {
        return None;
    }
    let quality = &summary.quality;
    let total = summary.contacts;
    let row = |name: &str, count: Cell, contacts: u64| {
        Row::new(vec![Cell::text(name), count, Cell::Percent(contacts, total)])
    };
    let repeated = |name: &str, found: Repeated| {
        let cell = if found.approximate { Cell::About(found.contacts) } else { Cell::Count(found.contacts) };
        row(name, cell, found.contacts)
    };
    let counted = |name: &str, count: u64| row(name, Cell::Count(count), count);
    // The number as given stands in for the other one.
    let number = if summary.has(&[FORMAT_E164]) { FORMAT_E164 } else { PHONE_NUMBER };
    // Each with the columns that it rests on: nothing was looked at where one is not there.
    let rows: [(&[usize], _); 10] = [
        (&[ID], repeated("Id of another contact", quality.repeated_ids)),
        (&[number], repeated("Phone number of another contact", quality.shared_phone_numbers)),
        (&[FORMAT_E164], counted("Not an E.164 number", quality.invalid_e164)),
        (&[FORMAT_E164, REGION_CODE], counted("Number of another region", quality.e164_not_of_region)),
        (&[FORMAT_E164, COUNTRY_CODE], counted("Number of another calling code", quality.e164_not_of_country_code)),
        (&[REGION_CODE], counted("Region not in ISO 3166-1", quality.regions_not_in_iso_3166)),
        (
            &[DEFAULT_CHANNEL, AVAILABLE_CHANNELS],
            counted("Default channel not available", summary.default_channel_not_available),
        ),
        (&[CREATED_AT], counted("Created in the year 1 (never set)", quality.year_one_created_at)),
        (&[CREATED_AT], counted("Created in the future", quality.created_in_future)),
        (&[UPDATED_AT], counted("Last changed in the future", summary.updated.in_future)),
    ];
    let rows: Vec<_> = rows.into_iter().filter(|(columns, _)| summary.has(columns)).map(|(_, row)| row).collect();
    if rows.is_empty() {
        return None;
    }
    let view = TableView::new("Findings", ["Finding", "Contacts", "Share"].map(Into::into), rows);
    Some(TableView { kind: TableKind::Findings, ..view })
}

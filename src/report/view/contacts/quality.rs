//! The section about possible errors in the data.

use super::super::super::document::contacts::summary::Summary;
use super::super::super::document::values::Repeated;
use super::super::cell::Cell;
use super::super::limits::ViewLimits;
use super::super::parts::{Row, Section};
use super::super::quality;
use crate::resources::contacts::column::{
    AVAILABLE_CHANNELS, COUNTRY_CODE, CREATED_AT, DEFAULT_CHANNEL, FORMAT_E164, ID, PHONE_NUMBER, REGION_CODE,
    UPDATED_AT,
};

pub(super) fn quality(summary: &Summary, limits: ViewLimits) -> Section {
    quality::section(summary, findings(summary), limits)
}

/// All checks, including those that found nothing.
fn findings(summary: &Summary) -> Vec<Row> {
    if summary.contacts == 0 {
        return Vec::new();
    }
    let found = &summary.quality;
    let total = summary.contacts;
    let row = |name: &str, count: Cell, contacts: u64| {
        Row::new(vec![Cell::text(name), count, Cell::Percent(contacts, total)])
    };
    let repeated = |name: &str, repeated: Repeated| {
        let cell = if repeated.approximate { Cell::About(repeated.contacts) } else { Cell::Count(repeated.contacts) };
        row(name, cell, repeated.contacts)
    };
    let counted = |name: &str, count: u64| row(name, Cell::Count(count), count);
    // Without an E.164 column, the number as given is used instead.
    let number = if summary.has(&[FORMAT_E164]) { FORMAT_E164 } else { PHONE_NUMBER };
    // Each check with the columns it requires; a check is omitted if one of them is missing.
    let rows: [(&[usize], _); 10] = [
        (&[ID], repeated("Same id as another contact", found.repeated_ids)),
        (&[number], repeated("Same phone number as another contact", found.shared_phone_numbers)),
        (&[FORMAT_E164], counted("Not an E.164 number", found.invalid_e164)),
        (&[FORMAT_E164, REGION_CODE], counted("Number from outside its region", found.e164_not_of_region)),
        (&[FORMAT_E164, COUNTRY_CODE], counted("Number with another calling code", found.e164_not_of_country_code)),
        (&[REGION_CODE], counted("Region not in ISO 3166-1", found.regions_not_in_iso_3166)),
        (
            &[DEFAULT_CHANNEL, AVAILABLE_CHANNELS],
            counted("Default channel not available", summary.default_channel_not_available),
        ),
        (&[CREATED_AT], counted("Created in the year 1 (never set)", found.year_one_created_at)),
        (&[CREATED_AT], counted("Created in the future", found.created_in_future)),
        (&[UPDATED_AT], counted("Last changed in the future", summary.updated.in_future)),
    ];
    rows.into_iter().filter(|(columns, _)| summary.has(columns)).map(|(_, row)| row).collect()
}

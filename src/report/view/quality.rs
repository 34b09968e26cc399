//! The section about what looks wrong.

use super::super::format::shown;
use super::super::{Repeated, Summary, Table};
use super::{Cell, Limits, Ranked, Section, View, counted, more, sum};
use crate::resources::contacts::column::{
    AVAILABLE_CHANNELS, COUNTRY_CODE, CREATED_AT, DEFAULT_CHANNEL, FORMAT_E164, ID, PHONE_NUMBER, REGION_CODE,
    UPDATED_AT,
};

pub(super) fn quality(summary: &Summary, limits: Limits) -> Section {
    // A contact can miss several values, so these numbers must not be summed up in a last row.
    let all_columns = Limits { rows: summary.quality.missing.len(), ..limits };
    let tables = [
        findings(summary),
        counted("missing", "Missing values", "Column", &summary.quality.missing, summary.contacts, all_columns),
        plain("rejected", "Items that were no contacts", "Reason", &summary.rejected, limits),
        plain("unknown-fields", "Fields that no documentation names", "Field", &summary.unknown_fields, limits),
        plain("malformed", "Values of an undocumented type or form", "Column", &summary.malformed_fields, limits),
    ];
    let tables = tables.into_iter().flatten().collect();
    Section { id: "quality", title: "Quality".to_owned(), notes: Vec::new(), tables }
}

/// Everything that is checked, also where nothing was found: that is an answer, too.
fn findings(summary: &Summary) -> Option<View> {
    if summary.contacts == 0 {
        return None;
    }
    let quality = &summary.quality;
    let total = summary.contacts;
    let row = |name: &str, count: Cell, contacts: u64| vec![Cell::text(name), count, Cell::Share(contacts, total)];
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
    Some(View::new("findings", "Findings", ["Finding", "Contacts", "Share"], rows))
}

/// A table of counts that are no part of the contacts.
fn plain(id: &'static str, title: &str, name: &str, table: &Table, limits: Limits) -> Option<View> {
    let row = |name: String, count| vec![Cell::Text(name), Cell::Count(count)];
    let view = View::new(id, title, [name, "Count"], Vec::new());
    let ranked = Ranked::of_counts(table, limits.rows);
    let view = ranked.fill(view, |key, count| row(shown(key), count), |rest| row(more(rest.len()), sum(rest)));
    (!view.rows.is_empty()).then_some(view)
}

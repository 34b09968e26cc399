//! The section about what looks wrong.

use super::super::format::shown;
use super::super::{Repeated, Summary, Table};
use super::{Cell, Limits, Ranked, Section, View, counted, more, sum};

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
    let rows = vec![
        repeated("Id of another contact", quality.repeated_ids),
        repeated("Phone number of another contact", quality.shared_phone_numbers),
        counted("Not an E.164 number", quality.invalid_e164),
        counted("Number of another region", quality.e164_not_of_region),
        counted("Number of another calling code", quality.e164_not_of_country_code),
        counted("Region not in ISO 3166-1", quality.regions_not_in_iso_3166),
        counted("Default channel not available", summary.default_channel_not_available),
        counted("Created in the year 1 (never set)", quality.year_one_created_at),
        counted("Created in the future", quality.created_in_future),
        counted("Last changed in the future", summary.updated.in_future),
    ];
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

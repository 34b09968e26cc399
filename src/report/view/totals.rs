//! The first section: how many rows there are, and what is true of all numbers.

use super::super::document::resource::ResourceDocument;
use super::super::format::capitalized;
use super::cell::Cell;
use super::parts::{Note, Row, Section, SectionKind, TableView};

/// The section; a count that is `None` has no row.
pub(super) fn section<D: ResourceDocument, const N: usize>(document: &D, counts: [(&str, Option<u64>); N]) -> Section {
    let (rows, total) = (D::NOUN.many, document.rows());
    let mut notes = Vec::new();
    if let Some(min_cell) = document.min_cell() {
        notes.push(format!(
            "Groups of fewer than {min_cell} {rows} are merged into \"(other)\", and counts below {min_cell} or whose \
             complement is below {min_cell} are suppressed, except those of all {rows} together."
        ));
    }
    notes.extend(document.source_notes());
    let absent: Vec<&str> = document.absent_columns();
    if !absent.is_empty() {
        notes.push(format!("Not in all of these files, so counted as unknown or omitted: {}.", absent.join(", ")));
    }
    let row = |(name, count): (&str, Option<u64>)| {
        count.map(|count| Row::new(vec![Cell::text(name), Cell::Count(count), Cell::Percent(count, total)]))
    };
    let title = capitalized(rows);
    let view =
        TableView::new("", ["", title.as_str(), "Share"].map(Into::into), counts.into_iter().filter_map(row).collect());
    Section::new(SectionKind::Totals, &title, notes.into_iter().map(Note::from).collect(), vec![view.into()])
}

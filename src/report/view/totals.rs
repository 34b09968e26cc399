//! The first section: the number of rows, and notes that apply to all numbers.

use super::super::document::resource::ResourceDocument;
use super::super::format::capitalized;
use super::cell::Cell;
use super::parts::{Note, Row, Section, SectionKind, TableView};

/// The section with these notes; a count that is `None` has no row.
pub(super) fn section<D: ResourceDocument, const N: usize>(
    document: &D,
    counts: [(&str, Option<u64>); N],
    notes: Vec<String>,
) -> Section {
    let (rows, total) = (D::NOUN.many, document.rows());
    let row = |(name, count): (&str, Option<u64>)| {
        count.map(|count| Row::new(vec![Cell::text(name), Cell::Count(count), Cell::Percent(count, total)]))
    };
    let title = capitalized(rows);
    let view =
        TableView::new("", ["", title.as_str(), "Share"].map(Into::into), counts.into_iter().filter_map(row).collect());
    let notes = notes.into_iter().chain(document.source_notes());
    Section::new(SectionKind::Totals, &title, notes.map(Note::from).collect(), vec![view.into()])
}

//! What the sections on data quality have in common.

use super::super::document::resource::ResourceDocument;
use super::super::format::capitalized;
use super::counted::{counted, plain};
use super::limits::ViewLimits;
use super::names::column_name;
use super::parts::{Row, Section, SectionKind, TableKind, TableView};

/// The section: `findings` of the resource, then missing values, rejected items, undocumented fields and malformed values.
pub(super) fn section<D: ResourceDocument>(document: &D, findings: Vec<Row>, limits: ViewLimits) -> Section {
    let (noun, origin) = (D::NOUN, document.origin());
    let rows = capitalized(noun.many);
    let columns = ["Finding", rows.as_str(), "Share"].map(Into::into);
    let findings = TableView { kind: TableKind::Findings, ..TableView::new("Findings", columns, findings) };
    let missing = document.missing();
    // A row can lack several values, so these numbers must not be added up.
    let all_columns = ViewLimits { rows: missing.len(), ..limits };
    let named = missing.iter().map(|(column, &count)| (column_name(column), count)).collect();
    let rejected = format!("Items that are not {}", noun.many);
    let tables = [
        findings.unless_empty(),
        counted("Missing values", ["Column", &rows], &named, document.rows(), all_columns),
        plain(&rejected, "Reason", document.rejected(), limits),
        plain("Undocumented fields", "Field", &origin.unknown_fields, limits),
        plain("Values of an undocumented type or form", "Column", &origin.malformed_fields, limits),
    ];
    let parts = tables.into_iter().flatten().map(Into::into).collect();
    Section::new(SectionKind::Quality, "Quality", Vec::new(), parts)
}

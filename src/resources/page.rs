//! What every decoder records about a page besides its rows: items that are not rows, undocumented fields, and values of
//! an undocumented type or form.
//!
//! *Easy to get wrong:* names of fields and kinds of items come from the server. Their number is limited, and values are not
//! kept, because they may be personal.

use std::collections::BTreeMap;

/// Maximum number of undocumented field names per page; further ones are counted under one name.
pub(super) const MAX_UNKNOWN_FIELDS: usize = 64;
/// The name under which further field names are counted.
pub(super) const OTHER_UNKNOWN_FIELDS: &str = "(other)";

/// Maximum number of items for each requested one: some servers repeat a few items, but none sends a multiple.
const MAX_ITEMS_PER_ASKED: usize = 4;

/// Number of items that are accepted even if fewer were requested.
const MIN_MAX_ITEMS: usize = 400;

/// Largest page that can be requested.
const LARGEST_PAGE: u32 = 10_000;

/// Typical number of items on a page, to size buffers.
pub(super) const USUAL_PAGE_ROWS: usize = 100;

/// The maximum number of items on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(usize);

impl PageLimit {
    /// The limit for a request of `size` items: a small multiple of it.
    pub fn for_size(size: u32) -> Self {
        Self((size as usize).saturating_mul(MAX_ITEMS_PER_ASKED).max(MIN_MAX_ITEMS))
    }

    /// Maximum number of items.
    pub fn items(self) -> usize {
        self.0
    }
}

impl Default for PageLimit {
    /// The limit if the requested number is unknown.
    fn default() -> Self {
        Self::for_size(LARGEST_PAGE)
    }
}

/// What a page contained besides the values of its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageFindings {
    /// Items that cannot be read as rows, by kind.
    pub rejected: Vec<RejectedItems>,
    /// Undocumented fields, each with the number of rows that have it.
    pub unknown_fields: Vec<(String, Vec<u32>)>,
    /// Rows whose `created_at` was the year 1: the date was never set, and is null in the columns.
    pub never_created: Vec<u32>,
    /// Columns with values of an undocumented type or form, each with the number of rows that have one.
    pub malformed: Vec<(usize, Vec<u32>)>,
}

/// Items of a page that are not rows, for the same reason and with the same fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedItems {
    /// Why.
    pub reason: RejectReason,
    /// Names of their documented fields; never a value.
    pub fields: Vec<&'static str>,
    /// Their indices in the response's list.
    pub positions: Vec<usize>,
}

/// Why an item cannot be read as a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectReason {
    /// The item is not an object.
    NotAnObject,
    /// The item has no `id`, or a blank one.
    MissingId,
}

impl RejectReason {
    /// The name used in the summary.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAnObject => "not_an_object",
            Self::MissingId => "missing_id",
        }
    }
}

/// Findings while a page is read, item by item.
#[derive(Debug, Default)]
pub(super) struct FindingsBuilder {
    findings: PageFindings,
    malformed: BTreeMap<usize, Vec<u32>>,
    unknown_in_row: Vec<usize>,
    malformed_in_row: Vec<usize>,
}

impl FindingsBuilder {
    /// Records that the current item has a value of an undocumented type or form.
    pub(super) fn note_malformed(&mut self, column: usize) {
        if !self.malformed_in_row.contains(&column) {
            self.malformed_in_row.push(column);
        }
    }

    /// Records that the current item has an undocumented field.
    pub(super) fn note_unknown(&mut self, name: &str) {
        let name = if is_field_name(name) { name } else { OTHER_UNKNOWN_FIELDS };
        let names = &mut self.findings.unknown_fields;
        let found = names.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            let name = if names.len() < MAX_UNKNOWN_FIELDS { name } else { OTHER_UNKNOWN_FIELDS };
            names.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                names.push((name.to_owned(), Vec::new()));
                names.len() - 1
            })
        });
        if !self.unknown_in_row.contains(&found) {
            self.unknown_in_row.push(found);
        }
    }

    /// Records that the creation date of the current item was never set; it will be row `row`.
    pub(super) fn note_never_created(&mut self, row: usize) {
        self.findings.never_created.extend(u32::try_from(row));
    }

    /// Keeps the current item as row `row`.
    pub(super) fn end_row(&mut self, row: usize) {
        let row = u32::try_from(row).ok();
        for name in self.unknown_in_row.drain(..) {
            self.findings.unknown_fields[name].1.extend(row);
        }
        for column in self.malformed_in_row.drain(..) {
            self.malformed.entry(column).or_default().extend(row);
        }
    }

    /// Rejects the current item, at index `position` of the list in the response.
    pub(super) fn reject(&mut self, position: usize, reason: RejectReason, fields: Vec<&'static str>) {
        self.unknown_in_row.clear();
        self.malformed_in_row.clear();
        let rejected = &mut self.findings.rejected;
        match rejected.iter_mut().find(|kind| kind.reason == reason && kind.fields == fields) {
            Some(kind) => kind.positions.push(position),
            None => rejected.push(RejectedItems { reason, fields, positions: vec![position] }),
        }
    }

    pub(super) fn finish(self) -> PageFindings {
        let mut findings = PageFindings { malformed: self.malformed.into_iter().collect(), ..self.findings };
        findings.unknown_fields.retain(|(_, rows)| !rows.is_empty());
        findings
    }
}

/// Whether a name looks like that of a field, and not like a phone number, a link or a text. Only such names are shown.
fn is_field_name(name: &str) -> bool {
    const MAX_BYTES: usize = 64;
    const MIN_NUMBER_DIGITS: usize = 7;
    (1..=MAX_BYTES).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && name.bytes().filter(u8::is_ascii_digit).count() < MIN_NUMBER_DIGITS
}

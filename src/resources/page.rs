//! What every decoder notes of a page beside its rows: items that are no rows, fields that nobody documented, values of
//! an undocumented type or form.
//!
//! *Easy to get wrong:* names of fields and kinds of items come from the server. Both are bounded in number, and no value
//! is kept: it may be personal.

use std::collections::BTreeMap;

/// Undocumented field names kept per page; a server that invents more of them is counted under one name.
pub(super) const MAX_UNKNOWN_FIELDS: usize = 64;
/// The name for all further ones.
pub(super) const OTHER_UNKNOWN_FIELDS: &str = "(other)";

/// Items of a page that are kept for each that was asked for: some servers repeat a few, none sends a multiple.
const MAX_ITEMS_PER_ASKED: usize = 4;

/// Items of a page that are kept however few were asked for.
const MIN_MAX_ITEMS: usize = 400;

/// Largest page that can be asked for.
const LARGEST_PAGE: u32 = 10_000;

/// What a page holds unless the answer shows otherwise; only a first guess for the size of buffers.
pub(super) const USUAL_PAGE_ROWS: usize = 100;

/// How many items a page may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(usize);

impl PageLimit {
    /// For an answer to a request for `size` items: a few times as many.
    pub fn for_size(size: u32) -> Self {
        Self((size as usize).saturating_mul(MAX_ITEMS_PER_ASKED).max(MIN_MAX_ITEMS))
    }

    /// Items at most.
    pub fn items(self) -> usize {
        self.0
    }
}

impl Default for PageLimit {
    /// Where it is not known how many were asked for.
    fn default() -> Self {
        Self::for_size(LARGEST_PAGE)
    }
}

/// What a page held beside the values of its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageFindings {
    /// Items that cannot be rows, by kind.
    pub rejected: Vec<RejectedItems>,
    /// Fields that no documentation names, each with the rows that carried it.
    pub unknown_fields: Vec<(String, Vec<u32>)>,
    /// Rows whose `created_at` was the year 1: a date that was never set, and is null in the columns.
    pub never_created: Vec<u32>,
    /// Columns with values of a type or form that the documentation does not allow, each with the rows that carried one.
    pub malformed: Vec<(usize, Vec<u32>)>,
}

/// Items of a page that are no rows, for the same reason and with the same fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedItems {
    /// Why.
    pub reason: RejectReason,
    /// Names of the documented fields that they carried; never a value.
    pub fields: Vec<&'static str>,
    /// Their places in the answer's list, from 0.
    pub positions: Vec<usize>,
}

/// Why an item cannot be a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectReason {
    /// The item is null, a text, a number or a list.
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
    /// Notes that the item being read has a value of a type or form that the documentation does not allow.
    pub(super) fn note_malformed(&mut self, column: usize) {
        if !self.malformed_in_row.contains(&column) {
            self.malformed_in_row.push(column);
        }
    }

    /// Notes that the item being read has a field that nobody documented.
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

    /// Notes that the item being read was never created, by its date; it will be row `row`.
    pub(super) fn note_never_created(&mut self, row: usize) {
        self.findings.never_created.extend(u32::try_from(row));
    }

    /// The item being read is kept, as row `row`.
    pub(super) fn end_row(&mut self, row: usize) {
        let row = u32::try_from(row).ok();
        for name in self.unknown_in_row.drain(..) {
            self.findings.unknown_fields[name].1.extend(row);
        }
        for column in self.malformed_in_row.drain(..) {
            self.malformed.entry(column).or_default().extend(row);
        }
    }

    /// The item being read, at `position` of the answer's list, is rejected.
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

/// Whether a name is one that a field may have, and cannot be a phone number, a link or a text: it is repeated to people.
fn is_field_name(name: &str) -> bool {
    const MAX_BYTES: usize = 64;
    const MIN_NUMBER_DIGITS: usize = 7;
    (1..=MAX_BYTES).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && name.bytes().filter(u8::is_ascii_digit).count() < MIN_NUMBER_DIGITS
}

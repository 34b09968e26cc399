//! Regions and calling codes as people write them.

use super::super::super::document::contacts::summary::Summary;
use super::super::super::format::shown;
use super::super::super::places;
use super::super::cell::Cell;

/// A region's code and, where it has one, its name.
pub(super) fn region_cell(summary: &Summary, code: &str) -> Cell {
    let name = summary.region_details.get(code).and_then(|detail| detail.name.as_deref());
    match name.or_else(|| places::find(code).map(|place| place.name)) {
        Some(name) => Cell::Coded { code: shown(code), name: name.to_owned() },
        None => Cell::text(code),
    }
}

/// The same as one text.
pub(super) fn region_name(summary: &Summary, code: &str) -> String {
    region_cell(summary, code).words()
}

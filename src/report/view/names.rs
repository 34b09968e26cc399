//! Regions as they are shown.

use super::super::format::shown;
use super::cell::Cell;
use crate::base::places;

/// A region's code and, if ISO 3166-1 has one, its name.
pub(super) fn region_cell(code: &str) -> Cell {
    match places::find(code) {
        Some(place) => Cell::Coded { code: shown(code), name: place.name.to_owned() },
        None => Cell::text(code),
    }
}

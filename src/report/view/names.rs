//! Display names of regions, channels, columns and periods.

use super::super::format::{capitalized, shown};
use super::super::table::NONE_KEY;
use super::cell::Cell;
use crate::base::places;

/// A region's code and, if ISO 3166-1 has one, its name.
pub(super) fn region_cell(code: &str) -> Cell {
    match places::find(code) {
        Some(place) => Cell::Coded { code: shown(code), name: place.name.to_owned() },
        None => Cell::text(code),
    }
}

/// The usual spelling of a channel.
pub(super) fn channel_name(channel: &str) -> String {
    match channel {
        "sms" => "SMS".to_owned(),
        "whatsapp" => "WhatsApp".to_owned(),
        "rcs" => "RCS".to_owned(),
        NONE_KEY => "No channel".to_owned(),
        other => shown(other),
    }
}

/// The name of a column in words, such as `Region code`.
pub(super) fn column_name(column: &str) -> String {
    match column {
        "format_e164" => "Phone number (E.164)".to_owned(),
        "format_international" => "Phone number (international)".to_owned(),
        "format_national" => "Phone number (national)".to_owned(),
        "format_rfc" => "Phone number (RFC 3966)".to_owned(),
        "opt_out" => "Opt-out".to_owned(),
        other => capitalized(&shown(other).replace('_', " ")),
    }
}

/// A month or a day, marked if it was not over at the time of the report.
pub(super) fn so_far_of(period: &str, as_of: &str) -> String {
    if as_of.starts_with(period) { format!("{period} (so far)") } else { period.to_owned() }
}

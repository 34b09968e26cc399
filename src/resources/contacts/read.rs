//! Reads a response: with the scanner if it has the documented form, otherwise with serde.
//!
//! Measured by `benches/decode.rs`, which compares both.

use bytestring::ByteString;

use super::ContactPage;
use super::decode::decode_by_serde;
use super::scan::scan_page;
use crate::api::wire::Envelope;
use crate::resources::{ListData, PageLimit};

/// Reads a whole response of `GET /v3/contacts` to a request of any size.
///
/// # Errors
/// When the body is not one complete JSON object, `contacts` is not a list, or it has more items than any
/// page.
pub fn decode_page(body: &ByteString) -> Result<Envelope<ListData<ContactPage>>, serde_json::Error> {
    decode_page_within(body, PageLimit::default())
}

/// Reads a whole response of `GET /v3/contacts` with no more items than `limit`, which limits its memory.
///
/// # Errors
/// As [`decode_page`].
pub fn decode_page_within(
    body: &ByteString,
    limit: PageLimit,
) -> Result<Envelope<ListData<ContactPage>>, serde_json::Error> {
    scan_page(body, limit).map_or_else(|| decode_by_serde(body, limit), Ok)
}

/// Reads a whole response with serde alone, which is slower. [`decode_page`] must agree with it on every body.
///
/// # Errors
/// As [`decode_page`].
pub fn decode_any_page(body: &ByteString) -> Result<Envelope<ListData<ContactPage>>, serde_json::Error> {
    decode_by_serde(body, PageLimit::default())
}

//! The body of an answer: all of its bytes, and the envelope that they hold.
//!
//! *Easy to get wrong:* the text of a JSON error may quote a contact, so only its kind and place are told.

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;

use super::wire::Envelope;

/// A page of 100 contacts is about 45 kB; an answer a thousand times as long is not one of this API.
const MAX_BODY_BYTES: usize = 64 << 20;

/// Why there is no body.
pub(super) enum BodyError {
    /// The connection failed.
    Transport(reqwest::Error),
    /// It does not end where any answer of this API would; in words.
    TooLong(String),
}

/// Reads a body to its end.
pub(super) async fn read_body(response: &mut reqwest::Response) -> Result<Bytes, BodyError> {
    let expected = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(64 << 10);
    let Some(first) = response.chunk().await.map_err(BodyError::Transport)? else { return Ok(Bytes::new()) };
    // Most answers come in one piece, which needs no copy.
    let Some(second) = response.chunk().await.map_err(BodyError::Transport)? else { return Ok(first) };
    let mut body = BytesMut::with_capacity(expected.min(1 << 20));
    body.extend_from_slice(&first);
    body.extend_from_slice(&second);
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Transport)? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(BodyError::TooLong(format!("the body is longer than {} MiB", MAX_BODY_BYTES >> 20)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Reads the envelope in a body, or says in words without any of its content why that is impossible.
pub(super) fn read_envelope<T>(
    body: Bytes,
    decode: impl Fn(&ByteString) -> Result<Envelope<T>, serde_json::Error>,
) -> Result<(ByteString, Envelope<T>), String> {
    // A byte order mark is no part of JSON, but some gateways add one (RFC 8259, 8.1).
    let body = if body.starts_with("\u{feff}".as_bytes()) { body.slice("\u{feff}".len()..) } else { body };
    if body.is_empty() {
        return Err("the body is empty".to_owned());
    }
    let body = ByteString::try_from(body).map_err(|_| "the body is not UTF-8".to_owned())?;
    if body.trim_start().starts_with('<') {
        return Err("the body is HTML, as gateways send it".to_owned());
    }
    match decode(&body) {
        Ok(envelope) => Ok((body, envelope)),
        Err(error) => {
            let kind = if error.is_eof() { "is cut off" } else { "is not an answer of this API" };
            Err(format!("the body {kind} (line {}, column {})", error.line(), error.column()))
        }
    }
}

//! Responses: the envelope, the headers, and the pages of gateways, which have neither of them.
//!
//! A [`PreparedReply`] is a finished response in memory: status, headers and body. `endpoints` fill the envelope with data, a
//! [`Refusal`] fills it with an error; `state` decides which one is sent.
//!
//! *Easy to get wrong:* every response of the API carries its request id and the rate-limit headers, including errors
//! and 429s. The response of a gateway in front of the API carries neither.
//!
//! Envelope fields and header names are those of the documentation; `response_time_ms` is optional there and always
//! sent here.
//!
//! The unit tests parse envelopes; the server tests check headers.

use std::io::Write;
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, VARY};

use super::error_code::ErrorCode;
use super::json::{Escapes, JsonText};
use super::times::{Ticks, ZoneSuffix};

/// A response, ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct PreparedReply {
    /// The HTTP status.
    pub(super) status: u16,
    /// All headers except those that HTTP itself requires.
    pub(super) headers: HeaderMap,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The error.
    pub(super) code: ErrorCode,
    /// A message that replaces that of the code.
    pub(super) message: Option<String>,
    /// The invalid fields and why.
    pub(super) details: Vec<(&'static str, String)>,
}

impl Refusal {
    /// A problem with one field.
    pub(super) fn with_field(code: ErrorCode, field: &'static str, text: impl Into<String>) -> Self {
        Self { code, message: None, details: vec![(field, text.into())] }
    }

    /// A problem described only by its message, without details.
    pub(super) fn with_message(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { code, message: Some(text.into()), details: Vec::new() }
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self { code, message: None, details: Vec::new() }
    }
}

/// The metadata of an envelope.
#[derive(Debug, Clone)]
pub(super) struct ReplyMeta {
    /// The id of the request.
    pub(super) request_id: String,
    /// When the request arrived.
    pub(super) arrived: Instant,
    /// How strings are escaped.
    pub(super) escapes: Escapes,
}

impl ReplyMeta {
    /// An envelope with the data that `write` appends.
    pub(super) fn success(&self, capacity: usize, write: impl FnOnce(&mut JsonText)) -> PreparedReply {
        let mut json = JsonText::new(self.escapes, capacity + 512);
        json.raw("{\"success\":true,\"data\":");
        write(&mut json);
        json.raw(",\"error\":null");
        self.finish(json, 200)
    }

    /// An envelope without the member `data`.
    pub(super) fn without_data(&self) -> PreparedReply {
        let mut json = JsonText::new(self.escapes, 512);
        json.raw("{\"success\":true,\"error\":null");
        self.finish(json, 200)
    }

    /// An envelope with an error, sent with the status of its code.
    pub(super) fn failure(&self, problem: &Refusal) -> PreparedReply {
        let code = problem.code;
        let mut json = JsonText::new(self.escapes, 1_024);
        json.raw("{\"success\":false,\"data\":null,\"error\":{");
        json.text_member("code", Some(code.name()));
        json.text_member("message", Some(problem.message.as_deref().unwrap_or(code.message())));
        json.key("details");
        if problem.details.is_empty() {
            json.raw("null");
        } else {
            json.raw("{");
            for (field, text) in &problem.details {
                json.key(field);
                json.raw("[");
                json.string(text);
                json.raw("]");
            }
            json.raw("}");
        }
        json.text_member("doc_url", Some(&code.doc_url()));
        json.raw("}");
        self.finish(json, code.status())
    }

    fn finish(&self, mut json: JsonText, status: u16) -> PreparedReply {
        json.key("meta");
        json.raw("{");
        json.verbatim_member("request_id", Some(&self.request_id));
        json.verbatim_member("timestamp", Some(&Ticks::now().text(ZoneSuffix::Letter)));
        json.verbatim_member("version", Some("v3"));
        let elapsed = self.arrived.elapsed().as_millis();
        json.number_member("response_time_ms", u64::try_from(elapsed).unwrap_or_default());
        json.raw("}}");
        PreparedReply::new(status, "application/json; charset=utf-8", json.into_bytes())
    }
}

impl PreparedReply {
    /// A response with a body and its type.
    pub(super) fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { status, headers, body }
    }

    /// A gateway's response with only a status line.
    pub(super) fn bare(status: u16) -> Self {
        let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let text = format!("{status} {}\n", reason.unwrap_or("Unknown"));
        Self::new(status, "text/plain", text.into_bytes())
    }

    /// A status and nothing else, as documented for 401 and 403.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: Vec::new() }
    }

    /// A gateway's HTML response.
    pub(super) fn html(status: u16) -> Self {
        let page = format!(
            "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
             <hr><center>gateway</center>\r\n</body>\r\n</html>\r\n"
        );
        Self::new(status, "text/html", page.into_bytes())
    }

    /// Adds a header; a value that is invalid in a header is skipped.
    pub(super) fn set_header(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
    }

    /// Compresses the body.
    pub(super) fn compress(&mut self) {
        let mut encoder = GzEncoder::new(Vec::with_capacity(self.body.len() / 4), Compression::fast());
        if encoder.write_all(&self.body).is_ok()
            && let Ok(body) = encoder.finish()
        {
            self.body = body;
            self.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            self.headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn meta() -> ReplyMeta {
        ReplyMeta { request_id: "req_1".into(), arrived: Instant::now(), escapes: Escapes::DotNet }
    }

    fn body(reply: &PreparedReply) -> Value {
        serde_json::from_slice(&reply.body).unwrap()
    }

    #[test]
    fn success_has_data_and_no_error() {
        let body = body(&meta().success(0, |json| json.raw("[1]")));
        assert_eq!(body["success"], true);
        assert_eq!(body["data"], json!([1]));
        assert!(body["error"].is_null());
        assert_eq!(body["meta"]["request_id"], "req_1");
        assert_eq!(body["meta"]["version"], "v3");
        assert!(body["meta"]["response_time_ms"].is_u64());
    }

    #[test]
    fn failure_names_code_fields_and_documentation() {
        let problem = Refusal::with_field(ErrorCode::VALIDATION_005, "page", "must be greater than 0");
        let reply = meta().failure(&problem);
        let body = body(&reply);
        assert_eq!(reply.status, 400);
        assert_eq!(body["success"], false);
        assert!(body["data"].is_null());
        assert_eq!(body["error"]["code"], "VALIDATION_005");
        assert_eq!(body["error"]["details"], json!({"page": ["must be greater than 0"]}));
        assert_eq!(body["error"]["doc_url"], "https://docs.sent.dm/errors/VALIDATION_005");
    }

    #[test]
    fn a_message_of_its_own_comes_without_details() {
        let problem = Refusal::with_message(ErrorCode::VALIDATION_001, "too large");
        let body = body(&meta().failure(&problem));
        assert_eq!(body["error"]["message"], "too large");
        assert!(body["error"]["details"].is_null());
    }

    #[test]
    fn details_are_null_where_there_are_none() {
        let reply = meta().failure(&ErrorCode::RESOURCE_001.into());
        assert!(body(&reply)["error"]["details"].is_null());
    }

    #[test]
    fn data_can_be_missing() {
        assert!(body(&meta().without_data()).get("data").is_none());
    }
}

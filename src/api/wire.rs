//! The serde types of what the server sends, exactly as it sends them.
//!
//! Every answer is one envelope: `success`, `data`, `error`, `meta` (API reference, "Response format"). The server
//! is a .NET service, so any field may be null, absent or new; nothing here fails on that. What a missing field
//! means is decided by the caller.
//!
//! *Easy to get wrong:* `success: false` decides whether an answer is an error, whatever the HTTP status says.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// One answer of the API, with `data` in the form that the caller's seed gives it.
#[derive(Debug, PartialEq)]
pub struct Envelope<T> {
    /// `success`; `None` when the field is missing or null.
    pub success: Option<bool>,
    /// `data`; `None` when the field is missing or null.
    pub data: Option<T>,
    /// `error`; filled when `success` is false.
    pub error: Option<ErrorBody>,
    /// `meta`; empty when missing.
    pub meta: Meta,
}

impl<T> Envelope<T> {
    /// Reads a whole body; `data` is read by `seed`.
    ///
    /// # Errors
    /// When the body is not one complete JSON object, or `seed` refuses `data`.
    pub fn from_str_seed<'de, S>(body: &'de str, seed: S) -> Result<Self, serde_json::Error>
    where
        S: DeserializeSeed<'de, Value = T>,
    {
        let mut deserializer = serde_json::Deserializer::from_str(body);
        let envelope = deserializer.deserialize_map(EnvelopeVisitor { seed })?;
        deserializer.end()?;
        Ok(envelope)
    }
}

impl<T: for<'de> Deserialize<'de>> Envelope<T> {
    /// Reads a whole body whose `data` is of a type that serde knows how to read.
    ///
    /// # Errors
    /// When the body is not one complete JSON object, or `data` is of another shape.
    pub fn from_json(body: &str) -> Result<Self, serde_json::Error> {
        Self::from_str_seed(body, PhantomData)
    }
}

/// `error` of an envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ErrorBody {
    /// For instance `INTERNAL_001`; the catalog is part of the API reference.
    pub code: Option<String>,
    /// A sentence for people.
    pub message: Option<String>,
    /// Field name to what is wrong with it.
    pub details: Option<BTreeMap<String, DetailTexts>>,
    /// Where the error is documented.
    pub doc_url: Option<String>,
}

/// What is wrong with one field: documented as a list of texts, read leniently.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum DetailTexts {
    /// The documented form.
    Many(Vec<String>),
    /// A single text instead of a list.
    One(String),
    /// Anything else.
    Other(IgnoredJson),
}

impl fmt::Display for DetailTexts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Many(texts) => formatter.write_str(&texts.join("; ")),
            Self::One(text) => formatter.write_str(text),
            Self::Other(_) => formatter.write_str("(no text)"),
        }
    }
}

/// JSON that was read and dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredJson;

impl<'de> Deserialize<'de> for IgnoredJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// `meta` of an envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// What support asks for; also sent as the header `X-Request-Id`.
    pub request_id: Option<String>,
    /// When the server answered, by its own clock, RFC 3339.
    pub timestamp: Option<String>,
}

/// `data.pagination` of a list.
///
/// `page` and `page_size` are what the server honoured, which may differ from what was asked. `cursors` is documented
/// as never filled and is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pagination {
    /// 1-based number of this page.
    pub page: Option<u64>,
    /// Rows on a full page.
    pub page_size: Option<u32>,
    /// Rows in the whole list at the moment of the answer.
    pub total_count: Option<u64>,
    /// Pages in the whole list at the moment of the answer.
    pub total_pages: Option<u64>,
    /// Whether a page follows.
    pub has_more: Option<bool>,
}

struct EnvelopeVisitor<S> {
    seed: S,
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for EnvelopeVisitor<S> {
    type Value = Envelope<S::Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an answer of the API: an object with `success`, `data`, `error` and `meta`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope { success: None, data: None, error: None, meta: Meta::default() };
        let mut seed = Some(self.seed);
        while let Some(key) = map.next_key::<EnvelopeKey>()? {
            match key {
                EnvelopeKey::Success => envelope.success = map.next_value()?,
                EnvelopeKey::Error => envelope.error = map.next_value()?,
                EnvelopeKey::Meta => envelope.meta = map.next_value::<Option<Meta>>()?.unwrap_or_default(),
                EnvelopeKey::Data => match seed.take() {
                    Some(seed) => envelope.data = map.next_value_seed(NullableSeed(seed))?,
                    None => return Err(serde::de::Error::duplicate_field("data")),
                },
                EnvelopeKey::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(envelope)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum EnvelopeKey {
    Success,
    Data,
    Error,
    Meta,
    #[serde(other)]
    Other,
}

/// Reads null as `None` and anything else with the seed inside.
#[derive(Debug)]
pub struct NullableSeed<S>(pub S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for NullableSeed<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for NullableSeed<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value or null")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_answer_keeps_code_details_and_request_id() {
        let body = r#"{"success":false,"data":null,"error":{"code":"VALIDATION_005","message":"out of range",
            "details":{"page_size":["too large","try 100"],"page":"bad"},"doc_url":"https://docs.sent.dm/e"},
            "meta":{"request_id":"req_1","timestamp":"2026-01-01T00:00:00Z","version":"v3","response_time_ms":3}}"#;
        let envelope: Envelope<IgnoredJson> = Envelope::from_json(body).unwrap();
        assert_eq!(envelope.success, Some(false));
        assert!(envelope.data.is_none());
        let error = envelope.error.unwrap();
        assert_eq!(error.code.as_deref(), Some("VALIDATION_005"));
        let details = error.details.unwrap();
        assert_eq!(details["page_size"].to_string(), "too large; try 100");
        assert_eq!(details["page"].to_string(), "bad");
        assert_eq!(envelope.meta.request_id.as_deref(), Some("req_1"));
    }

    #[test]
    fn missing_and_unknown_fields_are_accepted() {
        let envelope: Envelope<Pagination> =
            Envelope::from_json(r#"{"new":[1,{}],"data":{"page":1,"cursors":null}}"#).unwrap();
        assert_eq!(envelope.success, None);
        assert_eq!(envelope.data.unwrap().page, Some(1));
        assert_eq!(envelope.meta, Meta::default());
    }

    #[test]
    fn a_body_that_is_cut_off_or_followed_by_more_is_refused() {
        assert!(Envelope::<Pagination>::from_json(r#"{"success":true,"data":{"page":1"#).is_err());
        assert!(Envelope::<Pagination>::from_json(r#"{"success":true} {"#).is_err());
        assert!(Envelope::<Pagination>::from_json("[]").is_err());
    }
}

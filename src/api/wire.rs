//! The serde types of what the server sends, exactly as it sends them.
//!
//! Every answer is one envelope: `success`, `data`, `error`, `meta` (API reference, "Response format"). The server
//! is a .NET service, so any field may be null, absent or new; nothing here fails on that, nor on a number in quotes or a
//! text that is a number. What a missing field means is decided by the caller.
//!
//! *Easy to get wrong:* `success: false` decides whether an answer is an error, whatever the HTTP status says.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::scalar::{Scalar, flag, number, text};

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
    #[serde(deserialize_with = "text")]
    pub code: Option<String>,
    /// A sentence for people.
    #[serde(deserialize_with = "text")]
    pub message: Option<String>,
    /// Field name to what is wrong with it.
    #[serde(deserialize_with = "details")]
    pub details: Option<BTreeMap<String, DetailTexts>>,
    /// Where the error is documented.
    #[serde(deserialize_with = "text")]
    pub doc_url: Option<String>,
}

impl ErrorBody {
    /// Reads `error`, or a bare text in its place.
    fn read(error: serde_json::Value) -> Option<Self> {
        match error {
            serde_json::Value::String(message) => Some(Self { message: Some(message), ..Self::default() }),
            error => serde_json::from_value(error).ok(),
        }
    }
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

fn details<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BTreeMap<String, DetailTexts>>, D::Error> {
    serde_json::Value::deserialize(deserializer).map(read_details)
}

/// Reads details by field, or others under one name.
fn read_details(details: serde_json::Value) -> Option<BTreeMap<String, DetailTexts>> {
    let texts = |value| serde_json::from_value(value).unwrap_or(DetailTexts::Other(IgnoredJson));
    match details {
        serde_json::Value::Object(fields) => {
            Some(fields.into_iter().map(|(field, value)| (field, texts(value))).collect())
        }
        serde_json::Value::Null => None,
        other => Some(BTreeMap::from([("details".to_owned(), texts(other))])),
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
    #[serde(deserialize_with = "text")]
    pub request_id: Option<String>,
    /// When the server answered, by its own clock, RFC 3339.
    #[serde(deserialize_with = "text")]
    pub timestamp: Option<String>,
}

/// `data.pagination` of a list.
///
/// `page` and `page_size` are what the server honored, which may differ from what was asked. `cursors` is documented
/// as never filled and is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pagination {
    /// 1-based number of this page.
    #[serde(deserialize_with = "number")]
    pub page: Option<u64>,
    /// Rows on a full page.
    #[serde(deserialize_with = "number")]
    pub page_size: Option<u32>,
    /// Rows in the whole list at the moment of the answer.
    #[serde(deserialize_with = "number")]
    pub total_count: Option<u64>,
    /// Pages in the whole list at the moment of the answer.
    #[serde(deserialize_with = "number")]
    pub total_pages: Option<u64>,
    /// Whether a page follows.
    #[serde(deserialize_with = "flag")]
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
        let mut problem = ProblemDetails::default();
        while let Some(key) = map.next_key::<EnvelopeKey>()? {
            match key {
                EnvelopeKey::Success => envelope.success = map.next_value::<Scalar>()?.flag(),
                EnvelopeKey::Error => envelope.error = ErrorBody::read(map.next_value()?),
                EnvelopeKey::Title => problem.title = map.next_value::<Scalar>()?.text(),
                EnvelopeKey::Detail => problem.detail = map.next_value::<Scalar>()?.text(),
                EnvelopeKey::Errors => problem.errors = read_details(map.next_value()?),
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
        envelope.error = envelope.error.or_else(|| problem.into_error());
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
    Title,
    Detail,
    Errors,
    #[serde(other)]
    Other,
}

/// What .NET answers by itself, without any envelope (RFC 9457).
#[derive(Default)]
struct ProblemDetails {
    title: Option<String>,
    detail: Option<String>,
    errors: Option<BTreeMap<String, DetailTexts>>,
}

impl ProblemDetails {
    fn into_error(self) -> Option<ErrorBody> {
        let Self { title, detail, errors: details } = self;
        let message = match (title, detail) {
            (Some(title), Some(detail)) => Some(format!("{title} {detail}")),
            (title, detail) => title.or(detail),
        };
        let is_empty = message.is_none() && details.is_none();
        (!is_empty).then(|| ErrorBody { message, details, ..ErrorBody::default() })
    }
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
#[path = "wire_tests.rs"]
mod tests;

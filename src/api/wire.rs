//! The serde types of responses, exactly as the server sends them.
//!
//! Every response is one envelope: `success`, `data`, `error`, `meta` (API reference, "Response format"). The server
//! is a .NET service, so any field may be null, absent or new; none of that is an error here, nor is a number in quotes or a
//! number in place of a text. The caller decides what a missing field means.
//!
//! At most a few kilobytes of what a response holds besides `data` are kept.
//!
//! *Easy to get wrong:* `success: false` makes a response an error, regardless of the HTTP status.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

pub(crate) use super::lenient::Scalar;
use super::lenient::{AnySeed, ReadAny, flag, number, text};

/// One response of the API, with `data` as read by the caller's seed.
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
    /// Reads a whole body whose `data` is of a type that implements `Deserialize`.
    ///
    /// # Errors
    /// When the body is not one complete JSON object, or `data` is of another shape.
    pub fn from_json(body: &str) -> Result<Self, serde_json::Error> {
        Self::from_str_seed(body, PhantomData)
    }
}

/// Start of the error for a list that is too long; the limit follows.
const TOO_MANY_ITEMS: &str = "more items than ";

/// The error of a list that holds more than `limit` items.
pub fn too_many_items<E: serde::de::Error>(limit: usize) -> E {
    E::custom(format_args!("{TOO_MANY_ITEMS}{limit}"))
}

/// The limit, if an error is [`too_many_items`].
pub(super) fn limit_exceeded(error: &serde_json::Error) -> Option<u64> {
    let digits = error.to_string();
    let digits = digits.strip_prefix(TOO_MANY_ITEMS)?.split(' ').next()?;
    digits.parse().ok()
}

/// Why a body is not the response to a request.
#[derive(Debug)]
pub enum DecodeError {
    /// It cannot be read.
    Json(serde_json::Error),
    /// Its rows contradict a parameter of the request.
    IgnoredParameter {
        /// Name of the parameter.
        name: &'static str,
        /// `meta` of the response.
        meta: Meta,
    },
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

/// `error` of an envelope, limited to what a person would read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorBody {
    /// For instance `INTERNAL_001`; the catalog is part of the API reference.
    pub code: Option<String>,
    /// A message for people.
    pub message: Option<String>,
    /// What is wrong with each field. Fields beyond a limit are dropped.
    pub details: Option<BTreeMap<String, DetailTexts>>,
}

/// Maximum number of fields in the details of an error.
const MAX_DETAILS: usize = 32;

/// Maximum number of texts for one field.
const MAX_DETAIL_TEXTS: usize = 4;

/// What is wrong with one field: documented as a list of texts, read leniently.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DetailTexts(pub Vec<String>);

impl fmt::Display for DetailTexts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("; "))
    }
}

impl<'de> Deserialize<'de> for ErrorBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        AnySeed(ErrorBodyReader).deserialize(deserializer).map(Option::unwrap_or_default)
    }
}

/// Reads `error`, or a bare text in its place; null is no error.
struct ErrorBodyReader;

impl<'de> ReadAny<'de> for ErrorBodyReader {
    type Value = Option<ErrorBody>;

    fn scalar(self, scalar: Scalar) -> Option<ErrorBody> {
        match scalar {
            Scalar::Text(message) => Some(ErrorBody { message: Some(message), ..ErrorBody::default() }),
            _ => None,
        }
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Option<ErrorBody>, A::Error> {
        let mut error = ErrorBody::default();
        while let Some(key) = object.next_key::<ErrorKey>()? {
            match key {
                ErrorKey::Code => error.code = object.next_value::<Scalar>()?.text(),
                ErrorKey::Message => error.message = object.next_value::<Scalar>()?.text(),
                ErrorKey::Details => error.details = object.next_value_seed(AnySeed(ReadDetails))?,
                ErrorKey::Other => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Some(error))
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum ErrorKey {
    Code,
    Message,
    Details,
    #[serde(other)]
    Other,
}

/// Reads details by field. Details of another shape are stored under the name `details`.
struct ReadDetails;

impl<'de> ReadAny<'de> for ReadDetails {
    type Value = Option<BTreeMap<String, DetailTexts>>;

    fn scalar(self, scalar: Scalar) -> Self::Value {
        scalar.text().map(|text| unnamed_details(DetailTexts(vec![text])))
    }

    fn list<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        ReadDetailTexts.list(list).map(unnamed_details).map(Some)
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut details = BTreeMap::new();
        while let Some(name) = object.next_key_seed(AnySeed(ReadName))? {
            let texts = object.next_value_seed(AnySeed(ReadDetailTexts))?;
            if details.len() < MAX_DETAILS {
                details.insert(name, texts);
            }
        }
        Ok(Some(details))
    }
}

fn unnamed_details(texts: DetailTexts) -> BTreeMap<String, DetailTexts> {
    BTreeMap::from([("details".to_owned(), texts)])
}

struct ReadName;

impl ReadAny<'_> for ReadName {
    type Value = String;

    fn scalar(self, scalar: Scalar) -> String {
        scalar.text().unwrap_or_default()
    }
}

struct ReadDetailTexts;

impl<'de> ReadAny<'de> for ReadDetailTexts {
    type Value = DetailTexts;

    fn scalar(self, scalar: Scalar) -> DetailTexts {
        DetailTexts(scalar.text().into_iter().collect())
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<DetailTexts, A::Error> {
        let mut texts = Vec::new();
        while let Some(scalar) = list.next_element::<Scalar>()? {
            texts.extend(scalar.text().filter(|_| texts.len() < MAX_DETAIL_TEXTS));
        }
        Ok(DetailTexts(texts))
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
    /// The id for support; also sent as the header `X-Request-Id`.
    #[serde(deserialize_with = "text")]
    pub request_id: Option<String>,
    /// Time of the response by the server's clock, RFC 3339.
    #[serde(deserialize_with = "text")]
    pub timestamp: Option<String>,
}

/// `data.pagination` of a list.
///
/// `page` and `page_size` are those that the server used, which may differ from the requested ones. `cursors` is documented
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
    /// Rows in the whole list at the time of the response.
    #[serde(deserialize_with = "number")]
    pub total_count: Option<u64>,
    /// Pages in the whole list at the time of the response.
    #[serde(deserialize_with = "number")]
    pub total_pages: Option<u64>,
    /// Whether a page follows.
    #[serde(deserialize_with = "flag")]
    pub has_more: Option<bool>,
}

impl Pagination {
    /// Whether a response with `items` items is only a part of its list, for lists that are requested once and not page by
    /// page: it is not the first page, or others follow.
    pub fn is_part(&self, items: u64) -> bool {
        self.has_more == Some(true)
            || self.total_count.is_some_and(|total| total > items)
            || self.total_pages.is_some_and(|pages| pages > 1)
            || self.page.is_some_and(|page| page > 1)
    }
}

struct EnvelopeVisitor<S> {
    seed: S,
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for EnvelopeVisitor<S> {
    type Value = Envelope<S::Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a response of the API: an object with `success`, `data`, `error` and `meta`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope { success: None, data: None, error: None, meta: Meta::default() };
        let mut seed = Some(self.seed);
        let mut problem = ProblemDetails::default();
        while let Some(key) = map.next_key::<EnvelopeKey>()? {
            match key {
                EnvelopeKey::Success => envelope.success = map.next_value::<Scalar>()?.flag(),
                EnvelopeKey::Error => envelope.error = map.next_value_seed(AnySeed(ErrorBodyReader))?,
                EnvelopeKey::Title => problem.title = map.next_value::<Scalar>()?.text(),
                EnvelopeKey::Detail => problem.detail = map.next_value::<Scalar>()?.text(),
                EnvelopeKey::Errors => problem.errors = map.next_value_seed(AnySeed(ReadDetails))?,
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

/// Problem details (RFC 9457), which .NET itself sends without an envelope.
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

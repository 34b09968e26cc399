//! Reads values as other servers and gateways write them: numbers in quotes, numbers in place of texts, lists where none
//! is expected.
//!
//! Nothing here builds a tree of what it reads, and texts are truncated to [`MAX_TEXT`]: a response that is one endless
//! text or list uses no more memory than its own bytes.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Maximum length of a text, in bytes. Messages, codes and ids of this API have one or two hundred.
pub(super) const MAX_TEXT: usize = 1 << 10;

/// How a value of any kind is read. Lists and objects are skipped by default.
pub(super) trait ReadAny<'de>: Sized {
    type Value;

    fn scalar(self, scalar: Scalar) -> Self::Value;

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.scalar(Scalar::Nothing))
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.scalar(Scalar::Nothing))
    }
}

/// Reads a value of any kind with a [`ReadAny`].
pub(super) struct AnySeed<R>(pub(super) R);

impl<'de, R: ReadAny<'de>> DeserializeSeed<'de> for AnySeed<R> {
    type Value = R::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, R: ReadAny<'de>> Visitor<'de> for AnySeed<R> {
    type Value = R::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Text(cut(text).to_owned())))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Flag(flag)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Number(number.into())))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Number(number.into())))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<R::Value, E> {
        Ok(self.0.scalar(serde_json::Number::from_f64(number).map_or(Scalar::Nothing, Scalar::Number)))
    }

    fn visit_unit<E: Error>(self) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Nothing))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<R::Value, A::Error> {
        self.0.list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<R::Value, A::Error> {
        self.0.object(object)
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A value that is neither a list nor an object. Lists and objects become `Nothing`.
#[derive(Debug, PartialEq)]
pub(crate) enum Scalar {
    Text(String),
    Flag(bool),
    Number(serde_json::Number),
    Nothing,
}

impl Scalar {
    /// The value as text; numbers and flags are converted.
    pub(crate) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Nothing => None,
        }
    }

    /// The value as a flag, if it is a flag, or a text or number that means one.
    pub(crate) fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            Self::Number(number) => number.as_u64().filter(|&number| number <= 1).map(|number| number == 1),
            Self::Text(_) | Self::Nothing => None,
        }
    }

    /// The value as a whole number, 0 or more.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before")]
    fn whole(&self) -> Option<u64> {
        const LARGEST: f64 = 9_007_199_254_740_992.0;
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Number(number) => number.as_u64().or_else(|| {
                let number = number.as_f64()?;
                (number.fract() == 0.0 && (0.0..=LARGEST).contains(&number)).then_some(number as u64)
            }),
            Self::Flag(_) | Self::Nothing => None,
        }
    }
}

/// For `deserialize_with`: a text, or nothing.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Scalar::deserialize(deserializer).map(Scalar::text)
}

/// For `deserialize_with`: a flag, or nothing.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Scalar::deserialize(deserializer).map(|value| value.flag())
}

/// For `deserialize_with`: a whole number that fits, or nothing.
pub(super) fn number<'de, D: Deserializer<'de>, T: TryFrom<u64>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Scalar::deserialize(deserializer).map(|value| T::try_from(value.whole()?).ok())
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        AnySeed(ReadScalar).deserialize(deserializer)
    }
}

struct ReadScalar;

impl ReadAny<'_> for ReadScalar {
    type Value = Scalar;

    fn scalar(self, scalar: Scalar) -> Scalar {
        scalar
    }
}

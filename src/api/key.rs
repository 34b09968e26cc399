//! The API key, in a type that cannot be printed.

use std::fmt;

/// A key of the Sent API. `Debug` does not show it, and there is no `Display`. Keys are equal wherever they come from.
#[derive(Clone)]
pub struct ApiKey {
    text: String,
    source: KeySource,
}

/// Where a key was read from, for the next step if the API rejects it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum KeySource {
    /// None of the others.
    #[default]
    Unknown,
    /// The environment variable with this name.
    Variable(String),
    /// This file.
    File(String),
    /// Standard input.
    Stdin,
    /// The output of the program of `--api-key-command`.
    Program,
}

impl fmt::Display for KeySource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unknown => "the text",
            Self::Variable(name) => name,
            Self::File(path) => path,
            Self::Stdin => "stdin",
            Self::Program => "the output of --api-key-command",
        })
    }
}

impl ApiKey {
    /// Accepts a key as people paste it: surrounding white space is removed.
    ///
    /// Returns `None` for a key that is empty or not a valid HTTP header value.
    pub fn new(text: &str) -> Option<Self> {
        let key = text.trim();
        let is_sendable = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        is_sendable.then(|| Self { text: key.to_owned(), source: KeySource::default() })
    }

    /// The same key, with its source.
    #[must_use]
    pub fn from_source(self, source: KeySource) -> Self {
        Self { source, ..self }
    }

    /// Where it was read from.
    pub fn source(&self) -> &KeySource {
        &self.source
    }

    /// The key itself, for the code that sends it and the code that computes its fingerprint.
    pub(crate) fn expose(&self) -> &str {
        &self.text
    }
}

impl PartialEq for ApiKey {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for ApiKey {}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_trimmed_and_never_shown() {
        let key = ApiKey::new("  secret-1\r\n").unwrap();
        assert_eq!(key.expose(), "secret-1");
        assert!(!format!("{key:?}").contains("secret"));
        assert_eq!(key.clone().from_source(KeySource::Stdin), key, "the quota is that of the key");
    }

    #[test]
    fn a_key_that_no_header_can_carry_is_refused() {
        assert!(ApiKey::new(" \n").is_none());
        assert!(ApiKey::new("two words").is_none());
        assert!(ApiKey::new("kéy").is_none());
    }
}

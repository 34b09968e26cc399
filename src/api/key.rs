//! The API key, in a type that cannot be printed.

use std::fmt;

/// A key of the Sent API. `Debug` does not show it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Accepts a key as people paste it: surrounding white space is removed.
    ///
    /// Returns `None` for a key that is empty or not a valid HTTP header value.
    pub fn new(text: &str) -> Option<Self> {
        let key = text.trim();
        let is_sendable = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        is_sendable.then(|| Self(key.to_owned()))
    }

    /// The key itself, for the code that sends it and the code that computes its fingerprint.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

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
    }

    #[test]
    fn a_key_that_no_header_can_carry_is_refused() {
        assert!(ApiKey::new(" \n").is_none());
        assert!(ApiKey::new("two words").is_none());
        assert!(ApiKey::new("kéy").is_none());
    }
}

//! Names of settings that hold a key.

/// The names in lower case, without separators between words.
const NAMES: [&str; 9] =
    ["apikey", "key", "sentdmapikey", "sentapikey", "token", "apitoken", "secret", "password", "xapikey"];

/// Whether a value with this name would be a key.
pub(super) fn is_name_of_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    NAMES.contains(&plain.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_many_names_and_the_flags_for_them_are_none() {
        for name in ["api-key", "api_key", "API_KEY", "SENT_DM_API_KEY", "x-api-key", "token"] {
            assert!(is_name_of_secret(name), "{name}");
        }
        for name in ["api-key-file", "api-key-env", "api-key-command", "hash-phones", "keep"] {
            assert!(!is_name_of_secret(name), "{name}");
        }
    }
}

//! Where the API key comes from: the environment, a file or stdin, never a flag.

use std::io::Read;
use std::path::Path;

use super::{API_KEY_VARIABLE, ConfigError};
use crate::api::ApiKey;

/// Reads the key from a file, `-` being stdin, or else from the value of [`API_KEY_VARIABLE`].
pub(super) fn read_key(file: Option<&Path>, variable: Option<&str>) -> Result<ApiKey, ConfigError> {
    let (text, from) = match (file, variable) {
        // A mix-up that must not print the key in the place of the path.
        (Some(path), Some(key)) if path.as_os_str() == key.trim() => return Err(ConfigError::KeyForPath),
        (Some(path), _) if path.as_os_str() == "-" => (read_key_file(path)?, "stdin".to_owned()),
        (Some(path), _) => (read_key_file(path)?, path.display().to_string()),
        (None, Some(text)) => (text.to_owned(), API_KEY_VARIABLE.to_owned()),
        (None, None) => return Err(ConfigError::MissingKey),
    };
    let key = ApiKey::new(&text).filter(|_| !is_quoted(&text));
    key.ok_or_else(|| ConfigError::UnusableKey { from, why: fault_of_key(&text) })
}

/// Whether quotes came along, as they do from the env files of Docker.
fn is_quoted(text: &str) -> bool {
    let is_quote = |character: char| matches!(character, '"' | '\'' | '`');
    text.trim().starts_with(is_quote) || text.trim().ends_with(is_quote)
}

/// What is wrong with a key, without any of it.
fn fault_of_key(text: &str) -> &'static str {
    let key = text.trim();
    if key.is_empty() {
        "it is empty"
    } else if is_quoted(key) {
        "there are quotes around it; leave them out"
    } else if key.contains(char::is_whitespace) {
        "there is white space inside, or more than one line"
    } else {
        "it holds characters that no key has, as a byte order mark or letters beyond ASCII"
    }
}

fn read_key_file(path: &Path) -> Result<String, ConfigError> {
    // A key has some dozens of characters; a wrong path must not read a huge file.
    const MAX_KEY_BYTES: u64 = 64 << 10;
    let read = |reader: &mut dyn Read| {
        let mut text = String::new();
        reader.take(MAX_KEY_BYTES).read_to_string(&mut text).map(|_| text)
    };
    let text = if path.as_os_str() == "-" {
        read(&mut std::io::stdin().lock())
    } else {
        std::fs::File::open(path).and_then(|mut file| read(&mut file))
    };
    text.map_err(|source| ConfigError::ReadKey { path: path.display().to_string(), source })
}

//! Sources of the API key: the environment, a file, stdin or a program, but never a flag.

use std::io::Read;
use std::path::Path;

use super::key_command::key_of_command;
use super::{API_KEY_VARIABLE, ConfigError};
use crate::api::{ApiKey, KeySource};
use crate::cli::AccountArgs;

/// What a key may come from apart from flags.
#[derive(Debug, Clone, Default)]
pub struct KeyEnvironment {
    /// The value of [`API_KEY_VARIABLE`].
    pub variable: Option<String>,
    /// Whether the program of `--api-key-command` is left for later, because it may be slow or prompt a person.
    pub defers_programs: bool,
}

/// Reads the key from the source named by a flag (a file `-` is stdin), or else from the value of [`API_KEY_VARIABLE`].
pub(super) fn read_key(args: &AccountArgs, variable: Option<&str>) -> Result<ApiKey, ConfigError> {
    let AccountArgs { api_key_file: file, api_key_env, api_key_command, .. } = args;
    if let Some(command) = api_key_command {
        let text = key_of_command(command).map_err(ConfigError::KeyCommand)?;
        return usable_key(&text, KeySource::Program);
    }
    if let Some(name) = api_key_env {
        return read_variable(name);
    }
    let (text, source) = match (file.as_deref(), variable) {
        // The key may have been given instead of its path, and must not be printed.
        (Some(path), Some(key)) if path.as_os_str() == key.trim() => return Err(ConfigError::KeyForPath),
        (Some(path), _) if path.as_os_str() == "-" => (read_key_file(path)?, KeySource::Stdin),
        (Some(path), _) => (read_key_file(path)?, KeySource::File(path.display().to_string())),
        (None, Some(text)) => (text.to_owned(), KeySource::Variable(API_KEY_VARIABLE.to_owned())),
        (None, None) => return Err(ConfigError::MissingKey),
    };
    usable_key(&text, source)
}

fn usable_key(text: &str, source: KeySource) -> Result<ApiKey, ConfigError> {
    match ApiKey::new(text).filter(|_| !is_quoted(text)) {
        Some(key) => Ok(key.from_source(source)),
        None => Err(ConfigError::UnusableKey { from: source.to_string(), why: fault_of_key(text) }),
    }
}

/// Reads the key from the variable with this name. A name that is not made of the usual characters may be a key, so it is
/// not shown.
fn read_variable(name: &str) -> Result<ApiKey, ConfigError> {
    let is_usual = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if !name.chars().all(is_usual) || !name.starts_with(|c: char| is_usual(c) && !c.is_ascii_digit()) {
        return Err(ConfigError::BadKeyVariable);
    }
    match std::env::var_os(name) {
        Some(key) => usable_key(&key.to_string_lossy(), KeySource::Variable(name.to_owned())),
        None => Err(ConfigError::NoKeyVariable(name.to_owned())),
    }
}

/// Whether a text that is no file may be a key that was given instead of its path: paths have folders or extensions, and
/// the names in them are short.
fn may_be_key(path: &Path) -> bool {
    /// Longest extension of a file with a key, such as `secret`. A dot in a key has more behind it.
    const MAX_EXTENSION: usize = 8;
    /// Keys have at least this many characters between two slashes; names of folders and files have fewer, or no digits.
    const MIN_KEY_PART: usize = 20;
    let text = path.to_string_lossy();
    if ApiKey::new(&text).is_none() || path.parent().is_some_and(|folder| folder != Path::new("") && folder.is_dir()) {
        return false;
    }
    if text.contains(['/', '\\']) {
        let is_long = |part: &str| part.len() >= MIN_KEY_PART && part.contains(|c: char| c.is_ascii_digit());
        return text.split(['/', '\\']).any(is_long);
    }
    let extension = path.extension().map_or(0, std::ffi::OsStr::len);
    extension == 0 || extension > MAX_EXTENSION
}

/// Whether the value has quotes around it, as env files of Docker keep them.
fn is_quoted(text: &str) -> bool {
    let is_quote = |character: char| matches!(character, '"' | '\'' | '`');
    text.trim().starts_with(is_quote) || text.trim().ends_with(is_quote)
}

/// Why a text cannot be a key, without any part of it.
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
    // A key has a few dozen characters; a wrong path must not read a huge file.
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
    text.map_err(|source| {
        if source.kind() != std::io::ErrorKind::PermissionDenied && !path.exists() && may_be_key(path) {
            return ConfigError::HiddenKeyFile;
        }
        ConfigError::ReadKey { path: path.display().to_string(), source }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_that_may_be_a_key_is_told_from_a_path() {
        for key in [
            "sk_live_zzz",
            "simulated-organization-key",
            "6f9619ff-8b86-4011-b42d-00cf4fc964ff",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
            "Zm9vYmFyYmF6cXV1eDEyMzQ1/Njc4OTA=",
        ] {
            assert!(may_be_key(Path::new(key)), "{key}");
        }
        for path in
            ["keys/globex", "/run/secrets/sent-api-key", "key.txt", "sent.secret", "./key", "no key", "src/sk_live"]
        {
            assert!(!may_be_key(Path::new(path)), "{path}");
        }
    }
}

//! Decides which texts from a server may be shown: none that could contain the API key, a filter or a phone number.
//!
//! A response may repeat the request in any form, so texts are not edited: a text is shown as a whole or not at all.
//! [`Secrets::clean`] applies that to an error when it arrives, [`Secrets::request_id`] to an id; later code need not check
//! again. A code, a name or an id has to look like one, and a message like a sentence.
//!
//! *Easy to get wrong:* a secret may be truncated, escaped, encoded or interspersed with punctuation. So texts are compared
//! by runs of eight letters and digits, ignoring case and everything between them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use foldhash::fast::FixedState;
use url::Url;

use super::ApiKey;
use super::wire::{DetailTexts, ErrorBody};

/// Length of a run of letters and digits that reveals a secret.
const WINDOW: usize = 8;

/// The shortest phone numbers have seven digits.
const MIN_NUMBER_DIGITS: usize = 7;

/// Longest phone number, by E.164.
const MAX_NUMBER_DIGITS: usize = 15;

/// Shorter filters occur in every text and identify nobody.
const MIN_FILTER_LENGTH: usize = 3;

/// Longest code, name or id that is shown.
const MAX_NAME: usize = 128;

/// Longest message that is shown, in characters.
const MAX_MESSAGE: usize = 300;

/// Longest word of a message: secrets in an unknown encoding are longer, and words are rarely so.
const MAX_WORD: usize = 32;

/// Shown in place of a name that may not be shown.
pub(super) const HIDDEN_NAME: &str = "(hidden)";

/// Parts of a request that no output may show: the key, and filters that identify people.
#[derive(Clone)]
pub(super) struct Secrets {
    /// All parts of [`WINDOW`] letters and digits.
    windows: HashSet<[u8; WINDOW], FixedState>,
    /// Secrets that are shorter than that.
    short: Vec<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// The secrets of every request with this key.
    pub(super) fn of_key(key: &ApiKey) -> Self {
        let mut secrets = Self { windows: HashSet::default(), short: Vec::new() };
        let key = key.expose();
        secrets.add(key);
        secrets.add(&key.chars().rev().collect::<String>());
        secrets.add(&key.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat());
        // Base64 differs after 0, 1 or 2 preceding bytes, which change its first characters.
        for (before, changed) in [(0, 0), (1, 2), (2, 3)] {
            let encoded = BASE64_STANDARD.encode([&b"\0\0"[..before], key.as_bytes()].concat());
            // Following bytes change its last characters.
            secrets.add(encoded.get(changed..encoded.len().saturating_sub(4)).unwrap_or_default());
        }
        secrets
    }

    /// These secrets, and the filters of a request.
    pub(super) fn with_filters(&self, url: &Url) -> Cow<'_, Self> {
        let mut secrets = Cow::Borrowed(self);
        for (name, value) in url.query_pairs() {
            if matches!(name.as_ref(), "phone" | "search") {
                secrets.to_mut().add(&value);
            }
        }
        secrets
    }

    fn add(&mut self, secret: &str) {
        let secret = normalized(secret);
        match secret.len() {
            0..MIN_FILTER_LENGTH => {}
            MIN_FILTER_LENGTH..WINDOW => self.short.push(secret),
            _ => self.windows.extend(windows(&secret)),
        }
    }

    /// Whether a text contains a secret or a part of one, in any known form.
    pub(super) fn are_in(&self, text: &str) -> bool {
        let shows = |text: &str| {
            let text = normalized(text);
            windows(&text).any(|window| self.windows.contains(&window)) || self.short.iter().any(|s| text.contains(s))
        };
        if shows(text) {
            return true;
        }
        // An escape may be escaped itself.
        let has_escape = |text: &str| text.contains(['%', '\\']);
        has_escape(text) && {
            let once = unescaped(text);
            shows(&once) || has_escape(&once) && shows(&unescaped(&once))
        }
    }

    /// Removes from an error what may not be shown, including its code.
    pub(super) fn clean(&self, error: ErrorBody) -> ErrorBody {
        let ErrorBody { code, message, details } = error;
        let details = details.map(|details| {
            let clean = |(name, DetailTexts(texts)): (String, DetailTexts)| {
                let name = self.name(&name).unwrap_or_else(|| HIDDEN_NAME.to_owned());
                (name, DetailTexts(texts.iter().filter_map(|text| self.message(text)).collect()))
            };
            details.into_iter().map(clean).collect::<BTreeMap<_, _>>()
        });
        ErrorBody {
            code: code.and_then(|code| self.name(&code)),
            message: message.and_then(|text| self.message(&text)),
            details,
        }
    }

    /// A code or the name of a field, if it may be shown.
    pub(super) fn name(&self, text: &str) -> Option<String> {
        let text = visible(text);
        let is_name = is_one_word(&text) && text.chars().filter(char::is_ascii_digit).count() < MIN_NUMBER_DIGITS;
        (is_name && !self.are_in(&text)).then_some(text)
    }

    /// The id of a request, if it may be shown. It may have many digits, but not look like a phone number.
    pub(super) fn request_id(&self, text: &str) -> Option<String> {
        let text = visible(text);
        let is_id = is_one_word(&text) && (is_hexadecimal(&text) || !has_phone_number(&text));
        (is_id && !self.are_in(&text)).then_some(text)
    }

    /// A message, if it may be shown: it must consist of words and small numbers.
    pub(super) fn message(&self, text: &str) -> Option<String> {
        let text = visible(text);
        let is_plain = text.chars().all(|c| c == ' ' || c.is_ascii_graphic() || "‘’“”–—…".contains(c));
        let has_long_word = text.split(' ').any(|word| word.len() > MAX_WORD);
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        if text.is_empty() || !is_plain || has_long_word || digits >= MIN_NUMBER_DIGITS || self.are_in(&text) {
            return None;
        }
        Some(match text.char_indices().nth(MAX_MESSAGE) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        })
    }
}

/// Removes from an error what may not be shown, as every request with this key does.
pub fn shown_error(key: &ApiKey, error: ErrorBody) -> ErrorBody {
    Secrets::of_key(key).clean(error)
}

/// A text without invisible characters: control characters, direction marks and zero-width characters. White space
/// becomes a space.
pub(super) fn visible(text: &str) -> String {
    let is_invisible = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e01ef}')
    };
    let blanks = text.chars().map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c });
    blanks.filter(|&c| !is_invisible(c)).collect::<String>().trim().to_owned()
}

fn is_one_word(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:|$[]".contains(&byte);
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Whether a text is a UUID, or a hexadecimal trace id of a gateway. Digits alone count only in a UUID.
fn is_hexadecimal(text: &str) -> bool {
    let digits = text.bytes().filter(|&byte| byte != b'-');
    digits.clone().count() >= 16
        && digits.clone().all(|byte| byte.is_ascii_hexdigit())
        && (digits.clone().any(|byte| byte.is_ascii_alphabetic()) || text.parse::<uuid::Uuid>().is_ok())
}

/// Whether a word has as many digits in a row as a phone number, unless they are a date or a counter with leading zeros.
fn has_phone_number(word: &str) -> bool {
    let digits: String = word.chars().filter(|c| !"-_.:|".contains(*c)).collect();
    let runs = digits.split(|c: char| !c.is_ascii_digit());
    let number = |text: &str| text.parse::<u32>().unwrap_or_default();
    runs.filter(|run| (MIN_NUMBER_DIGITS..=MAX_NUMBER_DIGITS).contains(&run.len())).any(|run| {
        let is_day = run.starts_with("20")
            && run.get(4..6).is_some_and(|month| (1..=12).contains(&number(month)))
            && run.get(6..8).is_some_and(|day| (1..=31).contains(&number(day)));
        !is_day && !run.starts_with("0000")
    })
}

/// The letters and digits of a text, in lower case.
fn normalized(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn windows(text: &str) -> impl Iterator<Item = [u8; WINDOW]> {
    text.as_bytes().windows(WINDOW).map(|window| window.try_into().expect("windows are of this length"))
}

/// The text with escapes such as `%2B` and `\u002B` replaced by the characters that they stand for.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let number = |from: usize, to: usize| u32::from_str_radix(rest.get(from..to)?, 16).ok();
        let escaped = match first {
            '%' => number(1, 3).and_then(|byte| u8::try_from(byte).ok()).map(|byte| (vec![byte], 3)),
            '\\' if rest[1..].starts_with(['u', 'U']) => {
                number(2, 6).and_then(char::from_u32).map(|c| (c.to_string().into_bytes(), 6))
            }
            _ => None,
        };
        let (unescaped, length) =
            escaped.unwrap_or_else(|| (rest.as_bytes()[..first.len_utf8()].to_vec(), first.len_utf8()));
        bytes.extend(unescaped);
        rest = &rest[length..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
#[path = "redact_tests.rs"]
mod tests;

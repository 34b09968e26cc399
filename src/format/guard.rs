//! Keeps texts as texts when Excel opens a CSV file: the rule `formula-text`.
//!
//! Excel reads every cell as if it were typed. `+12025550123` loses its `+`, `0049` its zeros, `3-4` becomes a date, and a
//! text that starts with `=` a formula. Such a text is therefore written as `="+12025550123"`, a formula with the text as
//! its value, in which each quote is doubled: Excel shows it unchanged, sorts and looks it up as text, and evaluates
//! nothing. A formula can hold a text of 255 characters; a longer one gets a leading apostrophe instead.
//!
//! To restore a text: remove `="` and `"` and halve the quotes between them; otherwise remove one leading apostrophe. This
//! is unambiguous, because every text that starts with `=` or an apostrophe is written in one of these forms.
//!
//! *Easy to get wrong:* a date may start without a digit (`Mar 1`), and Japanese Excel also reads full-width signs as
//! formulas.

use std::borrow::Cow;

/// Maximum UTF-16 units of a text in a formula, with each quote doubled.
const MAX_FORMULA_UNITS: usize = 255;
/// Maximum length of a number, date or flag.
const MAX_VALUE_BYTES: usize = 255;
/// The first letters of the months.
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Other words in texts that Excel reads as times or numbers.
const WORDS: [&str; 5] = ["am", "pm", "a", "p", "e"];

/// Appends a text so that Excel keeps it as text; with `is_special`, also one that would be read as null.
pub(super) fn push_guarded(text: &str, is_special: bool, cell: &mut Vec<u8>) {
    if !is_special && !needs_guard(text) {
        cell.extend_from_slice(text.as_bytes());
    } else if text.encode_utf16().count() + text.matches('"').count() > MAX_FORMULA_UNITS {
        cell.push(b'\'');
        cell.extend_from_slice(text.as_bytes());
    } else {
        cell.extend_from_slice(b"=\"");
        for (at, part) in text.split('"').enumerate() {
            if at > 0 {
                cell.extend_from_slice(b"\"\"");
            }
            cell.extend_from_slice(part.as_bytes());
        }
        cell.push(b'"');
    }
}

/// Restores a text that [`push_guarded`] wrote.
pub(crate) fn unguarded(cell: &str) -> Cow<'_, str> {
    if let Some(text) = cell.strip_prefix("=\"").and_then(|cell| cell.strip_suffix('"')) {
        return if text.contains('"') { text.replace("\"\"", "\"").into() } else { text.into() };
    }
    cell.strip_prefix('\'').unwrap_or(cell).into()
}

/// Whether Excel would not keep the text, or the text looks as if it were escaped.
fn needs_guard(text: &str) -> bool {
    let first = text.trim_start_matches(' ').chars().next();
    let is_sign = |first: char| matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\'');
    let is_wide_sign = |first: char| matches!(first, '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}');
    first.is_some_and(|first| is_sign(first) || is_wide_sign(first))
        || text.trim().eq_ignore_ascii_case("true")
        || text.trim().eq_ignore_ascii_case("false")
        || is_like_value(text)
}

/// Whether a text consists of the digits, signs and words of numbers, dates and times.
fn is_like_value(text: &str) -> bool {
    if text.len() > MAX_VALUE_BYTES || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let is_of_value =
        |c: char| c.is_ascii_digit() || c.is_whitespace() || " +-.,:/()'%$\u{a3}\u{a5}\u{20ac}".contains(c);
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    text.chars().all(|c| c.is_alphabetic() || is_of_value(c)) && words.into_iter().all(is_word_of_value)
}

fn is_word_of_value(word: &str) -> bool {
    let word = word.to_lowercase();
    WORDS.contains(&word.as_str()) || MONTHS.iter().any(|month| word.starts_with(month))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn guarded(text: &str) -> String {
        let mut cell = Vec::new();
        push_guarded(text, false, &mut cell);
        String::from_utf8(cell).unwrap()
    }

    #[test]
    fn what_excel_would_change_is_a_formula_whose_value_is_the_text() {
        for (text, wanted) in [
            ("+12025550123", "=\"+12025550123\""),
            ("(202) 555-0123", "=\"(202) 555-0123\""),
            ("0049", "=\"0049\""),
            ("1", "=\"1\""),
            ("=1+1", "=\"=1+1\""),
            ("=\"x\"", "=\"=\"\"x\"\"\""),
            ("@SUM(A1)", "=\"@SUM(A1)\""),
            ("  =1", "=\"  =1\""),
            ("\u{ff1d}1", "=\"\u{ff1d}1\""),
            ("'x", "=\"'x\""),
            ("-", "=\"-\""),
            ("TRUE", "=\"TRUE\""),
            ("1e309", "=\"1e309\""),
            ("3-4", "=\"3-4\""),
            ("Mar 1", "=\"Mar 1\""),
            ("1 march 2026", "=\"1 march 2026\""),
            ("12:30 PM", "=\"12:30 PM\""),
        ] {
            assert_eq!(guarded(text), wanted);
        }
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in
            ["", "US", "sms,whatsapp", "a=b", "SENT", "1f60c5f0-aaaa-4000-8000-000000000000", "tel:+12025550123"]
        {
            assert_eq!(guarded(text), text);
        }
        // All digits: it would be a number if it were shorter.
        assert!(guarded("00000000-0000-4000-8000-000000000001").starts_with("=\""));
        assert!(guarded(&format!("={}", "x".repeat(300))).starts_with("'=xxx"));
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "(=|'|=\"|\\+)?[a1 \"'=]{0,6}\"?|.{0,20}|=x{250,260}") {
            let cell = guarded(&text);
            prop_assert_eq!(unguarded(&cell), text.as_str());
            let is_safe = cell.starts_with("=\"") || !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
            prop_assert!(is_safe, "{cell}");
        }
    }
}

//! Phone numbers in the forms that people and the API use: their digits, and their masked form.
//!
//! The forms are those of the API: E.164 (`+12025550123`), international, national, RFC 3966 (`tel:+1-202-555-0123`), and
//! whatever a customer typed. Calling codes are the assigned ones of Recommendation ITU-T E.164, which also limits a number
//! to 15 digits.
//!
//! *Easy to get wrong:* a text that is almost a number may contain a whole one. Only texts that have the form of a number
//! from the first to the last character are masked; all others become [`HIDDEN`].

use std::fmt::Write;

use crate::base::places;

/// Replaces a text that is not a phone number, and a number that is too short to be masked.
pub(super) const HIDDEN: &str = "***";
/// Replaces a digit.
const MASK: char = '*';
/// Number of digits at the end that are kept.
const KEPT_DIGITS: usize = 2;
/// Minimum number of masked digits: with fewer, a person could try all of them in seconds.
const MIN_MASKED: usize = 4;
/// Minimum number of digits: short codes have three or more.
const MIN_DIGITS: usize = 3;
/// Maximum number of digits (Recommendation ITU-T E.164).
const MAX_DIGITS: usize = 15;

/// The digits of a text in the form of a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PhoneNumber {
    digits: [u8; MAX_DIGITS],
    length: usize,
    /// Whether it starts with a plus, and therefore with a calling code.
    is_international: bool,
}

impl PhoneNumber {
    /// Parses a number in any form; `None` if a character or the number of digits does not fit.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("tel:").unwrap_or(text);
        // As in "(+1) 202 555 0123".
        let start = text.trim_start_matches('(');
        let (text, is_international) = start.strip_prefix(['+', '＋']).map_or((text, false), |rest| (rest, true));
        let mut number = Self { digits: [0; MAX_DIGITS], length: 0, is_international };
        // A trunk prefix that is not dialed after a calling code, as in "+44 (0)20 7946 0958".
        let (start, rest) = match text.split_once("(0)") {
            Some((start, rest)) if is_international => (start, rest),
            _ => (text, ""),
        };
        for character in start.chars().chain(rest.chars()) {
            if let Some(digit) = digit(character) {
                *number.digits.get_mut(number.length)? = digit;
                number.length += 1;
            } else if !is_separator(character) {
                return None;
            }
        }
        (number.length >= MIN_DIGITS).then_some(number)
    }

    /// Whether it starts with a calling code, so that it means the same everywhere.
    pub(super) fn is_international(&self) -> bool {
        self.is_international
    }

    /// Its canonical form: E.164 if it starts with a calling code, otherwise its digits.
    pub(super) fn write_canonical(&self, text: &mut String) {
        if self.is_international {
            text.push('+');
        }
        text.extend(self.digits().iter().map(|&digit| char::from(digit)));
    }

    fn digits(&self) -> &[u8] {
        &self.digits[..self.length]
    }

    /// Number of digits of its calling code; 0 if it has none, or one that is not assigned.
    fn calling_code_length(&self) -> usize {
        let [first, second, third, ..] = self.digits.map(|digit| usize::from(digit.saturating_sub(b'0')));
        if !self.is_international {
            return 0;
        }
        match places::calling_codes()[first * 100 + second * 10 + third] {
            0 => 0,
            1..10 => 1,
            10..100 => 2,
            _ => 3,
        }
    }
}

/// A digit as ASCII, including full-width digits of East Asian keyboards.
fn digit(character: char) -> Option<u8> {
    let digit = match character {
        '０'..='９' => u32::from(character) - u32::from('０') + u32::from('0'),
        _ => character.into(),
    };
    u8::try_from(digit).ok().filter(u8::is_ascii_digit)
}

/// Whether a character may separate the digits of a number: spaces, dots, slashes, brackets and dashes.
pub(super) fn is_separator(character: char) -> bool {
    matches!(character, ' ' | '\u{a0}' | '\u{3000}' | '-' | '.' | '(' | ')' | '/' | '\u{2010}'..='\u{2015}')
}

/// Appends a number with all digits masked except those of its calling code and the last two; separators are kept.
///
/// Anything that is not a number, or has fewer than four digits to mask, is hidden completely. An empty text stays empty.
pub(super) fn write_masked(text: &str, masked: &mut impl Write) -> std::fmt::Result {
    if text.is_empty() {
        return Ok(());
    }
    let Some(number) = PhoneNumber::read(text) else { return masked.write_str(HIDDEN) };
    // Digits of the text, which may have a trunk prefix that is not part of the number.
    let digits = text.chars().filter_map(digit).count();
    let code = number.calling_code_length();
    if number.length < code + MIN_MASKED + KEPT_DIGITS {
        return masked.write_str(HIDDEN);
    }
    let mut at = 0;
    for character in text.trim().chars() {
        if digit(character).is_none() {
            masked.write_char(character)?;
            continue;
        }
        let is_kept = at < code || at >= digits - KEPT_DIGITS;
        masked.write_char(if is_kept { character } else { MASK })?;
        at += 1;
    }
    Ok(())
}

/// Whether a text is a sender's name, such as `ACME` or `Shop24`, and neither a number nor a short code.
pub(super) fn is_sender_name(text: &str) -> bool {
    let digits = text.chars().filter(|character| character.is_numeric()).count();
    digits < MIN_DIGITS && text.chars().any(|character| character.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(text: &str) -> String {
        let mut masked = String::new();
        write_masked(text, &mut masked).unwrap();
        masked
    }

    fn canonical(text: &str) -> Option<String> {
        let mut canonical = String::new();
        PhoneNumber::read(text)?.write_canonical(&mut canonical);
        Some(canonical)
    }

    #[test]
    fn calling_code_and_last_two_digits_stay_in_every_form() {
        for (text, wanted) in [
            ("+12025550123", "+1********23"),
            ("+1 202-555-0123", "+1 ***-***-**23"),
            ("(202) 555-0123", "(***) ***-**23"),
            ("tel:+1-202-555-0123", "tel:+1-***-***-**23"),
            ("\t +49 30 901820 \n", "+49 ** ****20"),
            ("+44 (0)20 7946 0958", "+44 (*)** **** **58"),
            ("+353 1 234 5678", "+353 * *** **78"),
            ("12025550123", "*********23"),
            ("0012025550123", "***********23"),
            ("(+1) 2025550123", "(+1) ********23"),
            ("＋１２０２５５５０１２３", "＋１********２３"),
            ("+9991234567", "+********67"),
            ("", ""),
        ] {
            assert_eq!(masked(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn whatever_is_no_number_is_hidden_as_a_whole() {
        for text in [
            "Ann +12025550123",
            "+1202555012x",
            "+12025550123;ext=7",
            "two 0 two",
            "٠١٢٣٤٥٦٧٨٩",
            "+1234567890123456",
            "28849",
            "+1 2345",
            "-",
            " ",
            "N/A",
            "\"+12025550123\"",
            "+12025550123,+12025550124",
        ] {
            assert_eq!(masked(text), HIDDEN, "{text:?}");
        }
    }

    #[test]
    fn every_form_with_a_calling_code_has_one_canonical_form() {
        for text in [
            "+12025550123",
            "+1 202-555-0123",
            "tel:+1-202-555-0123",
            " +1 (202) 555.0123 ",
            "(+1) 202/5550123",
            "＋１２０２５５５０１２３",
        ] {
            assert_eq!(canonical(text).as_deref(), Some("+12025550123"), "{text:?}");
        }
        assert_eq!(canonical("+44 (0)20 7946 0958"), canonical("+442079460958"));
        assert_eq!(canonical("(202) 555-0123").as_deref(), Some("2025550123"));
        assert_eq!(canonical("28849").as_deref(), Some("28849"));
        for text in ["", "-", "12", "ACME", "+1234567890123456", "+1202555012x"] {
            assert_eq!(canonical(text), None, "{text:?}");
        }
    }

    #[test]
    fn names_of_senders_are_distinguished_from_numbers() {
        for (text, wanted) in
            [("ACME", true), ("Shop24", true), ("28849", false), ("+1202555", false), ("Ann 2025550123", false)]
        {
            assert_eq!(is_sender_name(text), wanted, "{text}");
        }
        assert!(!is_sender_name("٠١٢"), "digits of another script");
    }

    proptest! {
        #[test]
        fn nothing_but_the_calling_code_and_the_last_two_digits_is_left(text in r"[ +0-9().x０-９٠-٩-]{0,24}") {
            let masked = masked(&text);
            if masked == HIDDEN || masked.is_empty() {
                return Ok(());
            }
            prop_assert_eq!(masked.chars().count(), text.trim().chars().count());
            let kept: String = masked.chars().filter(|character| character.is_numeric()).collect();
            let digits: Vec<char> = text.chars().filter(|&character| digit(character).is_some()).collect();
            prop_assert!(kept.chars().count() <= 3 + KEPT_DIGITS, "{} of {}", masked, text);
            prop_assert!(kept.ends_with(&digits[digits.len() - KEPT_DIGITS..].iter().collect::<String>()));
            prop_assert!(masked.matches(MASK).count() >= MIN_MASKED);
        }
    }
}

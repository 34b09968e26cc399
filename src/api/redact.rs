//! What of a server's text may be repeated to people: one line of bearable length, without the key and phone numbers.
//!
//! An error may repeat the request's URL or the values of its filters, in any form. Two rules act one after the other:
//! [`Secrets`] takes out the very values that were sent, when an answer comes in; [`shown_text`] masks whatever
//! could be a phone number, when a text is shown.
//!
//! *Easy to get wrong:* what stands before a number says nothing. The plus of a URL is `%2B` and that of a .NET service
//! `\u002B`, both of which end in a letter. Only forms that are known from their first to their last character, ids and
//! times, are left alone; where that is in doubt a text is masked.

use url::Url;

use super::ApiKey;
use super::wire::{DetailTexts, ErrorBody};

/// Longest piece of a server's text that is repeated to people, in characters.
const MAX_SERVER_TEXT: usize = 300;

/// The shortest phone numbers have seven digits.
const MIN_NUMBER_DIGITS: usize = 7;

/// Longest phone number, by E.164.
const MAX_NUMBER_DIGITS: usize = 15;

/// Signs between two digits of one number: more than anyone writes, and a bound on the time that a text takes.
const MAX_SEPARATORS: usize = 8;

/// Values of a filter that are shorter stand in every text and tell of nobody.
const MIN_FILTER_LENGTH: usize = 3;

/// What is shorter is no key, and would tear words apart.
const MIN_KEY_LENGTH: usize = 8;

/// A server's text without what could confuse a terminal, and without what could be a phone number.
pub(super) fn shown_text(text: &str) -> String {
    let mut shown = String::new();
    let mut length = 0;
    let mut at = 0;
    while at < text.len() {
        if length >= MAX_SERVER_TEXT {
            shown.push('…');
            break;
        }
        let rest = &text[at..];
        let (taken, piece) = if let Some(taken) = kept_length(text, at) {
            (taken, &rest[..taken])
        } else if let Some(taken) = number_length(text, at) {
            (taken, "[number]")
        } else {
            let taken = rest.chars().next().map_or(1, char::len_utf8);
            (taken, if rest.starts_with(char::is_control) { " " } else { &rest[..taken] })
        };
        shown.push_str(piece);
        length += piece.chars().count();
        at += taken;
    }
    shown
}

/// An id that support asks for. The server made it, so digits in it are no phone number unless there is nothing else.
pub(super) fn shown_id(id: &str) -> String {
    let is_one_word = id.len() <= 128 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:|".contains(&b));
    let is_no_number = id.bytes().any(|b| b.is_ascii_alphabetic()) || id.len() > MAX_NUMBER_DIGITS && is_digits(id);
    if is_one_word && is_no_number { id.to_owned() } else { shown_text(id) }
}

/// Length of the run at `at` that could be a phone number: digits, however they are parted, with what leads them in.
fn number_length(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let lead = rest.bytes().take(MAX_SEPARATORS).take_while(|byte| b"+(".contains(byte)).count();
    let (mut end, mut digits) = (lead, 0);
    loop {
        let run = rest[end..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - end);
        digits += run;
        end += run;
        let next = end + separators_length(&rest[end..]);
        let goes_on = run > 0 && rest[next..].starts_with(|c: char| c.is_ascii_digit());
        if !goes_on || kept_length(text, at + next).is_some() {
            return (digits >= MIN_NUMBER_DIGITS).then_some(end);
        }
        end = next;
    }
}

/// Length of the signs that may stand between two digits of a number, as they are and percent-encoded.
fn separators_length(text: &str) -> usize {
    const ENCODED: [&str; 9] = ["%20", "%28", "%29", "%2B", "%2D", "%2E", "%2F", "%C2%A0", "\\u002B"];
    let is_separator = |c: char| {
        let is_dash = ('\u{2010}'..='\u{2015}').contains(&c) || c == '\u{2212}';
        c.is_whitespace() || is_dash || matches!(c, '-' | '.' | '/' | '(' | ')' | '+' | '_')
    };
    let mut length = 0;
    for _ in 0..MAX_SEPARATORS {
        let rest = &text[length..];
        let encoded = ENCODED.into_iter().find(|encoded| starts_with_whatever_case(rest, encoded)).map(str::len);
        let plain = || rest.chars().next().filter(|&c| is_separator(c)).map(char::len_utf8);
        let Some(next) = encoded.or_else(plain) else { break };
        length += next;
    }
    length
}

/// Length of the UUID or the time at `at`, which are full of digits and yet no phone number.
fn kept_length(text: &str, at: usize) -> Option<usize> {
    let is_word_start = text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    let rest = &text[at..];
    if !is_word_start || !rest.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let length = uuid_length(rest).or_else(|| time_length(rest))?;
    let behind = &rest[length..];
    let ends_here = !behind.trim_start_matches(['-', '.', '_']).starts_with(char::is_alphanumeric);
    (ends_here || behind.starts_with(". ")).then_some(length)
}

fn uuid_length(text: &str) -> Option<usize> {
    const LENGTH: usize = 36;
    let is_uuid = text.as_bytes().get(..LENGTH)?.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    is_uuid.then_some(LENGTH)
}

/// RFC 3339, with or without seconds, fraction and offset.
fn time_length(text: &str) -> Option<usize> {
    let number = |from: usize, to: usize| text.get(from..to).filter(|part| is_digits(part))?.parse::<u32>().ok();
    let sign = |at: usize, signs: &[u8]| text.as_bytes().get(at).is_some_and(|byte| signs.contains(byte));
    number(0, 4)?;
    let is_day = sign(4, b"-")
        && (1..=12).contains(&number(5, 7)?)
        && sign(7, b"-")
        && (1..=31).contains(&number(8, 10)?)
        && sign(10, b"Tt ");
    let is_clock = |at: usize| Some(number(at, at + 2)? < 24 && sign(at + 2, b":") && number(at + 3, at + 5)? < 60);
    if !is_day || !is_clock(11)? {
        return None;
    }
    let mut end = 16;
    if sign(end, b":") && number(end + 1, end + 3).is_some_and(|seconds| seconds <= 60) {
        end += 3;
        if sign(end, b".") {
            end += 1 + text[end + 1..].bytes().take(9).take_while(u8::is_ascii_digit).count();
        }
    }
    if sign(end, b"Zz") {
        end += 1;
    } else if sign(end, b"+-") && is_clock(end + 1) == Some(true) {
        end += 6;
    }
    Some(end)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn starts_with_whatever_case(text: &str, start: &str) -> bool {
    text.as_bytes().get(..start.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(start.as_bytes()))
}

/// The key, and the values of filters that tell of people, in every form in which a server may send them back.
pub(super) struct Secrets {
    key: Vec<(String, &'static str)>,
    /// Form and what is shown instead, longest first, since one may begin with another.
    forms: Vec<(String, &'static str)>,
}

impl Secrets {
    /// Those of a request.
    pub(super) fn of(url: &Url, key: &ApiKey) -> Self {
        let key = Some(key.expose()).filter(|key| key.len() >= MIN_KEY_LENGTH);
        let key: Vec<_> =
            key.into_iter().flat_map(|key| [key.to_owned(), encoded(key)].map(|form| (form, "[API key]"))).collect();
        let mut forms = key.clone();
        for (name, value) in url.query_pairs() {
            let shown = match name.as_ref() {
                "phone" => "[phone]",
                "search" => "[search]",
                _ => continue,
            };
            let encoded = encoded(&value);
            let all = [
                value.to_string(),
                value.trim().trim_start_matches('+').to_owned(),
                value.replace('+', "\\u002B"),
                encoded.replace('+', "%20"),
                encoded,
            ];
            forms.extend(all.into_iter().filter(|form| form.len() >= MIN_FILTER_LENGTH).map(|form| (form, shown)));
        }
        forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        Self { key, forms }
    }

    /// Takes them out of the words of an error. Its code and the names of fields are acted upon, so only the key, which no
    /// code is, is taken out of these.
    pub(super) fn hide_in(&self, error: &mut ErrorBody) {
        error.code = error.code.take().map(|code| replaced(&code, &self.key));
        error.details = error
            .details
            .take()
            .map(|details| details.into_iter().map(|(name, texts)| (replaced(&name, &self.key), texts)).collect());
        for text in [&mut error.message, &mut error.doc_url].into_iter().flatten() {
            *text = self.hide(text);
        }
        for texts in error.details.iter_mut().flat_map(|details| details.values_mut()) {
            match texts {
                DetailTexts::Many(texts) => texts.iter_mut().for_each(|text| *text = self.hide(text)),
                DetailTexts::One(text) => *text = self.hide(text),
                DetailTexts::Other(_) => {}
            }
        }
    }

    /// A text without them.
    pub(super) fn hide(&self, text: &str) -> String {
        replaced(text, &self.forms)
    }
}

fn encoded(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// A text with other words for forms, in upper or lower case.
fn replaced(text: &str, forms: &[(String, &'static str)]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let form = forms.iter().find(|(form, _)| starts_with_whatever_case(rest, form));
        let taken = form.map_or(first.len_utf8(), |(form, _)| form.len());
        shown.push_str(form.map_or(&rest[..taken], |(_, shown)| shown));
        rest = &rest[taken..];
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_is_masked_in_every_form_and_wherever_it_stands() {
        let table = [
            ("no contact +1 (234) 567-8901 here", "no contact [number] here"),
            ("number 491701234567", "number [number]"),
            ("/v3/contacts?phone=%2B14155550123&page=1", "/v3/contacts?phone=%2B[number]&page=1"),
            ("phone=%2b1%20415%20555%200123", "phone=%2b[number]"),
            ("phone=%2B1+%28415%29+555-0123", "phone=%2B[number]"),
            ("contact_14155550123", "contact_[number]"),
            ("contact14155550123x", "contact[number]x"),
            (r"\u002B14155550123", r"\u002B[number]"),
            ("415.555.0123", "[number]"),
            ("415/555 0123.", "[number]."),
            ("1_415_555_0123", "[number]"),
            ("415\u{a0}555\u{2011}0123", "[number]"),
            ("415\n5550123", "[number]"),
            ("tel:+1-234-567-890", "tel:[number]"),
            ("(415) 555-0123", "[number]"),
            ("++4155550123+", "[number]+"),
            ("1234567", "[number]"),
            ("a 2026-01-01-4155550 b", "a [number] b"),
            ("2026-01-01T00:00:00.1234567890123Z", "[number]T00:00:[number]Z"),
            ("6f9619ff-8b86-4011-b42d-00cf4fc964ff4155550123", "6f9619ff-8b86-4011-b42d-00cf4fc964ff[number]"),
        ];
        for (text, shown) in table {
            assert_eq!(shown_text(text), shown, "{text:?}");
        }
    }

    #[test]
    fn ids_times_and_small_numbers_stay_readable() {
        let texts = [
            "page 12 of 100, 2026, a+b, +",
            "no profile 12345678-1234-4234-8234-123456789012",
            "409 6f9619ff-8b86-4011-b42d-00cf4fc964ff.",
            "since 2026-01-01T00:00:00Z, 2026-01-01 00:00:00.1234567+00:00, 0001-01-01T00:00",
            "retry 3 2026-01-01T10:20:30Z",
            "at 127.0.0.1:8080, version 3.1.4",
            "",
            "+",
            "é+é(",
        ];
        for text in texts {
            assert_eq!(shown_text(text), text);
        }
        for id in ["req_20260101123456", "req_test", "0HMVD9T5N1M2V:00000001", "1234567890123456789"] {
            assert_eq!(shown_id(id), id);
        }
        for (id, shown) in
            [("14155550123", "[number]"), ("+1 415 5550123 é", "[number] é"), ("415-555-0123", "[number]")]
        {
            assert_eq!(shown_id(id), shown);
        }
    }

    #[test]
    fn long_texts_are_cut_and_control_characters_are_blanks() {
        assert_eq!(shown_text("\u{1b}[31mred\n"), " [31mred ");
        assert_eq!(shown_text(&"é".repeat(1000)).chars().count(), MAX_SERVER_TEXT + 1);
        let cut_within_a_number = format!("{}4155550123", "x".repeat(MAX_SERVER_TEXT - 3));
        assert!(!shown_text(&cut_within_a_number).contains("415"));
        // Nothing of this takes more than a moment.
        for part in ["+", "1 ", "1-a", "(", "%20", "1%20x"] {
            shown_text(&part.repeat(1 << 20));
        }
    }

    #[test]
    fn the_very_values_of_filters_are_taken_out_in_every_form() {
        let mut url = Url::parse("https://api.sent.dm/v3/contacts?page=1").unwrap();
        url.query_pairs_mut().append_pair("phone", "+99 123").append_pair("search", "Ann B. (+Söhne)");
        let values = Secrets::of(&url, &ApiKey::new("sk_12ab34cd").unwrap());
        assert_eq!(values.hide("the key sk_12AB34cd is no key"), "the key [API key] is no key");
        let mut echo: ErrorBody =
            serde_json::from_value(serde_json::json!({"code": "no-sk_12ab34cd", "details": {"sk_12ab34cd": ["x"]}}))
                .unwrap();
        values.hide_in(&mut echo);
        assert!(!format!("{echo:?}").contains("12ab"), "{echo:?}");
        let query = url.query().unwrap();
        assert_eq!(values.hide(query), "page=1&phone=[phone]&search=[search]");
        assert_eq!(values.hide(&query.to_lowercase().replace('+', "%20")), "page=1&phone=[phone]&search=[search]");
        assert_eq!(values.hide(r"\u002B99 123, 99 123, ANN b. (\u002BSöhne)"), "[phone], [phone], [search]");
        let mut error: ErrorBody = serde_json::from_value(serde_json::json!({"code": "ANN_B", "message": "no +99 123",
            "details": {"search": ["Ann B. (+Söhne)", "é"], "phone": "+99 123"},
            "doc_url": "https://docs?q=%2B99%20123"}))
        .unwrap();
        values.hide_in(&mut error);
        let shown = format!("{error:?}");
        assert!(!shown.contains("99") && !shown.contains("Ann") && shown.contains("ANN_B"), "{shown}");
    }

    #[test]
    fn a_short_filter_does_not_tear_words_apart() {
        let url = Url::parse("https://api.sent.dm/v3/contacts?search=a&page_size=100&channel=sms").unwrap();
        let key = ApiKey::new("pa").unwrap();
        assert_eq!(Secrets::of(&url, &key).hide("a bad page of 100 sms"), "a bad page of 100 sms");
    }
}

//! Escapes in JSON texts.
//!
//! *Easy to get wrong:* escapes of unpaired surrogates are valid JSON but not valid text. Here they become U+FFFD.

use std::borrow::Cow;

/// Unescapes a text; `inner` is what is between its quotes. `None` if an escape is invalid.
pub(super) fn unescaped(inner: &str) -> Option<Cow<'_, str>> {
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let mut text = String::with_capacity(inner.len());
    unescape(inner, &mut text)?;
    Some(Cow::Owned(text))
}

/// Unescapes a text and appends it; `inner` is what is between its quotes. `None` if an escape is invalid.
pub(super) fn unescape(inner: &str, out: &mut String) -> Option<()> {
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = *rest.as_bytes().get(at + 1)?;
        let (character, length) = match escape {
            b'"' | b'\\' | b'/' => (char::from(escape), 2),
            b'b' => ('\x08', 2),
            b'f' => ('\x0C', 2),
            b'n' => ('\n', 2),
            b'r' => ('\r', 2),
            b't' => ('\t', 2),
            b'u' => unescape_unit(&rest[at..])?,
            _ => return None,
        };
        out.push(character);
        rest = rest.get(at + length..)?;
    }
    out.push_str(rest);
    Some(())
}

/// Reads `\uXXXX`, and a second one if both encode one character; unpaired surrogates become U+FFFD.
fn unescape_unit(text: &str) -> Option<(char, usize)> {
    const ESCAPE: usize = r"\uXXXX".len();
    let unit = |at: usize| u32::from_str_radix(text.get(at..at + ESCAPE)?.strip_prefix(r"\u")?, 16).ok();
    let first = unit(0)?;
    if let (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) = (first, unit(ESCAPE)) {
        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return char::from_u32(code).map(|character| (character, 2 * ESCAPE));
    }
    Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), ESCAPE))
}

/// Replaces unpaired surrogates, which text cannot contain, with U+FFFD, so that one value does not lose its page or column.
/// `None` if there are none.
pub(super) fn without_lone_surrogates(json: &str) -> Option<String> {
    const ESCAPE: usize = r"\uXXXX".len();
    let unit = |at: usize| {
        let digits = json.get(at..at + ESCAPE)?.strip_prefix(r"\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (mut repaired, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(found) = json.get(at..)?.find('\\') {
        at += found;
        at += match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + ESCAPE), Some(0xdc00..=0xdfff)) => 2 * ESCAPE,
            Some(0xd800..=0xdfff) => {
                repaired.push_str(&json[copied..at]);
                repaired.push_str(r"\ufffd");
                copied = at + ESCAPE;
                ESCAPE
            }
            // The next character belongs to this escape.
            _ => 1 + json[at + 1..].chars().next().map_or(0, char::len_utf8),
        };
    }
    (copied > 0).then(|| repaired + &json[copied..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_by_serde_and_unpaired_surrogates_are_replaced() {
        for text in [r#""a\n\t\"\\\/\b\f\r""#, r#""\u002B\u00e9\ud83d\ude00é""#, r#""""#] {
            let mut out = String::new();
            unescape(&text[1..text.len() - 1], &mut out).unwrap();
            assert_eq!(out, serde_json::from_str::<String>(text).unwrap());
        }
        let mut out = String::new();
        unescape(r"a\ud83dx\udc00\ud83d", &mut out).unwrap();
        assert_eq!(out, "a\u{fffd}x\u{fffd}\u{fffd}");
    }

    #[test]
    fn only_unpaired_surrogates_are_replaced() {
        for (json, wanted) in [
            (r#""\\ud83d \ud83d\ude00 é \u00e9""#, None),
            (r#""\ud83dx""#, Some(r#""\ufffdx""#)),
            (r#""\\\ude00\ud83d\u0041\ud83d\ude00""#, Some(r#""\\\ufffd\ufffd\u0041\ud83d\ude00""#)),
        ] {
            assert_eq!(without_lone_surrogates(json).as_deref(), wanted, "{json}");
        }
    }
}

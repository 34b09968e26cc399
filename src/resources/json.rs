//! A cursor over JSON text, for hand-written decoders of responses.
//!
//! It reads values as ranges of the text and copies nothing. It accepts only valid JSON, so that a decoder can give up at any
//! point and leave the response to serde.
//!
//! *Easy to get wrong:* texts may contain escapes of unpaired surrogates, see [`json_escapes`](super::json_escapes).

/// The kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonKind {
    /// Text.
    Text {
        /// Whether it has no escapes.
        is_plain: bool,
    },
    Number,
    Flag,
    Null,
    Object,
    List,
}

/// A value: its kind and its range in the text. The range of a text includes its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JsonValue {
    pub(super) kind: JsonKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A position in a text. Every `take` skips white space first, and returns `None` if something else follows.
#[derive(Debug)]
pub(super) struct JsonCursor<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Closing brackets of the lists and objects that are open.
    open: Vec<u8>,
}

impl<'a> JsonCursor<'a> {
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at, open: Vec::new() }
    }

    /// The bytes from this position on.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is not white space.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    #[inline]
    pub(super) fn take_byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn take(&mut self, token: &[u8]) -> Option<()> {
        self.peek()?;
        self.rest().starts_with(token).then(|| self.at += token.len())
    }

    /// Reads a value of any kind.
    pub(super) fn take_value(&mut self) -> Option<JsonValue> {
        let first = self.peek()?;
        let start = self.at;
        let kind = match first {
            b'"' => JsonKind::Text { is_plain: self.take_string()? },
            b'{' => self.skip_nested().map(|()| JsonKind::Object)?,
            b'[' => self.skip_nested().map(|()| JsonKind::List)?,
            _ => self.take_scalar(first)?,
        };
        Some(JsonValue { kind, start, end: self.at })
    }

    /// Reads the name of a member and the colon after it; returns the range between the quotes.
    pub(super) fn take_name(&mut self) -> Option<(usize, usize)> {
        self.peek()?;
        let start = self.at + 1;
        self.take_string()?;
        let end = self.at - 1;
        self.take(b":")?;
        Some((start, end))
    }

    /// Reads an object, each member by `take`, which starts at its name.
    pub(super) fn take_members(&mut self, mut take: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(b"{")?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            take(self)?;
            match self.take_byte()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Reads a text with its quotes; returns whether it has no escapes.
    #[inline]
    fn take_string(&mut self) -> Option<bool> {
        if self.rest().first() != Some(&b'"') {
            return None;
        }
        self.at += 1;
        let mut is_plain = true;
        loop {
            let rest = self.rest();
            let length = special_byte(rest)?;
            self.at += length + 1;
            match rest[length] {
                b'"' => return Some(is_plain),
                b'\\' => {
                    is_plain = false;
                    match self.rest().first()? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
                        b'u' if self.rest().get(1..5)?.iter().all(u8::is_ascii_hexdigit) => self.at += 5,
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
    }

    fn take_scalar(&mut self, first: u8) -> Option<JsonKind> {
        match first {
            b't' => self.take(b"true").map(|()| JsonKind::Flag),
            b'f' => self.take(b"false").map(|()| JsonKind::Flag),
            b'n' => self.take(b"null").map(|()| JsonKind::Null),
            _ => self.skip_number().map(|()| JsonKind::Number),
        }
    }

    /// Skips a number according to the grammar of RFC 8259.
    fn skip_number(&mut self) -> Option<()> {
        let rest = self.rest();
        let digits = |from: usize| rest[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut at = usize::from(rest.first() == Some(&b'-'));
        let whole = digits(at);
        if whole == 0 || (whole > 1 && rest[at] == b'0') {
            return None;
        }
        at += whole;
        if rest.get(at) == Some(&b'.') {
            let fraction = digits(at + 1);
            at += 1 + Some(fraction).filter(|&fraction| fraction > 0)?;
        }
        if matches!(rest.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(rest.get(at + 1), Some(b'+' | b'-')));
            let exponent = rest.get(at + 1 + sign..).map_or(0, |_| digits(at + 1 + sign));
            at += 1 + sign + Some(exponent).filter(|&exponent| exponent > 0)?;
        }
        self.at += at;
        Some(())
    }

    /// Skips a list or an object with everything in it.
    fn skip_nested(&mut self) -> Option<()> {
        self.open.clear();
        let mut expects_value = true;
        loop {
            if expects_value {
                match self.peek()? {
                    bracket @ (b'{' | b'[') => {
                        self.at += 1;
                        let close = if bracket == b'{' { b'}' } else { b']' };
                        self.open.push(close);
                        if self.peek()? != close {
                            if close == b'}' {
                                self.take_name()?;
                            }
                            continue;
                        }
                    }
                    b'"' => {
                        self.take_string()?;
                    }
                    first => {
                        self.take_scalar(first)?;
                    }
                }
            }
            let Some(&close) = self.open.last() else { return Some(()) };
            match self.take_byte()? {
                b',' => {
                    if close == b'}' {
                        self.take_name()?;
                    }
                    expects_value = true;
                }
                byte if byte == close => {
                    self.open.pop();
                    expects_value = false;
                    if self.open.is_empty() {
                        return Some(());
                    }
                }
                _ => return None,
            }
        }
    }
}

/// The index of the first quote, backslash or control character.
///
/// Eight bytes are checked at a time: in a word, `(w - 0x01…) & !w & 0x80…` marks bytes that are zero. A borrow can
/// wrongly mark a byte only above a correctly marked one, so the lowest mark is always correct.
#[inline]
pub(super) fn special_byte(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH_BITS: u64 = ONES << 7;
    const QUOTES: u64 = ONES * b'"' as u64;
    const BACKSLASHES: u64 = ONES * b'\\' as u64;
    const SPACES: u64 = ONES * b' ' as u64;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let mut at = 0;
    while let Some(word) = bytes[at..].first_chunk() {
        let word = u64::from_le_bytes(*word);
        let controls = word.wrapping_sub(SPACES) & !word;
        let marks = (zeros(word ^ QUOTES) | zeros(word ^ BACKSLASHES) | controls) & HIGH_BITS;
        if marks != 0 {
            return Some(at + (marks.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    let is_special = |&byte: &u8| matches!(byte, b'"' | b'\\' | ..b' ');
    bytes[at..].iter().position(is_special).map(|place| at + place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    /// Whether serde accepts the text.
    fn is_json(text: &str) -> bool {
        serde_json::from_str::<&RawValue>(text).is_ok()
    }

    fn accepts(text: &str) -> bool {
        let mut cursor = JsonCursor::new(text, 0);
        cursor.take_value().is_some() && cursor.peek().is_none()
    }

    #[test]
    fn it_accepts_what_serde_accepts() {
        let texts = [
            "0",
            "-0",
            "01",
            "1.",
            "1.5",
            "-1.5e+3",
            "1e",
            "1E5",
            ".5",
            "-",
            "+1",
            "null",
            "nul",
            "true",
            "falsey",
            "{}",
            "[]",
            "{ }",
            "[1,]",
            "[,1]",
            "[1 ,2]",
            "{\"a\":1}",
            "{\"a\":1,}",
            "{\"a\" : [ {} , [] ] }",
            "{a:1}",
            "{\"a\"}",
            "\"\\u00e9\"",
            "\"\\ud83d\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"a\nb\"",
            "\"",
            "[[[[1]]]]",
            "[[1]",
            "[1]]",
            "",
            " ",
            "{\"a\":{\"b\":[1,{\"c\":null}]},\"d\":\"e\"}",
            "[}",
            "{]",
        ];
        for text in texts {
            assert_eq!(accepts(text), is_json(text), "{text}");
        }
    }

    #[test]
    fn special_bytes_are_found_at_every_position() {
        for special in [b'"', b'\\', 0, 0x1f] {
            for place in 0..40 {
                for length in place + 1..41 {
                    let mut bytes = vec![b' '; length];
                    bytes[place] = special;
                    bytes[place + 1..].fill(b'"');
                    assert_eq!(special_byte(&bytes), Some(place));
                    // Bytes next to the special values, and bytes whose highest bit is set.
                    for plain in [b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
                        bytes[..place].fill(plain);
                        assert_eq!(special_byte(&bytes), Some(place), "{bytes:?}");
                    }
                }
            }
        }
        assert_eq!(special_byte(&[0x80; 20]), None);
    }

    proptest! {
        #[test]
        fn it_agrees_with_serde_on_any_text(text in r#"[\[\]{}",:0-9eE.+\-tn \\u"]{0,24}"#) {
            prop_assert_eq!(accepts(&text), is_json(&text));
        }
    }
}

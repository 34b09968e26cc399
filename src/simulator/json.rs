//! A JSON writer with the escaping of a .NET server.
//!
//! Values are appended to a [`JsonText`]: by `contact` for the rows of a page, by `reply` for the envelope. It is
//! hand-written because the exact bytes matter: clients must handle exactly this escaping, and a page must take less than a
//! tenth of a millisecond.
//!
//! *Easy to get wrong:* the default .NET encoder escapes far more than JSON requires (`+`, `'`, `&`, `<`, `>`, a
//! backtick, the quotation mark as `\u0022`, DEL and everything beyond ASCII). Times bypass it, so the `+` of an offset
//! is not escaped.
//!
//! The set of escaped characters is that of `JavaScriptEncoder.Default` in `System.Text.Json`; [`Escapes::Plain`]
//! corresponds to its relaxed encoder.
//!
//! The unit tests check each form of escaping and parse the result with `serde_json`.

use std::str::FromStr;

use super::parse::ParseError;

/// How strings are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Escapes {
    /// The default of .NET: `+` is `\u002B`, `é` is `\u00E9`.
    #[default]
    DotNet,
    /// Only what JSON requires; the rest is sent as UTF-8.
    Plain,
    /// Every character as `\uXXXX`, which is unusual but the same text.
    Everything,
}

impl FromStr for Escapes {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "dotnet" => Ok(Self::DotNet),
            "plain" => Ok(Self::Plain),
            "everything" => Ok(Self::Everything),
            _ => Err(ParseError::new(text, "dotnet, plain or everything")),
        }
    }
}

/// JSON under construction.
#[derive(Debug)]
pub(super) struct JsonText {
    bytes: Vec<u8>,
    escapes: Escapes,
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Which bytes .NET does not escape.
const PLAIN_FOR_DOTNET: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte: u8 = 0x20;
    while byte < 0x7F {
        plain[byte as usize] = !matches!(byte, b'"' | b'\\' | b'+' | b'\'' | b'&' | b'<' | b'>' | b'`');
        byte += 1;
    }
    plain
};

impl JsonText {
    /// An empty text with a capacity in bytes.
    pub(super) fn new(escapes: Escapes, capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), escapes }
    }

    /// The finished text.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Switches to another escaping and returns the previous one.
    pub(super) fn swap_escapes(&mut self, escapes: Escapes) -> Escapes {
        std::mem::replace(&mut self.escapes, escapes)
    }

    /// Appends finished JSON.
    pub(super) fn raw(&mut self, json: &str) {
        self.bytes.extend_from_slice(json.as_bytes());
    }

    /// Appends `"name":`, after a comma unless this is the first member of its object.
    pub(super) fn key(&mut self, name: &str) {
        if !matches!(self.bytes.last(), None | Some(b'{')) {
            self.bytes.push(b',');
        }
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b"\":");
    }

    /// Appends a string member, or null.
    pub(super) fn text_member(&mut self, name: &str, value: Option<&str>) {
        self.key(name);
        match value {
            Some(text) => self.string(text),
            None => self.raw("null"),
        }
    }

    /// Appends a member whose text needs no escapes: a time, an id, a number.
    pub(super) fn verbatim_member(&mut self, name: &str, value: Option<&str>) {
        self.key(name);
        match value {
            Some(text) => {
                self.bytes.push(b'"');
                self.raw(text);
                self.bytes.push(b'"');
            }
            None => self.raw("null"),
        }
    }

    /// Appends a boolean member, or null.
    pub(super) fn flag_member(&mut self, name: &str, value: Option<bool>) {
        self.key(name);
        self.raw(match value {
            Some(true) => "true",
            Some(false) => "false",
            None => "null",
        });
    }

    /// Appends a number member.
    pub(super) fn number_member(&mut self, name: &str, value: u64) {
        self.key(name);
        self.raw(&value.to_string());
    }

    /// Appends a member that is finished JSON.
    pub(super) fn raw_member(&mut self, name: &str, json: &str) {
        self.key(name);
        self.raw(json);
    }

    /// Appends a list whose items are written one by one.
    pub(super) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.bytes.push(b'[');
        for (position, item) in items.into_iter().enumerate() {
            if position > 0 {
                self.bytes.push(b',');
            }
            write(self, item);
        }
        self.bytes.push(b']');
    }

    /// Appends a string.
    pub(super) fn string(&mut self, text: &str) {
        self.bytes.push(b'"');
        match self.escapes {
            Escapes::DotNet => self.dotnet(text),
            Escapes::Plain => self.plain(text),
            Escapes::Everything => text.chars().for_each(|character| self.code_units(character)),
        }
        self.bytes.push(b'"');
    }

    fn dotnet(&mut self, text: &str) {
        let mut rest = text;
        while let Some(stop) = rest.bytes().position(|byte| !PLAIN_FOR_DOTNET[byte as usize]) {
            let (plain, special) = rest.split_at(stop);
            self.raw(plain);
            let mut characters = special.chars();
            if let Some(character) = characters.next()
                && !self.short_escape(character)
            {
                self.code_units(character);
            }
            rest = characters.as_str();
        }
        self.raw(rest);
    }

    fn plain(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '"' => self.raw("\\\""),
                _ if self.short_escape(character) => {}
                '\0'..'\x20' | '\x7F' => self.code_units(character),
                _ => self.raw(character.encode_utf8(&mut [0; 4])),
            }
        }
    }

    /// Appends the two-character escape that JSON defines for some characters; false if there is none.
    fn short_escape(&mut self, character: char) -> bool {
        let letter = match character {
            '\\' => b'\\',
            '\n' => b'n',
            '\r' => b'r',
            '\t' => b't',
            '\x08' => b'b',
            '\x0C' => b'f',
            _ => return false,
        };
        self.bytes.extend_from_slice(&[b'\\', letter]);
        true
    }

    /// Appends `\uXXXX` for each UTF-16 code unit.
    fn code_units(&mut self, character: char) {
        for unit in character.encode_utf16(&mut [0; 2]) {
            let [high, low] = unit.to_be_bytes();
            self.bytes.extend_from_slice(b"\\u");
            for byte in [high, low] {
                self.bytes.push(HEX[usize::from(byte >> 4)]);
                self.bytes.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(escapes: Escapes, text: &str) -> String {
        let mut json = JsonText::new(escapes, 0);
        json.string(text);
        String::from_utf8(json.into_bytes()).unwrap()
    }

    #[test]
    fn the_dotnet_encoder_escapes_what_is_unsafe_in_html() {
        assert_eq!(
            spelled(Escapes::DotNet, "+'&<>`\"\\/é\u{7f}"),
            r#""\u002B\u0027\u0026\u003C\u003E\u0060\u0022\\/\u00E9\u007F""#
        );
        assert_eq!(spelled(Escapes::DotNet, "a\r\n\t\u{8}\u{c}\u{1}b"), r#""a\r\n\t\b\f\u0001b""#);
        assert_eq!(spelled(Escapes::DotNet, "😀"), r#""\uD83D\uDE00""#);
    }

    #[test]
    fn the_plain_encoder_sends_utf8() {
        assert_eq!(spelled(Escapes::Plain, "+1 é😀\"\\\n"), "\"+1 é😀\\\"\\\\\\n\"");
    }

    #[test]
    fn every_spelling_reads_back_as_the_same_text() {
        let text = "+1 'é' <b>😀</b>\u{1}\r\n\t\"\\`\u{202e}";
        for escapes in [Escapes::DotNet, Escapes::Plain, Escapes::Everything] {
            let read: String = serde_json::from_str(&spelled(escapes, text)).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn members_are_separated_by_commas() {
        let mut json = JsonText::new(Escapes::DotNet, 0);
        json.raw("{");
        json.text_member("a", None);
        json.flag_member("b", Some(true));
        json.number_member("c", 3);
        json.verbatim_member("d", Some("2026-01-01T00:00:00+00:00"));
        json.raw("}");
        let text = String::from_utf8(json.into_bytes()).unwrap();
        assert_eq!(text, r#"{"a":null,"b":true,"c":3,"d":"2026-01-01T00:00:00+00:00"}"#);
    }
}

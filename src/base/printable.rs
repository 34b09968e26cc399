//! Which characters may reach a terminal, a log or a report.
//!
//! File names and values are not trusted. Control characters control a terminal, bidirectional ones change the direction
//! of the following text, and invisible ones make different names look the same.

/// Whether a character is visible and harmless wherever it is printed.
pub(crate) fn is_printable(c: char) -> bool {
    !(c.is_control() || is_invisible(c))
}

/// Characters that change the text direction, have no width, or end a line without being a control character.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A text for a message. Characters that are not printable are escaped, so that a file can still be recognized.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        if is_printable(c) {
            printable.push(c);
        } else {
            printable.extend(c.escape_unicode());
        }
    }
    printable
}

/// A line of a log, which may have color codes: only characters that change the text direction or have no width are
/// escaped.
pub(crate) fn printable_log(line: &str) -> String {
    let mut printable = String::with_capacity(line.len());
    for c in line.chars() {
        if is_invisible(c) { printable.extend(c.escape_unicode()) } else { printable.push(c) }
    }
    printable
}

/// JSON in which characters that are not printable are escaped; the meaning of the document stays the same.
pub(crate) fn printable_json(json: &str) -> String {
    let mut printable = String::with_capacity(json.len());
    for c in json.chars() {
        // Newlines occur only between values: within a text, they are already escaped.
        if c == '\n' || is_printable(c) {
            printable.push(c);
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| printable.push_str(&format!("\\u{unit:04x}")));
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unprintable_characters_are_escaped() {
        assert_eq!(printable("a\u{1b}[31m\u{202e}b\n"), "a\\u{1b}[31m\\u{202e}b\\u{a}");
        assert_eq!(printable("é — 📞 c.csv"), "é — 📞 c.csv");
    }

    #[test]
    fn escaping_does_not_change_the_meaning_of_json() {
        let text = "a\u{1b}\u{9b}\u{202e}\u{e0041}é\n";
        let json = serde_json::to_string(&[text]).unwrap();
        let escaped = printable_json(&json);
        assert!(escaped.chars().all(is_printable), "{escaped}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&escaped).unwrap(), [text]);
    }
}

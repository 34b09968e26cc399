//! Which characters may reach a terminal, a log or a report.
//!
//! File names and values come from elsewhere. Control characters steer a terminal, bidirectional ones turn the reading
//! direction of what follows, and invisible ones make two names look alike.

/// Whether a character shows as what it is, wherever it is printed.
pub(crate) fn is_printable(c: char) -> bool {
    !(c.is_control() || is_invisible(c))
}

/// Characters that turn the reading direction, have no width, or end a line without being a control character.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A text for a message: characters that would not show are written as escapes, so that a file can still be recognized.
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

/// A line of a log, in which colors stay: only what turns the reading direction or has no width is written as an escape.
pub(crate) fn printable_log(line: &str) -> String {
    let mut printable = String::with_capacity(line.len());
    for c in line.chars() {
        if is_invisible(c) { printable.extend(c.escape_unicode()) } else { printable.push(c) }
    }
    printable
}

/// JSON with escapes for what would not show; the document stays the same.
pub(crate) fn printable_json(json: &str) -> String {
    let mut printable = String::with_capacity(json.len());
    for c in json.chars() {
        // Line ends stand between values only: within a text they are escaped already.
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
    fn what_does_not_show_is_written_as_an_escape() {
        assert_eq!(printable("a\u{1b}[31m\u{202e}b\n"), "a\\u{1b}[31m\\u{202e}b\\u{a}");
        assert_eq!(printable("é — 📞 c.csv"), "é — 📞 c.csv");
    }

    #[test]
    fn json_says_the_same_after_escaping() {
        let text = "a\u{1b}\u{9b}\u{202e}\u{e0041}é\n";
        let json = serde_json::to_string(&[text]).unwrap();
        let escaped = printable_json(&json);
        assert!(escaped.chars().all(is_printable), "{escaped}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&escaped).unwrap(), [text]);
    }
}

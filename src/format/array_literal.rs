//! Lists of texts as array literals of `PostgreSQL`: `{sms,"a b"}`.
//!
//! Source: "Array Input and Output Syntax" in the documentation of `PostgreSQL`, section 8.15.6.

/// Appends an array literal; `None` is the null of an array.
pub(super) fn push_array<'a>(items: impl Iterator<Item = Option<&'a str>>, cell: &mut Vec<u8>) {
    cell.push(b'{');
    for (at, item) in items.enumerate() {
        if at > 0 {
            cell.push(b',');
        }
        match item {
            None => cell.extend_from_slice(b"NULL"),
            Some(item) if needs_quotes(item) => push_quoted(item, cell),
            Some(item) => cell.extend_from_slice(item.as_bytes()),
        }
    }
    cell.push(b'}');
}

fn needs_quotes(item: &str) -> bool {
    // ASCII white space; `PostgreSQL` includes the vertical tab, Rust does not.
    let is_special = |byte: u8| matches!(byte, b'{' | b'}' | b',' | b'"' | b'\\' | 0x0b) || byte.is_ascii_whitespace();
    item.is_empty() || item.eq_ignore_ascii_case("null") || item.bytes().any(is_special)
}

fn push_quoted(item: &str, cell: &mut Vec<u8>) {
    cell.push(b'"');
    for byte in item.bytes() {
        if matches!(byte, b'"' | b'\\') {
            cell.push(b'\\');
        }
        cell.push(byte);
    }
    cell.push(b'"');
}

/// The items of an array literal that [`push_array`] wrote, without its nulls; `None` for any other text.
pub(crate) fn array_items(literal: &str) -> Option<Vec<String>> {
    let mut rest = literal.strip_prefix('{')?.strip_suffix('}')?;
    let mut items = Vec::new();
    if rest.is_empty() {
        return Some(items);
    }
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (item, behind) = split_quoted(quoted)?;
            items.push(item);
            rest = behind;
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let item = &rest[..end];
            if item != "NULL" {
                if needs_quotes(item) {
                    return None;
                }
                items.push(item.to_owned());
            }
            rest = &rest[end..];
        }
        if rest.is_empty() {
            return Some(items);
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// A quoted item without its first quote, and the rest after its last one.
fn split_quoted(quoted: &str) -> Option<(String, &str)> {
    let mut item = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => item.push(characters.next()?.1),
            '"' => return Some((item, &quoted[at + 1..])),
            c => item.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn array(items: &[Option<&str>]) -> String {
        let mut cell = Vec::new();
        push_array(items.iter().copied(), &mut cell);
        String::from_utf8(cell).unwrap()
    }

    #[test]
    fn items_are_quoted_where_postgresql_needs_it() {
        assert_eq!(array(&[]), "{}");
        assert_eq!(array(&[Some("sms"), Some("whatsapp")]), "{sms,whatsapp}");
        assert_eq!(array(&[None, Some(""), Some("Null")]), r#"{NULL,"","Null"}"#);
        assert_eq!(array(&[Some("a b"), Some("x,y"), Some("{z}"), Some("q\"\\")]), r#"{"a b","x,y","{z}","q\"\\"}"#);
    }

    #[test]
    fn other_texts_are_no_arrays() {
        for text in ["", "sms", "{", "}", "{sms", "{a b}", "{a,}", "{\"a}", "{\"a\"b}", "{{a}}"] {
            assert_eq!(array_items(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_list_comes_back(items in prop::collection::vec(prop::option::of(".{0,8}|[\"\\\\{},nul ]{0,4}"), 0..5)) {
            let all: Vec<Option<&str>> = items.iter().map(Option::as_deref).collect();
            let wanted: Vec<String> = items.iter().flatten().cloned().collect();
            prop_assert_eq!(array_items(&array(&all)), Some(wanted));
        }
    }
}

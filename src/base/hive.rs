//! Names of partition folders, which hold the rows with one value of a column, as Hive writes and most engines read them.
//!
//! `FileUtils.escapePathName` of Apache Hive lists the characters that are written as `%` and two hexadecimal digits.

/// The name that stands for null.
pub(crate) const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// Visible characters that are invalid in paths or special to readers. The last one, `%`, starts an escape.
const ESCAPED: &str = "\"#'*/:=?\\{[]^%";

fn is_escaped(character: char) -> bool {
    character.is_ascii_control() || ESCAPED.contains(character)
}

/// An escaped underscore: the first character of the name for a text that equals [`NULL_PARTITION`].
const UNDERSCORE: &str = "%5F";

/// The escapes of visible characters, in an order in which they can be replaced one after another.
pub(crate) fn escapes() -> impl Iterator<Item = (String, char)> {
    let always = ESCAPED.chars().map(|character| (partition_name(&character.to_string()), character));
    std::iter::once((UNDERSCORE.to_owned(), '_')).chain(always)
}

/// A value as part of a folder's name. Different values have different names, and no text has the name of null.
pub(crate) fn partition_name(value: &str) -> String {
    if value == NULL_PARTITION {
        return value.replacen('_', UNDERSCORE, 1);
    }
    let mut name = String::with_capacity(value.len());
    for character in value.chars() {
        if is_escaped(character) {
            name += &format!("%{:02X}", u32::from(character));
        } else {
            name.push(character);
        }
    }
    name
}

/// The column and the value in the name of a folder; the inner `None` is null. A name without `=` is not a partition.
pub(crate) fn partition_of(folder: &str) -> Option<(&str, Option<String>)> {
    let (column, name) = folder.split_once('=').filter(|(column, _)| !column.is_empty())?;
    Some((column, (name != NULL_PARTITION).then(|| unescaped(name))))
}

/// A `%` without two hexadecimal digits after it is kept.
fn unescaped(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_survives_its_folder_name() {
        for (value, name) in [
            ("NP", "NP"),
            ("a/b=c", "a%2Fb%3Dc"),
            ("100%", "100%25"),
            ("%41", "%2541"),
            ("tab\tline\n", "tab%09line%0A"),
            ("Zürich ✓", "Zürich ✓"),
            ("..", ".."),
            ("\u{7f}[x]{y}", "%7F%5Bx%5D%7By}"),
            ("__HIVE_DEFAULT_PARTITION__", "%5F_HIVE_DEFAULT_PARTITION__"),
            ("%5F_HIVE_DEFAULT_PARTITION__", "%255F_HIVE_DEFAULT_PARTITION__"),
        ] {
            assert_eq!(partition_name(value), name);
            assert_eq!(partition_of(&format!("c={name}")), Some(("c", Some(value.to_owned()))));
        }
        assert_eq!(partition_of("c=__HIVE_DEFAULT_PARTITION__"), Some(("c", None)));
        for value in ["a/b=c \"d\" #e 'f'", "*:?\\{[]^%", "%25%2F%252F%%", "%5F_a", NULL_PARTITION, "Zürich ✓"] {
            let read = escapes()
                .fold(partition_name(value), |name, (escape, character)| name.replace(&escape, &character.to_string()));
            assert_eq!(read, value);
        }
        assert_eq!(partition_of("c=100%zz%4"), Some(("c", Some("100%zz%4".to_owned()))), "written by others");
        assert_eq!((partition_of("c"), partition_of("=c")), (None, None));
    }
}

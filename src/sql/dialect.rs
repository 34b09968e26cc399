//! The SQL dialect of an engine: names, texts and types.

use super::column::{SqlColumn, SqlType};

/// The SQL dialect of an engine: names, texts and types.
///
/// Text types are the longest that the engine has, so that no message is truncated. Phone numbers are always texts.
pub(super) struct Dialect {
    /// The character that quotes names that are not plain words.
    pub(super) quote: char,
    /// Whether the engine folds unquoted names to upper case. A reserved word is then quoted in upper case, so that it is the
    /// same name with and without quotes.
    pub(super) is_upper_case: bool,
    /// Whether a backslash in a text starts an escape.
    pub(super) has_backslashes: bool,
    pub(super) text: &'static str,
    pub(super) flag: &'static str,
    pub(super) int: &'static str,
    pub(super) long: &'static str,
    pub(super) float: &'static str,
    pub(super) time: &'static str,
    /// The type of decimals. Precision and scale are appended.
    pub(super) decimal: &'static str,
    pub(super) texts: &'static str,
    /// The type of a list of structs, from the names and types of the members.
    pub(super) structs: fn(&[(String, String)]) -> String,
}

/// Words that at least one engine reserves, and that might be names of columns or tables.
const RESERVED: &str = "\
    all analyse analyze and any array as asc at between both by case cast check collate column constraint create \
    cross current cube default delete desc distinct drop else end except exists external false fetch for foreign \
    from full function grant group groups having if in index inner insert intersect interval into is join \
    lateral left like limit merge natural new no not null of offset old on or order outer over partition \
    position primary proto qualify range references reduce revoke right rollup row rows select session_user set \
    some start table tablesample tag then timestamp to trigger true union unique unnest update user using values \
    view when where window with within";

impl Dialect {
    /// A name, quoted if necessary.
    pub(super) fn name(&self, name: &str) -> String {
        let is_word = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        if is_word && !RESERVED.split(' ').any(|word| word == name) {
            return name.to_owned();
        }
        let name = if is_word && self.is_upper_case { name.to_ascii_uppercase() } else { name.to_owned() };
        let quote = self.quote;
        format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")))
    }

    /// A text literal.
    pub(super) fn literal(&self, text: &str) -> String {
        if self.has_backslashes {
            return format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
        }
        format!("'{}'", text.replace('\'', "''"))
    }

    /// The type of a column.
    pub(super) fn type_of(&self, kind: &SqlType) -> String {
        match kind {
            SqlType::Text => self.text.to_owned(),
            SqlType::Flag => self.flag.to_owned(),
            SqlType::Int => self.int.to_owned(),
            SqlType::Long => self.long.to_owned(),
            SqlType::Float => self.float.to_owned(),
            SqlType::Time => self.time.to_owned(),
            SqlType::Decimal { precision, scale } => format!("{}({precision}, {scale})", self.decimal),
            SqlType::Texts => self.texts.to_owned(),
            SqlType::Structs(members) => (self.structs)(&self.members(members)),
        }
    }

    /// The names and types of members.
    pub(super) fn members(&self, members: &[SqlColumn]) -> Vec<(String, String)> {
        members.iter().map(|member| (self.name(&member.name), self.type_of(&member.kind))).collect()
    }
}

/// Members as `name separator type`, separated by commas.
pub(super) fn member_list(members: &[(String, String)], separator: &str) -> String {
    let members: Vec<String> = members.iter().map(|(name, kind)| format!("{name}{separator}{kind}")).collect();
    members.join(", ")
}

#[cfg(test)]
mod tests {
    use crate::sql::{duckdb, postgres, snowflake, spark};

    #[test]
    fn names_are_quoted_where_necessary() {
        for (name, wanted) in [
            ("region_code", "region_code"),
            ("from", "\"from\""),
            ("My Table", "\"My Table\""),
            ("2024", "\"2024\""),
            ("a\"b", "\"a\"\"b\""),
        ] {
            assert_eq!(duckdb::DIALECT.name(name), wanted);
        }
        assert_eq!(snowflake::DIALECT.name("from"), "\"FROM\"");
        assert_eq!(snowflake::DIALECT.name("My Table"), "\"My Table\"");
        assert_eq!(spark::DIALECT.name("a`b"), "`a``b`");
    }

    #[test]
    fn texts_are_escaped_as_the_engine_reads_them() {
        assert_eq!(postgres::DIALECT.literal(r"it's\n"), r"'it''s\n'");
        assert_eq!(spark::DIALECT.literal(r"it's\n"), r"'it\'s\\n'");
    }
}

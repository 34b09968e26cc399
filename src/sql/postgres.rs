//! `PostgreSQL`, through `psql`, which reads local files.
//!
//! *Easy to get wrong:* `\copy` must be on one line, in which backslashes have no meaning and `''` is a quote. A text with
//! a NUL character cannot be loaded.

use super::column::{SqlColumn, SqlType};
use super::dialect::Dialect;
use super::load::Load;
use super::part::FilePart;
use super::upsert::{indented, on_conflict};
use crate::format::Format;

pub(super) const DIALECT: Dialect = Dialect {
    quote: '"',
    is_upper_case: false,
    has_backslashes: false,
    text: "text",
    flag: "boolean",
    int: "integer",
    long: "bigint",
    float: "double precision",
    time: "timestamptz",
    decimal: "numeric",
    texts: "text[]",
    structs: |_| "jsonb".to_owned(),
};

/// A script for `psql`.
pub(super) fn postgres(load: &Load) -> String {
    let mut lines = load.definitions(&DIALECT, " NOT NULL");
    if !load.key.is_empty() {
        lines.push(format!("PRIMARY KEY ({})", load.key_names(&DIALECT)));
    }
    let (target, staging) = (load.target(&DIALECT), load.temporary(&DIALECT, "_load"));
    let is_csv = load.is(Format::Csv);
    let staged: Vec<String> = if is_csv {
        load.columns.iter().map(|column| staged(column, load)).collect()
    } else {
        let in_folders = load.folder_column().map(|column| staged(column, load));
        std::iter::once("line text".to_owned()).chain(in_folders).collect()
    };
    let copies: Vec<String> = load.files().iter().map(|file| copy(load, &staging, file)).collect();
    let values: Vec<String> = load.columns.iter().map(|column| value(column, load)).collect();
    let from = if is_csv {
        format!("FROM {staging}")
    } else {
        let in_folders = load.folder_column().map(|column| format!(", {}", DIALECT.name(&column.name)));
        format!("FROM (SELECT line::json AS line{} FROM {staging}) AS s", in_folders.unwrap_or_default())
    };
    format!(
        "-- Run with psql, version 15 or newer. PostgreSQL refuses texts with a NUL character:\n\
         -- remove them from CSV first, with tr -d '\\000'.\n\
         \\set ON_ERROR_STOP on\nBEGIN;\n\n\
         CREATE TABLE IF NOT EXISTS {target} (\n{}\n);\n\n\
         CREATE TEMPORARY TABLE {staging} (\n{}\n) ON COMMIT DROP;\n\n{}\n\n{}\nCOMMIT;\n",
        indented(&lines),
        indented(&staged),
        copies.join("\n"),
        on_conflict(load, &DIALECT, &values, &from)
    )
}

/// The commands that read one file. The value of the partition column becomes the default of the column.
fn copy(load: &Load, staging: &str, file: &FilePart) -> String {
    let source = match load.decompression(&file.path) {
        Some(command) => format!("PROGRAM {}", DIALECT.literal(&command)),
        None => DIALECT.literal(&file.path),
    };
    let default = load.folder_column().map(|column| {
        let value = file.value.as_deref().map_or_else(|| "NULL".to_owned(), literal);
        format!("ALTER TABLE {staging} ALTER COLUMN {} SET DEFAULT {value};\n", DIALECT.name(&column.name))
    });
    let copy = if load.is(Format::Csv) {
        // `match` refuses a file with other columns or another order.
        let names: Vec<String> = load.columns_in_files().map(|column| DIALECT.name(&column.name)).collect();
        let names = names.join(", ");
        let delimiter = load.other_delimiter().map(|delimiter| format!(", DELIMITER e'{delimiter}'"));
        let null = Some(load.null()).filter(|null| !null.is_empty());
        let null = null.map(|null| format!(", NULL {}", DIALECT.literal(null)));
        let options = delimiter.unwrap_or_default() + &null.unwrap_or_default();
        format!("\\copy {staging} ({names}) FROM {source} WITH (FORMAT csv, HEADER match, ENCODING 'UTF8'{options})")
    } else {
        // JSON always escapes these characters, so each line is read as one value.
        format!(
            "\\copy {staging} (line) FROM {source} WITH (FORMAT csv, DELIMITER e'\\x01', QUOTE e'\\x02', ENCODING 'UTF8')"
        )
    };
    default.unwrap_or_default() + &copy
}

/// The value of a folder as a literal. Control characters are escaped, because the client reads a script by lines. Values
/// with NUL are refused earlier.
fn literal(value: &str) -> String {
    if !value.contains(|character: char| character.is_ascii_control()) {
        return DIALECT.literal(value);
    }
    let escaped = |text: String, character: char| match character {
        '\'' | '\\' => text + &format!("\\{character}"),
        character if character.is_ascii_control() => text + &format!("\\x{:02X}", u32::from(character)),
        character => text + &character.to_string(),
    };
    format!("E'{}'", value.chars().fold(String::new(), escaped))
}

/// The type of a column in a staging table for CSV.
fn staged(column: &SqlColumn, load: &Load) -> String {
    let is_array = column.kind == SqlType::Texts && load.has_array_literals();
    let kind = if column.kind.is_list() && !is_array { "text".to_owned() } else { DIALECT.type_of(&column.kind) };
    format!("{} {kind}", DIALECT.name(&column.name))
}

/// A column as an expression with the table's type.
fn value(column: &SqlColumn, load: &Load) -> String {
    let is_csv = load.is(Format::Csv);
    let name = DIALECT.name(&column.name);
    let key = DIALECT.literal(&column.name);
    match &column.kind {
        _ if load.is_in_folders(column) => name,
        SqlType::Texts if load.has_array_literals() => name,
        SqlType::Texts if is_csv => format!("string_to_array({name}, ',')"),
        SqlType::Structs(_) if is_csv => format!("{name}::jsonb"),
        _ if is_csv => name,
        // Unnested items are in the order of the list.
        SqlType::Texts => format!(
            "CASE json_typeof(line -> {key}) WHEN 'array' THEN ARRAY(SELECT json_array_elements_text(line -> {key})) END"
        ),
        SqlType::Structs(_) => format!("NULLIF((line -> {key})::jsonb, 'null')"),
        SqlType::Text => format!("line ->> {key}"),
        _ => format!("(line ->> {key})::{}", DIALECT.type_of(&column.kind)),
    }
}

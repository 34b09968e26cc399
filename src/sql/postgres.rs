//! `PostgreSQL`, through `psql`, which reads local files.
//!
//! *Easy to get wrong:* `\copy` must be on one line, in which backslashes have no meaning and `''` is a quote. A text with
//! a NUL character cannot be loaded.

use super::column::{SqlColumn, SqlType};
use super::dialect::Dialect;
use super::load::Load;
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
    let staged: Vec<String> =
        if is_csv { load.columns.iter().map(staged).collect() } else { vec!["line text".to_owned()] };
    let source = match load.decompression() {
        Some(command) => format!("PROGRAM {}", DIALECT.literal(&command)),
        None => DIALECT.literal(&load.path),
    };
    let copy = if is_csv {
        // `match` refuses a file with other columns or another order.
        let names = load.names(&DIALECT);
        format!("\\copy {staging} ({names}) FROM {source} WITH (FORMAT csv, HEADER match, ENCODING 'UTF8')")
    } else {
        // Characters that JSON always escapes, so that a line is one value.
        format!(
            "\\copy {staging} (line) FROM {source} WITH (FORMAT csv, DELIMITER e'\\x01', QUOTE e'\\x02', ENCODING 'UTF8')"
        )
    };
    let values: Vec<String> = load.columns.iter().map(|column| value(column, is_csv)).collect();
    let from = if is_csv {
        format!("FROM {staging}")
    } else {
        format!("FROM (SELECT line::json AS line FROM {staging}) AS s")
    };
    format!(
        "-- Run with psql, version 15 or newer. PostgreSQL refuses texts with a NUL character:\n\
         -- remove them from CSV first, with tr -d '\\000'.\n\
         \\set ON_ERROR_STOP on\nBEGIN;\n\n\
         CREATE TABLE IF NOT EXISTS {target} (\n{}\n);\n\n\
         CREATE TEMPORARY TABLE {staging} (\n{}\n) ON COMMIT DROP;\n\n{copy}\n\n{}\nCOMMIT;\n",
        indented(&lines),
        indented(&staged),
        on_conflict(load, &DIALECT, &values, &from)
    )
}

/// The type of a column in a staging table for CSV.
fn staged(column: &SqlColumn) -> String {
    let kind = if column.kind.is_list() { "text".to_owned() } else { DIALECT.type_of(&column.kind) };
    format!("{} {kind}", DIALECT.name(&column.name))
}

/// A column as an expression with the table's type.
fn value(column: &SqlColumn, is_csv: bool) -> String {
    let name = DIALECT.name(&column.name);
    let key = DIALECT.literal(&column.name);
    match &column.kind {
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

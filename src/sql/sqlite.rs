//! `SQLite`, through its shell `sqlite3`.
//!
//! *Easy to get wrong:* the shell reads an empty cell and `""` as the same empty text. NDJSON distinguishes them.

use super::column::{SqlColumn, SqlType};
use super::dialect::Dialect;
use super::load::Load;
use super::upsert::{indented, on_conflict};
use crate::format::Format;

/// Prices are texts, because decimals of the engine are floats. Lists are JSON.
const DIALECT: Dialect = Dialect {
    quote: '"',
    is_upper_case: false,
    has_backslashes: false,
    text: "TEXT",
    flag: "INTEGER",
    int: "INTEGER",
    long: "INTEGER",
    float: "REAL",
    time: "TEXT",
    decimal: "TEXT",
    texts: "TEXT",
    structs: |_| "TEXT".to_owned(),
};

/// A script for `sqlite3`.
pub(super) fn sqlite(load: &Load) -> String {
    let is_csv = load.is(Format::Csv);
    let (target, staging) = (load.target(&DIALECT), load.temporary(&DIALECT, "_load"));
    let mut lines: Vec<String> = load.columns.iter().map(definition).collect();
    if !load.key.is_empty() {
        lines.push(format!("PRIMARY KEY ({})", load.key_names(&DIALECT)));
    }
    let staged: Vec<String> = if is_csv {
        load.columns.iter().map(|column| format!("{} TEXT", DIALECT.name(&column.name))).collect()
    } else {
        vec!["line TEXT".to_owned()]
    };
    let source = load.decompression().map_or_else(|| load.path.clone(), |command| format!("|{command}"));
    let source = argument(&source);
    // A line of NDJSON is read as one cell: JSON escapes every control character.
    let import = if is_csv {
        format!(".import --csv --skip 1 {source} {}", argument(&plain(load)))
    } else {
        format!(".separator \"\\037\" \"\\n\"\n.import {source} {}", argument(&plain(load)))
    };
    let values: Vec<String> = load.columns.iter().map(|column| value(column, is_csv)).collect();
    let mut notes =
        "-- Run with sqlite3, version 3.38 or newer. Booleans are 0 and 1, times RFC 3339 in UTC, decimals exact \
                     texts, lists JSON.\n"
            .to_owned();
    if is_csv && load.has_nullable_texts() {
        notes += "-- Its CSV reader cannot distinguish null from an empty text: both become NULL. Load NDJSON to keep them.\n";
    }
    format!(
        "{notes}.bail on\nBEGIN;\n\nCREATE TABLE IF NOT EXISTS {target} (\n{}\n);\n\n\
         CREATE TEMPORARY TABLE {staging} (\n{}\n);\n{import}\n\n{}\nDROP TABLE {staging};\nCOMMIT;\n",
        indented(&lines),
        indented(&staged),
        // Without a condition, ON CONFLICT would be read as part of a join.
        on_conflict(load, &DIALECT, &values, &format!("FROM {staging}\nWHERE true"))
    )
}

/// The name of the staging table for the shell, without quotes.
fn plain(load: &Load) -> String {
    format!("{}_load", load.table.last().map_or("", String::as_str))
}

/// An argument of a shell command.
fn argument(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn definition(column: &SqlColumn) -> String {
    let not_null = if column.is_required { " NOT NULL" } else { "" };
    let name = DIALECT.name(&column.name);
    let kind = match &column.kind {
        SqlType::Decimal { .. } => DIALECT.decimal.to_owned(),
        kind => DIALECT.type_of(kind),
    };
    format!("{name} {kind}{not_null}")
}

/// A column as an expression with the table's type.
fn value(column: &SqlColumn, is_csv: bool) -> String {
    let name = DIALECT.name(&column.name);
    if !is_csv {
        // In quotes, because a path may contain any name.
        return format!("json_extract(line, {})", DIALECT.literal(&format!("$.\"{}\"", column.name)));
    }
    match &column.kind {
        SqlType::Texts => {
            format!("CASE {name} WHEN '' THEN '[]' ELSE '[' || replace(json_quote({name}), ',', '\",\"') || ']' END")
        }
        SqlType::Flag => format!("CASE {name} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"),
        SqlType::Text if column.is_required => name,
        _ => format!("NULLIF({name}, '')"),
    }
}

//! `SQLite`, through its shell `sqlite3`.
//!
//! *Easy to get wrong:* the shell reads an empty cell and `""` as the same empty text. NDJSON distinguishes them.

use super::column::{SqlColumn, SqlType};
use super::dialect::Dialect;
use super::load::Load;
use super::part::FilePart;
use super::upsert::{indented, on_conflict};
use crate::format::Format;

/// Prices are texts, because the engine stores decimals as floats. Lists are JSON.
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
    let (target, staging, all) =
        (load.target(&DIALECT), load.temporary(&DIALECT, "_load"), load.temporary(&DIALECT, "_files"));
    let mut lines: Vec<String> = load.columns.iter().map(definition).collect();
    if !load.key.is_empty() {
        lines.push(format!("PRIMARY KEY ({})", load.key_names(&DIALECT)));
    }
    let staged: Vec<String> = if is_csv {
        load.columns_in_files().map(|column| format!("{} TEXT", DIALECT.name(&column.name))).collect()
    } else {
        vec!["line TEXT".to_owned()]
    };
    let (rows, from) = match load.folder_column() {
        None => (String::new(), &staging),
        Some(column) => {
            let staged = staged.iter().cloned().chain([format!("{} TEXT", DIALECT.name(&column.name))]);
            let staged = indented(&staged.collect::<Vec<_>>());
            (format!("CREATE TEMPORARY TABLE {all} (\n{staged}\n);\n"), &all)
        }
    };
    let values: Vec<String> = load.columns.iter().map(|column| value(column, load)).collect();
    let mut notes =
        "-- Run with sqlite3, version 3.38 or newer. Booleans are 0 and 1, times RFC 3339 in UTC, decimals exact \
                     texts, lists JSON.\n"
            .to_owned();
    if is_csv && load.has_nullable_texts() {
        notes += &format!(
            "-- Its CSV reader cannot distinguish null from {}: both become NULL. Load NDJSON to keep them.\n",
            load.text_like_null()
        );
    }
    let drop = if rows.is_empty() { String::new() } else { format!("DROP TABLE {all};\n") };
    format!(
        "{notes}.bail on\nBEGIN;\n\nCREATE TABLE IF NOT EXISTS {target} (\n{}\n);\n\n\
         CREATE TEMPORARY TABLE {staging} (\n{}\n);\n{rows}{}\n{}\n{drop}DROP TABLE {staging};\nCOMMIT;\n",
        indented(&lines),
        indented(&staged),
        imports(load, &staging, &all),
        // Without a condition, ON CONFLICT would be read as part of a join.
        on_conflict(load, &DIALECT, &values, &format!("FROM {from}\nWHERE true"))
    )
}

/// The commands that read the files one after another. The rows get the value of the partition column in a second table.
fn imports(load: &Load, staging: &str, all: &str) -> String {
    let table = argument(&plain(load));
    let (options, separator) = match (load.is(Format::Csv), load.other_delimiter()) {
        (true, None) => ("--csv --skip 1", String::new()),
        (true, Some(delimiter)) => ("--skip 1", format!(".separator \"{delimiter}\" \"\\n\"\n")),
        // A whole line of NDJSON is one cell, because JSON escapes every control character.
        (false, _) => ("", ".separator \"\\037\" \"\\n\"\n".to_owned()),
    };
    let import = |file: &FilePart| {
        let source = load.decompression(&file.path).map_or_else(|| file.path.clone(), |command| format!("|{command}"));
        let parts = [".import", options, &argument(&source), &table];
        let import = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ") + "\n";
        if load.folder_column().is_none() {
            return import;
        }
        let value = file.value.as_deref().map_or_else(|| "NULL".to_owned(), literal);
        format!("{import}INSERT INTO {all} SELECT *, {value} FROM {staging};\nDELETE FROM {staging};\n")
    };
    separator + &load.files().iter().map(import).collect::<String>()
}

/// The value of a folder as a literal. Control characters are written as codes, because the shell reads a script by lines.
/// A text ends at a NUL.
fn literal(value: &str) -> String {
    let value = value.split('\0').next().unwrap_or_default();
    let escaped = |text: String, character: char| match character {
        character if character.is_ascii_control() => text + &format!("' || char({}) || '", u32::from(character)),
        '\'' => text + "''",
        character => text + &character.to_string(),
    };
    format!("'{}'", value.chars().fold(String::new(), escaped))
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
fn value(column: &SqlColumn, load: &Load) -> String {
    let name = DIALECT.name(&column.name);
    let flag = || format!("CASE {name} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END");
    if load.is_in_folders(column) {
        return if column.kind == SqlType::Flag { flag() } else { name };
    }
    if !load.is(Format::Csv) {
        // Quoted, because a path may contain any name.
        return format!("json_extract(line, {})", DIALECT.literal(&format!("$.\"{}\"", column.name)));
    }
    match &column.kind {
        SqlType::Texts => {
            format!("CASE {name} WHEN '' THEN '[]' ELSE '[' || replace(json_quote({name}), ',', '\",\"') || ']' END")
        }
        SqlType::Flag => flag(),
        SqlType::Text if column.is_required => name,
        _ => format!("NULLIF({name}, {})", DIALECT.literal(load.null())),
    }
}

//! `DuckDB`, and `DuckLake`, for which it is the official tool.
//!
//! *Easy to get wrong:* by default, `DuckDB` reads a quoted empty CSV cell as null, and guesses types from the first rows.

use super::column::{SqlColumn, SqlType};
use super::dialect::{Dialect, member_list};
use super::history::History;
use super::load::{FileLayout, Load};
use super::upsert::{indented, merge, on_conflict};
use crate::base::hive::NULL_PARTITION;
use crate::format::{Codec, Format};

pub(super) const DIALECT: Dialect = Dialect {
    quote: '"',
    is_upper_case: false,
    has_backslashes: false,
    text: "VARCHAR",
    flag: "BOOLEAN",
    int: "INTEGER",
    long: "BIGINT",
    float: "DOUBLE",
    time: "TIMESTAMPTZ",
    decimal: "DECIMAL",
    texts: "VARCHAR[]",
    structs: |members| format!("STRUCT({})[]", member_list(members, " ")),
};

/// A table with a primary key.
pub(super) fn duckdb(load: &Load) -> String {
    let mut lines = load.definitions(&DIALECT, " NOT NULL");
    if !load.key.is_empty() {
        lines.push(format!("PRIMARY KEY ({})", load.key_names(&DIALECT)));
    }
    let target = load.target(&DIALECT);
    let table = format!("CREATE TABLE IF NOT EXISTS {target} (\n{}\n);\n\n", indented(&lines));
    table + &on_conflict(load, &DIALECT, &values(load), &format!("FROM {}", reader(load)))
}

/// A table of `DuckLake`, which has no keys. The rows are copied, because a merge rewrites files, and exported files must
/// stay unchanged.
pub(super) fn ducklake(load: &Load) -> String {
    let target = load.target(&DIALECT);
    let values: Vec<String> = values(load);
    let table = format!(
        "-- Attach the catalog first, for instance: ATTACH 'ducklake:metadata.ducklake' AS lake; USE lake;\n\
         INSTALL ducklake;\nLOAD ducklake;\n\n\
         CREATE TABLE IF NOT EXISTS {target} (\n{}\n);\n\n",
        indented(&load.definitions(&DIALECT, " NOT NULL"))
    );
    let source = format!("(\nSELECT\n{}\nFROM {}\n)", indented(&values), reader(load));
    let register = if load.layout == FileLayout::File && !load.columns.iter().any(|column| is_nested(&column.kind)) {
        format!(
            "\n-- To register the file without copying it, run this instead of the last statement, and once only:\n\
             -- CALL ducklake_add_data_files('lake', {}, {});\n",
            DIALECT.literal(load.table.last().map_or("", String::as_str)),
            DIALECT.literal(&load.path),
        )
    } else {
        String::new()
    };
    table + &merge(load, &DIALECT, &source) + &register
}

/// The query for the rows at a time. Files with different columns are combined by column name.
pub(super) fn history(history: &History) -> String {
    let pattern = DIALECT.literal(&History::pattern_in(&literal_folder(&history.folder)));
    format!(
        "SELECT\n{}\nFROM read_parquet({pattern}, union_by_name = true)\nWHERE valid_from <= TIMESTAMPTZ '{}'\n\
         QUALIFY row_number() OVER (PARTITION BY {} ORDER BY valid_from DESC) = 1\n  \
         AND change NOT IN ('removed', 'missing')\nORDER BY {};\n",
        indented(&history.names(&DIALECT)),
        history.as_of,
        history.key.join(", "),
        history.order()
    )
}

/// Escapes a folder so that a pattern matches only this folder.
fn literal_folder(folder: &str) -> String {
    let escaped = |character: char| match character {
        '*' | '?' | '[' => format!("[{character}]"),
        character => character.to_string(),
    };
    folder.chars().map(escaped).collect()
}

/// Whether registering a file with such a column fails, as it does in `DuckLake` of `DuckDB` 1.4.
fn is_nested(kind: &SqlType) -> bool {
    matches!(kind, SqlType::Structs(_))
}

/// The function that reads the files.
fn reader(load: &Load) -> String {
    let pattern = match load.layout {
        // A pattern is read as such, and a single file by its literal name.
        FileLayout::File => load.path.clone(),
        FileLayout::Folder | FileLayout::ByDate(_) | FileLayout::ByValue(_) => {
            load.pattern_in(&literal_folder(&load.path))
        }
    };
    let pattern = DIALECT.literal(&pattern);
    let compression = match load.format.codec() {
        Codec::None => "none",
        Codec::Gzip => "gzip",
        Codec::Zstd => "zstd",
    };
    if load.is(Format::Csv) {
        let columns =
            columns(load, |kind| if kind.is_list() { DIALECT.text.to_owned() } else { DIALECT.type_of(kind) });
        return format!(
            "read_csv({pattern}, auto_detect = false, header = true, delim = '{}', quote = '\"', escape = '\"',\n  \
             nullstr = {}, allow_quoted_nulls = false, compression = '{compression}', columns = {{{columns}}})",
            load.delimiter(),
            DIALECT.literal(load.null())
        );
    }
    if load.is(Format::Ndjson) {
        let columns = columns(load, |kind| DIALECT.type_of(kind));
        return format!(
            "read_json({pattern}, format = 'newline_delimited', compression = '{compression}', columns = {{{columns}}})"
        );
    }
    let file_name = if load.folder_column().is_some() { ", filename = true" } else { "" };
    format!("read_parquet({pattern}, hive_partitioning = false{file_name})")
}

/// The partition column. `DuckDB` supports such columns, but its versions differ in which name they read as null.
fn in_folders(column: &SqlColumn) -> String {
    let name = DIALECT.name(&column.name);
    let written = format!(r"regexp_extract(filename, '{}=([^/\\]*)[/\\]', 1)", column.name);
    match &column.kind {
        SqlType::Flag => format!("CASE {written} WHEN 'true' THEN true WHEN 'false' THEN false END AS {name}"),
        _ => format!("url_decode(NULLIF({written}, '{NULL_PARTITION}')) AS {name}"),
    }
}

/// Names and types of all columns, for a reader.
fn columns(load: &Load, type_of: impl Fn(&SqlType) -> String) -> String {
    let one = |column: &SqlColumn| {
        format!("\n    {}: {}", DIALECT.literal(&column.name), DIALECT.literal(&type_of(&column.kind)))
    };
    load.columns.iter().map(one).collect::<Vec<_>>().join(",")
}

/// Each column as an expression with the table's type.
fn values(load: &Load) -> Vec<String> {
    load.columns.iter().map(|column| value(load, column)).collect()
}

fn value(load: &Load, column: &SqlColumn) -> String {
    let name = DIALECT.name(&column.name);
    match &column.kind {
        _ if load.is_in_folders(column) => in_folders(column),
        SqlType::Texts if load.is(Format::Csv) => {
            format!("CASE WHEN {name} = '' THEN [] ELSE string_split({name}, ',') END AS {name}")
        }
        SqlType::Structs(_) if load.is(Format::Csv) => {
            format!("CAST(CAST({name} AS JSON) AS {}) AS {name}", DIALECT.type_of(&column.kind))
        }
        _ => name,
    }
}

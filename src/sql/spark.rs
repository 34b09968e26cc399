//! Spark, and `Databricks`, whose tables support merging.
//!
//! *Easy to get wrong:* Spark's CSV reader reads an unquoted empty cell as `nullValue` and a quoted one as `emptyValue`, so
//! the first must be a text that no cell has.

use super::column::{SqlColumn, SqlType};
use super::dialect::{Dialect, member_list};
use super::history::{History, NEWEST_FIRST};
use super::load::{FileLayout, Load};
use super::upsert::{indented, merge};
use crate::format::Format;

pub(super) const DIALECT: Dialect = Dialect {
    quote: '`',
    is_upper_case: false,
    has_backslashes: true,
    text: "STRING",
    flag: "BOOLEAN",
    int: "INT",
    long: "BIGINT",
    float: "DOUBLE",
    time: "TIMESTAMP",
    decimal: "DECIMAL",
    texts: "ARRAY<STRING>",
    structs: |members| format!("ARRAY<STRUCT<{}>>", member_list(members, ": ")),
};

/// Options of the CSV reader.
const CSV_OPTIONS: [(&str, &str); 5] = [
    ("header", "'true'"),
    ("multiLine", "'true'"),
    ("escape", "'\"'"),
    ("emptyValue", "''"),
    // The first bad row aborts the load.
    ("mode", "'FAILFAST'"),
];

/// A script for `spark-sql`. Its own tables cannot be updated, so the table is rewritten.
pub(super) fn spark(load: &Load) -> String {
    let target = load.target(&DIALECT);
    let view = load.temporary(&DIALECT, "_load");
    let (options, structure) = reader(load);
    // Spark detects the folders of a dataset itself.
    let path = if matches!(load.layout, FileLayout::ByDate(_) | FileLayout::ByValue(_)) {
        load.path.clone()
    } else {
        load.pattern()
    };
    let options = std::iter::once(("path", DIALECT.literal(&path))).chain(options);
    let options: Vec<String> = options.map(|(name, value)| format!("{name} {value}")).collect();
    let format = format_name(load);
    let (names, values) = (load.names(&DIALECT), values(load));
    let head = format!(
        "-- Times are UTC instants, shown in the time zone of the session.\n{}\
         CREATE OR REPLACE TEMPORARY VIEW {view} (\n{}\n)\nUSING {format}\nOPTIONS (\n{}\n);\n\n\
         CREATE TABLE IF NOT EXISTS {target} (\n{}\n)\nUSING parquet;\n\n",
        null_note(load),
        indented(&structure),
        indented(&options),
        indented(&load.definitions(&DIALECT, ""))
    );
    if load.key.is_empty() {
        return format!("{head}INSERT INTO {target} ({names})\nSELECT\n{}\nFROM {view};\n", indented(&values));
    }
    let next = load.beside(&DIALECT, "_next");
    let newest = load.changed_at.as_ref().map(|column| format!("{} DESC NULLS LAST, ", DIALECT.name(column)));
    head + &format!(
        "DROP TABLE IF EXISTS {next};\n\n\
         CREATE TABLE {next} USING parquet AS\nSELECT {names}\nFROM (\nSELECT *, row_number() OVER (PARTITION BY {} ORDER BY \
         {}is_new DESC) AS place\nFROM (\nSELECT {names}, 0 AS is_new FROM {target}\nUNION ALL\nSELECT\n{},\n  1 AS is_new\n\
         FROM {view}\n)\n)\nWHERE place = 1;\n\nDROP TABLE {target};\n\nALTER TABLE {next} RENAME TO {target};\n",
        load.key_names(&DIALECT),
        newest.unwrap_or_default(),
        indented(&values)
    )
}

/// Statements for a notebook or warehouse of `Databricks`.
pub(super) fn databricks(load: &Load) -> String {
    let (options, structure) = reader(load);
    let structure = ("schema", DIALECT.literal(&structure.join(", ")));
    let format = ("format", format!("'{}'", format_name(load)));
    // With a pattern, it would not read columns from the names of folders.
    let (path, partition) = match &load.layout {
        FileLayout::ByValue(column) => (format!("{}/", load.path), Some(("partitionColumns", DIALECT.literal(column)))),
        _ => (load.pattern(), None),
    };
    let options = [format, structure].into_iter().chain(partition).chain(options);
    let options: Vec<String> = options.map(|(name, value)| format!(",\n  {name} => {value}")).collect();
    let note = volume_note(&load.path);
    let files = format!("read_files({}{})", DIALECT.literal(&path), options.concat());
    let source = format!("(\nSELECT\n{}\nFROM {files}\n)", indented(&values(load)));
    format!(
        "{note}{}CREATE TABLE IF NOT EXISTS {} (\n{}\n)\nUSING DELTA;\n\n{}",
        null_note(load),
        load.target(&DIALECT),
        indented(&load.definitions(&DIALECT, " NOT NULL")),
        merge(load, &DIALECT, &source)
    )
}

/// A view over the files of a history, and the query for the rows at a time.
pub(super) fn history(history: &History) -> String {
    let view = DIALECT.name(&history.table());
    format!(
        "-- Times are UTC instants, shown in the time zone of the session.\n\
         CREATE OR REPLACE TEMPORARY VIEW {view} (\n{}\n)\nUSING parquet\nOPTIONS (\n  path {}\n);\n\n{};\n",
        indented(&history.definitions(&DIALECT)),
        DIALECT.literal(&History::pattern_in(&history.folder)),
        history_query(history, &view)
    )
}

/// The query for the rows at a time, for a notebook or warehouse of `Databricks`.
pub(super) fn databricks_history(history: &History) -> String {
    let files = format!(
        "read_files({},\n  format => 'parquet',\n  schema => {})",
        DIALECT.literal(&History::pattern_in(&history.folder)),
        DIALECT.literal(&history.definitions(&DIALECT).join(", "))
    );
    format!("{}{};\n", volume_note(&history.folder), history_query(history, &files))
}

fn history_query(history: &History, source: &str) -> String {
    let time = format!("TIMESTAMP '{}'", history.as_of);
    history.query(&history.names(&DIALECT), source, &time, NEWEST_FIRST)
}

/// A comment on how to upload files that are neither in an object store nor in a `Databricks` volume.
fn volume_note(path: &str) -> String {
    if path.contains("://") || path.starts_with("/Volumes/") {
        String::new()
    } else {
        format!("-- Copy {path} to a volume first, and name it /Volumes/...\n")
    }
}

fn format_name(load: &Load) -> &'static str {
    if load.is(Format::Csv) {
        "csv"
    } else if load.is(Format::Ndjson) {
        "json"
    } else {
        "parquet"
    }
}

/// Options of the reader, and the types of the columns.
fn reader(load: &Load) -> (Vec<(&'static str, String)>, Vec<String>) {
    let is_csv = load.is(Format::Csv);
    let structure = load.columns.iter().map(|column| {
        let kind =
            if is_csv && column.kind.is_list() { DIALECT.text.to_owned() } else { DIALECT.type_of(&column.kind) };
        format!("{} {kind}", DIALECT.name(&column.name))
    });
    (if is_csv { csv_options(load) } else { Vec::new() }, structure.collect())
}

fn csv_options(load: &Load) -> Vec<(&'static str, String)> {
    // Spark always reads an empty cell as null, and matches `nullValue` with quoted cells, too.
    let null = if load.null().is_empty() { "'\\u0001'".to_owned() } else { DIALECT.literal(load.null()) };
    let delimiter = load.other_delimiter().map(|delimiter| ("sep", format!("'{delimiter}'")));
    let fixed = CSV_OPTIONS.into_iter().map(|(name, value)| (name, value.to_owned()));
    fixed.chain([("nullValue", null)]).chain(delimiter).collect()
}

/// The comment on texts that become null.
fn null_note(load: &Load) -> String {
    if load.null().is_empty() || !load.is(Format::Csv) || !load.has_nullable_texts() {
        return String::new();
    }
    format!("-- Its CSV reader cannot distinguish null from {}: both become NULL.\n", load.text_like_null())
}

/// Each column as an expression with the table's type.
fn values(load: &Load) -> Vec<String> {
    let is_csv = load.is(Format::Csv);
    load.columns.iter().map(|column| value(column, is_csv)).collect()
}

fn value(column: &SqlColumn, is_csv: bool) -> String {
    let name = DIALECT.name(&column.name);
    match &column.kind {
        SqlType::Texts if is_csv => {
            format!("IF({name} = '', CAST(array() AS ARRAY<STRING>), split({name}, ',')) AS {name}")
        }
        SqlType::Structs(_) if is_csv => {
            format!("from_json({name}, {}) AS {name}", DIALECT.literal(&DIALECT.type_of(&column.kind)))
        }
        _ => name,
    }
}

//! `ClickHouse`: a table that keeps the newest row of each key, filled from files.
//!
//! *Easy to get wrong:* its lists cannot be null, its columns are not nullable by default, and the version by which rows
//! are compared must be a column without nulls.

use super::column::{SqlColumn, SqlType};
use super::dialect::{Dialect, member_list};
use super::history::{History, NEWEST_FIRST};
use super::load::Load;
use super::partition;
use super::upsert::indented;
use crate::base::hive::NULL_PARTITION;
use crate::format::{Codec, Format};

const DIALECT: Dialect = Dialect {
    quote: '`',
    is_upper_case: false,
    has_backslashes: true,
    text: "String",
    flag: "Bool",
    int: "Int32",
    long: "Int64",
    float: "Float64",
    time: "DateTime64(6, 'UTC')",
    decimal: "Decimal",
    texts: "Array(String)",
    structs: |members| {
        let members: Vec<_> = members.iter().map(|(name, kind)| (name.clone(), format!("Nullable({kind})"))).collect();
        format!("Array(Tuple({}))", member_list(&members, " "))
    },
};

/// Statements for a client of the engine.
pub(super) fn clickhouse(load: &Load) -> String {
    let target = load.target(&DIALECT);
    let mut lines: Vec<String> = load.columns.iter().map(|column| definition(column, false)).collect();
    let version = load.changed_at.as_ref().filter(|_| !load.key.is_empty()).map(|column| {
        let time = DIALECT.time;
        let column = DIALECT.name(column);
        // `SELECT *` omits materialized columns.
        lines.push(format!(
            "row_version {time} MATERIALIZED ifNull({column}, toDateTime64('1970-01-01 00:00:00', 6, 'UTC'))"
        ));
        "row_version"
    });
    let engine = if load.key.is_empty() {
        "MergeTree\nORDER BY tuple()".to_owned()
    } else {
        format!("ReplacingMergeTree({})\nORDER BY ({})", version.unwrap_or_default(), load.key_names(&DIALECT))
    };
    let mut notes = LOCAL_PATHS.to_owned();
    if !load.key.is_empty() {
        notes += &format!(
            "-- Older rows of the same key are dropped in the background; until then, read with SELECT ... FROM {target} FINAL.\n"
        );
    }
    notes += &limits(&load.nullable_lists());
    let values: Vec<String> = load.columns.iter().map(|column| value(load, column)).collect();
    format!(
        "{notes}CREATE TABLE IF NOT EXISTS {target} (\n{}\n) ENGINE = {engine};\n\n\
         INSERT INTO {target} ({})\nSELECT\n{}\nFROM {}\n\
         SETTINGS date_time_input_format = 'best_effort', input_format_null_as_default = 1{};\n",
        indented(&lines),
        load.names(&DIALECT),
        indented(&values),
        reader(load),
        csv_settings(load)
    )
}

/// Settings for CSV that differs from the default dialect.
fn csv_settings(load: &Load) -> String {
    let delimiter = load.other_delimiter().map(|delimiter| format!(", format_csv_delimiter = '{delimiter}'"));
    let null = Some(load.null()).filter(|null| !null.is_empty());
    let null = null.map(|null| format!(", format_csv_null_representation = {}", DIALECT.literal(null)));
    delimiter.unwrap_or_default() + &null.unwrap_or_default()
}

const LOCAL_PATHS: &str =
    "-- Local paths are relative to user_files_path of the server, or to the folder of clickhouse local.\n";

/// Comments on values that the engine cannot store.
fn limits(nullable_lists: &[&str]) -> String {
    let mut notes = String::new();
    if !nullable_lists.is_empty() {
        let lists = nullable_lists.join(", ");
        notes += &format!("-- ClickHouse has no null lists: a null in {lists} becomes an empty list.\n");
    }
    notes + "-- Older versions support only times from 1900 to 2299.\n"
}

/// The query for the rows at a time.
pub(super) fn history(history: &History) -> String {
    let structure: Vec<String> = history.read_columns().map(|column| definition(column, false)).collect();
    let path = DIALECT.literal(&History::pattern_in(&history.folder));
    let structure = DIALECT.literal(&structure.join(", "));
    let source = format!("{}({path}, 'Parquet',\n  {structure})", function_for(&history.folder));
    let time = format!("toDateTime64('{}', 6, 'UTC')", history.plain_time());
    format!(
        "{LOCAL_PATHS}{}{}\n\
         SETTINGS input_format_null_as_default = 1, input_format_parquet_allow_missing_columns = 1;\n",
        limits(&history.nullable_lists()),
        history.query(&history.names(&DIALECT), &source, &time, NEWEST_FIRST)
    )
}

fn definition(column: &SqlColumn, is_csv: bool) -> String {
    let name = DIALECT.name(&column.name);
    let kind = if is_csv && column.kind.is_list() { DIALECT.text.to_owned() } else { DIALECT.type_of(&column.kind) };
    let can_be_null = !column.is_required && (is_csv || !column.kind.is_list());
    if can_be_null { format!("{name} Nullable({kind})") } else { format!("{name} {kind}") }
}

/// The function that reads the files.
fn reader(load: &Load) -> String {
    let is_csv = load.is(Format::Csv);
    let format = match load.format.format() {
        Format::Csv => "CSVWithNames",
        Format::Ndjson => "JSONEachRow",
        Format::Arrow => "Arrow",
        Format::ArrowStream => "ArrowStream",
        Format::Parquet | Format::Xlsx => "Parquet",
    };
    let compression = match load.format.codec() {
        Codec::None => "none",
        Codec::Gzip => "gzip",
        Codec::Zstd => "zstd",
    };
    let in_files = load.columns.iter().filter(|column| !load.is_in_folders(column));
    let structure: Vec<String> = in_files.map(|column| definition(column, is_csv)).collect();
    let (path, structure) = (DIALECT.literal(&load.pattern()), DIALECT.literal(&structure.join(", ")));
    format!("{}({path}, '{format}',\n  {structure},\n  '{compression}')", function_for(&load.path))
}

/// The function that reads files at a path.
fn function_for(path: &str) -> &'static str {
    if path.starts_with("s3://") {
        "s3"
    } else if path.starts_with("gs://") {
        "gcs"
    } else {
        "file"
    }
}

/// The type of a column in the table.
fn value(load: &Load, column: &SqlColumn) -> String {
    let name = DIALECT.name(&column.name);
    match &column.kind {
        kind if load.is_in_folders(column) => {
            let pattern = DIALECT.literal(&partition::pattern(&column.name));
            let value = format!("decodeURLComponent(nullIf(extract(_path, {pattern}), '{NULL_PARTITION}'))");
            match kind {
                SqlType::Flag => format!("{value} = 'true'"),
                _ if column.is_required => format!("assumeNotNull({value})"),
                _ => value,
            }
        }
        SqlType::Texts if load.is(Format::Csv) => {
            format!("if(ifNull({name}, '') = '', [], splitByChar(',', assumeNotNull({name})))")
        }
        SqlType::Structs(members) if load.is(Format::Csv) => {
            let members: Vec<String> = members.iter().map(member).collect();
            format!("arrayMap(e -> tuple({}), JSONExtractArrayRaw(ifNull({name}, '[]')))", members.join(", "))
        }
        _ => name,
    }
}

/// A member of a struct in JSON.
fn member(member: &SqlColumn) -> String {
    let key = DIALECT.literal(&member.name);
    match &member.kind {
        SqlType::Time => {
            format!("parseDateTime64BestEffortOrNull(JSONExtract(e, {key}, 'Nullable(String)'), 6, 'UTC')")
        }
        kind => format!("JSONExtract(e, {key}, {})", DIALECT.literal(&format!("Nullable({})", DIALECT.type_of(kind)))),
    }
}

//! `Redshift`: a temporary table filled by `COPY`, then a delete and an insert, because its `MERGE` has no conditions.
//!
//! *Easy to get wrong:* `VARCHAR` alone has 256 bytes; Parquet is loaded by position and without time zones; CSV cannot
//! distinguish null from empty text.

use super::column::{SqlColumn, SqlType};
use super::dialect::Dialect;
use super::history::{History, NEWEST_FIRST};
use super::load::{FileLayout, Load};
use super::partition;
use super::remote::Remote;
use super::upsert::{indented, same_key};
use crate::format::{Codec, Format};

const DIALECT: Dialect = Dialect {
    quote: '"',
    is_upper_case: false,
    has_backslashes: false,
    text: "VARCHAR(65535)",
    flag: "BOOLEAN",
    int: "INTEGER",
    long: "BIGINT",
    float: "DOUBLE PRECISION",
    time: "TIMESTAMPTZ",
    decimal: "DECIMAL",
    texts: "SUPER",
    structs: |_| "SUPER".to_owned(),
};

/// Placeholder for the external schema of tables over files, which has no conventional name.
const EXTERNAL_SCHEMA: &str = "spectrum";

/// A script for the query editor or `psql`.
pub(super) fn redshift(load: &Load) -> String {
    let remote = Remote::new(&load.path, &["s3://"], "S3");
    if load.folder_column().is_some() {
        return by_value(load, &remote);
    }
    // `COPY` takes a name prefix: the prefix of the day folders excludes the manifest next to them.
    let prefix = match &load.layout {
        FileLayout::File => remote.path.clone(),
        FileLayout::Folder => format!("{}/", remote.path),
        FileLayout::ByDate(column) | FileLayout::ByValue(column) => format!("{}/{column}=", remote.path),
    };
    let (is_csv, is_ndjson) = (load.is(Format::Csv), load.is(Format::Ndjson));
    let codec = match load.format.codec() {
        Codec::None => "",
        Codec::Gzip => " GZIP",
        Codec::Zstd => " ZSTD",
    };
    let mut notes = remote.note;
    if load.layout == FileLayout::Folder {
        notes += "-- Every file in the folder is loaded: keep manifests elsewhere (--manifest).\n";
    }
    if is_csv && load.has_nullable_texts() {
        notes += &format!("-- COPY cannot distinguish null from {} in CSV: both become NULL.\n", load.text_like_null());
    }
    let names = load.names(&DIALECT);
    let (columns, options) = if is_csv {
        let delimiter = load.other_delimiter().map(|delimiter| format!(" DELIMITER '{delimiter}'"));
        let null = if load.null().is_empty() {
            "EMPTYASNULL".to_owned()
        } else {
            format!("NULL AS {}", DIALECT.literal(load.null()))
        };
        let delimiter = delimiter.unwrap_or_default();
        (format!(" ({names})"), format!("CSV{delimiter} IGNOREHEADER 1 {null} TIMEFORMAT 'auto'{codec}"))
    } else if is_ndjson {
        (format!(" ({names})"), format!("FORMAT AS JSON 'auto' TIMEFORMAT 'auto'{codec}"))
    } else {
        (String::new(), "FORMAT AS PARQUET SERIALIZETOJSON".to_owned())
    };
    let is_parquet = !is_csv && !is_ndjson;
    let staged: Vec<String> = load
        .columns
        .iter()
        .map(|column| {
            let kind = match &column.kind {
                SqlType::Time if is_parquet => "TIMESTAMP".to_owned(),
                kind if is_csv && kind.is_list() => DIALECT.text.to_owned(),
                kind => DIALECT.type_of(kind),
            };
            format!("{} {kind}", DIALECT.name(&column.name))
        })
        .collect();
    let values: Vec<String> = load.columns.iter().map(|column| value(column, is_csv, is_parquet)).collect();
    let (target, staging) = (load.target(&DIALECT), load.temporary(&DIALECT, "_load"));
    format!(
        "{notes}CREATE TABLE IF NOT EXISTS {target} (\n{}\n);\n\nBEGIN;\n\
         CREATE TEMPORARY TABLE {staging} (\n{}\n);\n\n\
         COPY {staging}{columns}\nFROM {}\nIAM_ROLE default\n{options};\n\n{}\
         INSERT INTO {target} ({names})\nSELECT\n{}\nFROM {staging};\n\nDROP TABLE {staging};\nCOMMIT;\n",
        indented(&load.definitions(&DIALECT, " NOT NULL")),
        indented(&staged),
        DIALECT.literal(&prefix),
        deletions(load, &target, &staging, is_parquet),
        indented(&values),
    )
}

/// The same for a dataset whose files lack the partition column: `COPY` does not expose the path of a row's file, but an
/// external table does.
fn by_value(load: &Load, remote: &Remote) -> String {
    let external = format!("{EXTERNAL_SCHEMA}.{}", load.temporary(&DIALECT, "_load"));
    let (target, staging) = (load.target(&DIALECT), load.temporary(&DIALECT, "_load"));
    let in_files: Vec<String> = load
        .columns_in_files()
        .map(|column| format!("{} {}", DIALECT.name(&column.name), external_type(&column.kind)))
        .collect();
    let staged: Vec<String> = load
        .columns
        .iter()
        .map(|column| {
            let name = DIALECT.name(&column.name);
            if !load.is_in_folders(column) {
                return name;
            }
            let pattern = DIALECT.literal(&partition::pattern(&column.name));
            let written = format!("REGEXP_SUBSTR(\"$path\", {pattern}, 1, 1, 'e')");
            // Whether a backslash in a text starts an escape depends on a setting of the database.
            let value = partition::value_of(column, &DIALECT, &written).replace(r"'\'", "CHR(92)");
            format!("{value} AS {name}")
        })
        .collect();
    let values: Vec<String> = load
        .columns
        .iter()
        .map(|column| {
            let name = DIALECT.name(&column.name);
            if column.kind.is_list() { format!("JSON_PARSE({name})") } else { value(column, false, true) }
        })
        .collect();
    format!(
        "{}-- Put the name of your external schema (CREATE EXTERNAL SCHEMA) in place of {EXTERNAL_SCHEMA}.\n{}\
         -- Lists of external tables are read as JSON.\n\
         SET json_serialization_enable TO true;\nSET json_serialization_parse_nested_strings TO true;\n\n\
         CREATE TABLE IF NOT EXISTS {target} (\n{}\n);\n\n\
         DROP TABLE IF EXISTS {external};\n\n\
         CREATE EXTERNAL TABLE {external} (\n{}\n)\nSTORED AS PARQUET\nLOCATION {};\n\n\
         BEGIN;\nCREATE TEMPORARY TABLE {staging} AS\nSELECT\n{}\nFROM {external};\n\n{}\
         INSERT INTO {target} ({})\nSELECT\n{}\nFROM {staging};\n\nDROP TABLE {staging};\nCOMMIT;\n\n\
         DROP TABLE {external};\n",
        remote.note,
        partition::CONTROLS_NOTE,
        indented(&load.definitions(&DIALECT, " NOT NULL")),
        indented(&in_files),
        DIALECT.literal(&remote.folder(&load.layout)),
        indented(&staged),
        deletions(load, &target, &staging, true),
        load.names(&DIALECT),
        indented(&values),
    )
}

/// The type of a column in an external table over Parquet files.
fn external_type(kind: &SqlType) -> String {
    match kind {
        SqlType::Time => "TIMESTAMP".to_owned(),
        SqlType::Texts => format!("ARRAY<{}>", DIALECT.text),
        SqlType::Structs(members) => {
            let members =
                members.iter().map(|member| format!("{}:{}", DIALECT.name(&member.name), external_type(&member.kind)));
            format!("ARRAY<STRUCT<{}>>", members.collect::<Vec<_>>().join(", "))
        }
        kind => DIALECT.type_of(kind),
    }
}

/// Deletes the older of two rows with the same key.
fn deletions(load: &Load, target: &str, staging: &str, is_parquet: bool) -> String {
    if load.key.is_empty() {
        return String::new();
    }
    let mut statements = String::new();
    if let Some(changed_at) = &load.changed_at {
        let name = DIALECT.name(changed_at);
        let (old, new) = (format!("t.{name}"), format!("{staging}.{name}"));
        let new = if is_parquet { format!("({new} AT TIME ZONE 'UTC')") } else { new };
        statements += &format!(
            "DELETE FROM {staging} USING {target} AS t\nWHERE {} AND {old} IS NOT NULL AND ({new} IS NULL OR {new} < {old});\n\n",
            same_key(load, &DIALECT, "t", staging)
        );
    }
    statements
        + &format!("DELETE FROM {target} USING {staging} AS s\nWHERE {};\n\n", same_key(load, &DIALECT, target, "s"))
}

/// A column as an expression with the table's type.
fn value(column: &SqlColumn, is_csv: bool, is_parquet: bool) -> String {
    let name = DIALECT.name(&column.name);
    match &column.kind {
        SqlType::Time if is_parquet => format!("{name} AT TIME ZONE 'UTC'"),
        SqlType::Texts if is_csv => {
            format!("CASE WHEN NULLIF({name}, '') IS NULL THEN ARRAY() ELSE SPLIT_TO_ARRAY({name}, ',') END")
        }
        SqlType::Structs(_) if is_csv => format!("JSON_PARSE({name})"),
        _ => name,
    }
}

/// A temporary table with all rows of a history, and the query for the rows at a time.
pub(super) fn history(history: &History) -> String {
    let remote = Remote::new(&history.folder, &["s3://"], "S3");
    let table = DIALECT.name(&history.table());
    let in_file = |column: &SqlColumn| {
        let kind = if column.kind == SqlType::Time { "TIMESTAMP".to_owned() } else { DIALECT.type_of(&column.kind) };
        format!("{} {kind}", DIALECT.name(&column.name))
    };
    let value = |column: &SqlColumn| {
        let name = DIALECT.name(&column.name);
        if column.kind == SqlType::Time { format!("{name} AT TIME ZONE 'UTC' AS {name}") } else { name }
    };
    let values: Vec<String> = history.columns.iter().map(value).collect();
    format!(
        "{}-- COPY takes the columns of Parquet by position: all runs must have written these columns, so name them with\n\
         -- --columns if the runs did.\n\
         CREATE TEMPORARY TABLE {table} (\n{}\n);\n\n\
         COPY {table}\nFROM {}\nIAM_ROLE default\nFORMAT AS PARQUET SERIALIZETOJSON;\n\n{};\n\nDROP TABLE {table};\n",
        remote.note,
        indented(&history.in_files.iter().map(in_file).collect::<Vec<_>>()),
        DIALECT.literal(&format!("{}/changes-", remote.path)),
        history.query(&values, &table, &format!("TIMESTAMP '{}'", history.plain_time()), NEWEST_FIRST)
    )
}

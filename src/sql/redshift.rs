//! `Redshift`: a temporary table that `COPY` fills, then a delete and an insert, since its `MERGE` takes no conditions.
//!
//! *Easy to get wrong:* `VARCHAR` alone has 256 bytes; Parquet is loaded by position, without time zones; CSV cannot
//! distinguish null from an empty text.

use super::column::{Kind, SqlColumn};
use super::dialect::Dialect;
use super::history::{History, NEWEST_FIRST};
use super::load::{Layout, Load};
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

/// A script for the query editor or `psql`.
pub(super) fn redshift(load: &Load) -> String {
    let remote = Remote::new(&load.path, &["s3://"], "S3");
    // What is named is the beginning of names: that of the days leaves out the manifest beside them.
    let prefix = match &load.layout {
        Layout::File => remote.path.clone(),
        Layout::Folder => format!("{}/", remote.path),
        Layout::ByDate(column) | Layout::ByValue(column) => format!("{}/{column}=", remote.path),
    };
    let (is_csv, is_ndjson) = (load.is(Format::Csv), load.is(Format::Ndjson));
    let codec = match load.format.codec() {
        Codec::None => "",
        Codec::Gzip => " GZIP",
        Codec::Zstd => " ZSTD",
    };
    let mut notes = remote.note;
    if load.layout == Layout::Folder {
        notes += "-- Every file in the folder is loaded: keep manifests elsewhere (--manifest).\n";
    }
    if is_csv && load.has_nullable_texts() {
        notes += "-- COPY cannot distinguish null from an empty text in CSV: both become NULL.\n";
    }
    let names = load.names(&DIALECT);
    let (columns, options) = if is_csv {
        (format!(" ({names})"), format!("CSV IGNOREHEADER 1 EMPTYASNULL TIMEFORMAT 'auto'{codec}"))
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
                Kind::Time if is_parquet => "TIMESTAMP".to_owned(),
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

/// What drops the older of two rows with the same key.
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

/// A column as the table holds it.
fn value(column: &SqlColumn, is_csv: bool, is_parquet: bool) -> String {
    let name = DIALECT.name(&column.name);
    match &column.kind {
        Kind::Time if is_parquet => format!("{name} AT TIME ZONE 'UTC'"),
        Kind::Texts if is_csv => format!("CASE WHEN {name} IS NULL THEN ARRAY() ELSE SPLIT_TO_ARRAY({name}, ',') END"),
        Kind::Structs(_) if is_csv => format!("JSON_PARSE({name})"),
        _ => name,
    }
}

/// A temporary table with all rows of a history, and the query for the rows at a time.
pub(super) fn history(history: &History) -> String {
    let remote = Remote::new(&history.folder, &["s3://"], "S3");
    let table = DIALECT.name(&history.table());
    let in_file = |column: &SqlColumn| {
        let kind = if column.kind == Kind::Time { "TIMESTAMP".to_owned() } else { DIALECT.type_of(&column.kind) };
        format!("{} {kind}", DIALECT.name(&column.name))
    };
    let value = |column: &SqlColumn| {
        let name = DIALECT.name(&column.name);
        if column.kind == Kind::Time { format!("{name} AT TIME ZONE 'UTC' AS {name}") } else { name }
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
        History::query(&values, &table, &format!("TIMESTAMP '{}'", history.plain_time()), NEWEST_FIRST)
    )
}

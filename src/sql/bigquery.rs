//! `BigQuery`: a staging table that is overwritten, then a merge.
//!
//! *Easy to get wrong:* without list inference, lists of Parquet come as structs of structs; lists cannot be null, and NDJSON
//! with a null for a list is refused; a path may have one `*` only, which also stands for folders.

use super::column::{Kind, SqlColumn};
use super::dialect::{Dialect, member_list};
use super::history::{History, NEWEST_FIRST};
use super::load::{Layout, Load};
use super::remote::Remote;
use super::upsert::{indented, merge};
use crate::format::Format;

const DIALECT: Dialect = Dialect {
    quote: '`',
    is_upper_case: false,
    has_backslashes: true,
    text: "STRING",
    flag: "BOOL",
    int: "INT64",
    long: "INT64",
    float: "FLOAT64",
    time: "TIMESTAMP",
    decimal: "NUMERIC",
    texts: "ARRAY<STRING>",
    structs: |members| format!("ARRAY<STRUCT<{}>>", member_list(members, " ")),
};

/// A script for the console or `bq query`.
pub(super) fn bigquery(load: &Load) -> String {
    let remote = Remote::new(&load.path, &["gs://"], "Cloud Storage");
    let uri = match &load.layout {
        Layout::File => remote.path.clone(),
        Layout::Folder | Layout::ByDate(_) | Layout::ByValue(_) => format!("{}/*.{}", remote.path, load.format.name()),
    };
    let (is_csv, is_ndjson) = (load.is(Format::Csv), load.is(Format::Ndjson));
    let options = if is_csv {
        "format = 'CSV', skip_leading_rows = 1, allow_quoted_newlines = true, null_marker = ''"
    } else if is_ndjson {
        "format = 'JSON'"
    } else {
        "format = 'PARQUET', enable_list_inference = true"
    };
    let staged: Vec<String> = load
        .columns
        .iter()
        .map(|column| {
            let kind = match &column.kind {
                kind if is_csv && kind.is_list() => DIALECT.text.to_owned(),
                Kind::Structs(_) if is_ndjson => "JSON".to_owned(),
                kind => DIALECT.type_of(kind),
            };
            format!("{} {kind}", DIALECT.name(&column.name))
        })
        .collect();
    let definitions: Vec<String> = load
        .columns
        .iter()
        .map(|column| {
            let not_null = if column.is_required && !column.kind.is_list() { " NOT NULL" } else { "" };
            format!("{} {}{not_null}", DIALECT.name(&column.name), DIALECT.type_of(&column.kind))
        })
        .collect();
    let values: Vec<String> = load.columns.iter().map(|column| value(column, is_csv, is_ndjson)).collect();
    let lists = load.nullable_lists();
    let mut notes = remote.note + "-- Name the dataset with --table dataset.table, or set a default one.\n";
    notes += &note_on_lists(&lists);
    if is_csv && load.has_nullable_texts() {
        notes += "-- Load Parquet to keep null and empty texts apart: for CSV, BigQuery documents no difference.\n";
    }
    let (target, staging) = (load.target(&DIALECT), load.beside(&DIALECT, "_load"));
    let source = format!("(\nSELECT\n{}\nFROM {staging}\n)", indented(&values));
    format!(
        "{notes}CREATE TABLE IF NOT EXISTS {target} (\n{}\n);\n\n\
         LOAD DATA OVERWRITE {staging} (\n{}\n)\nFROM FILES (uris = [{}], {options});\n\n{}\nDROP TABLE {staging};\n",
        indented(&definitions),
        indented(&staged),
        DIALECT.literal(&uri),
        merge(load, &DIALECT, &source)
    )
}

/// A table over the files of a history, and the query for the rows at a time.
pub(super) fn history(history: &History) -> String {
    let remote = Remote::new(&history.folder, &["gs://"], "Cloud Storage");
    let table = DIALECT.name(&history.table());
    format!(
        "{}-- Set a default dataset; the table over the files is made in it.\n\
         -- BigQuery takes the columns from the newest file: all runs must have written the same ones.\n{}\
         CREATE OR REPLACE EXTERNAL TABLE {table}\n\
         OPTIONS (format = 'PARQUET', enable_list_inference = true, uris = [{}]);\n\n{};\n",
        remote.note,
        note_on_lists(&history.nullable_lists()),
        DIALECT.literal(&History::pattern_in(&remote.path)),
        History::query(&history.names(&DIALECT), &table, &format!("TIMESTAMP '{}'", history.as_of), NEWEST_FIRST)
    )
}

fn note_on_lists(nullable_lists: &[&str]) -> String {
    if nullable_lists.is_empty() {
        return String::new();
    }
    format!("-- BigQuery has no null lists: a null in {} becomes an empty list.\n", nullable_lists.join(", "))
}

/// A column as the table holds it.
fn value(column: &SqlColumn, is_csv: bool, is_ndjson: bool) -> String {
    let name = DIALECT.name(&column.name);
    match &column.kind {
        Kind::Texts if is_csv => format!("IF(IFNULL({name}, '') = '', [], SPLIT({name}, ',')) AS {name}"),
        Kind::Structs(members) if is_csv || is_ndjson => {
            let members: Vec<String> = members.iter().map(member).collect();
            let list = format!("UNNEST(JSON_QUERY_ARRAY({name})) AS e WITH OFFSET AS place");
            format!("ARRAY(SELECT AS STRUCT {} FROM {list} ORDER BY place) AS {name}", members.join(", "))
        }
        _ => name,
    }
}

/// A member of a struct in JSON.
fn member(member: &SqlColumn) -> String {
    let value = format!("JSON_VALUE(e, {})", DIALECT.literal(&format!("$.{}", member.name)));
    let value = match &member.kind {
        Kind::Text => value,
        kind => format!("CAST({value} AS {})", DIALECT.type_of(kind)),
    };
    format!("{value} AS {}", DIALECT.name(&member.name))
}

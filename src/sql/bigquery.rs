//! `BigQuery`: a staging table that is overwritten, then a merge.
//!
//! *Easy to get wrong:* without list inference, lists in Parquet are read as structs of structs; lists cannot be null, and
//! NDJSON with a null for a list is refused; a path may have only one `*`, which also matches folders.

use super::column::{SqlColumn, SqlType};
use super::dialect::{Dialect, member_list};
use super::history::{History, NEWEST_FIRST};
use super::load::{FileLayout, Load};
use super::partition;
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
        FileLayout::File => remote.path.clone(),
        FileLayout::Folder | FileLayout::ByDate(_) | FileLayout::ByValue(_) => {
            format!("{}/*.{}", remote.path, load.format.name())
        }
    };
    let (is_csv, is_ndjson) = (load.is(Format::Csv), load.is(Format::Ndjson));
    let options = if is_csv {
        let delimiter = load.other_delimiter().map(|delimiter| format!(", field_delimiter = '{delimiter}'"));
        format!(
            "format = 'CSV', skip_leading_rows = 1, allow_quoted_newlines = true, null_marker = {}{}",
            DIALECT.literal(load.null()),
            delimiter.unwrap_or_default()
        )
    } else if is_ndjson {
        "format = 'JSON'".to_owned()
    } else {
        "format = 'PARQUET', enable_list_inference = true".to_owned()
    };
    let staged: Vec<String> = load
        .columns
        .iter()
        .filter(|column| !load.is_in_folders(column))
        .map(|column| {
            let kind = match &column.kind {
                kind if is_csv && kind.is_list() => DIALECT.text.to_owned(),
                SqlType::Structs(_) if is_ndjson => "JSON".to_owned(),
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
    let values: Vec<String> = load
        .columns
        .iter()
        .map(|column| if load.is_in_folders(column) { in_folders(column) } else { value(column, is_csv, is_ndjson) })
        .collect();
    let lists = load.nullable_lists();
    let mut notes = remote.note + "-- Name the dataset with --table dataset.table, or set a default one.\n";
    notes += &note_on_lists(&lists);
    if is_csv && load.has_nullable_texts() {
        notes += &format!(
            "-- Load Parquet to keep null and {} apart: for CSV, BigQuery documents no difference.\n",
            load.text_like_null()
        );
    }
    let (target, staging) = (load.target(&DIALECT), load.beside(&DIALECT, "_load"));
    let source = format!("(\nSELECT\n{}\nFROM {staging}\n)", indented(&values));
    let (staged, uri) = (indented(&staged), DIALECT.literal(&uri));
    // Only external tables expose the path of a row's file.
    let (read, kind) = if matches!(load.layout, FileLayout::ByValue(_)) {
        notes += partition::CONTROLS_NOTE;
        (
            format!(
                "CREATE OR REPLACE EXTERNAL TABLE {staging} (\n{staged}\n)\nOPTIONS (uris = [{uri}], {options});\n\n"
            ),
            "EXTERNAL TABLE",
        )
    } else {
        let files = format!("FROM FILES (uris = [{uri}], {options})");
        (format!("LOAD DATA OVERWRITE {staging} (\n{staged}\n)\n{files};\n\n"), "TABLE")
    };
    format!(
        "{notes}CREATE TABLE IF NOT EXISTS {target} (\n{}\n);\n\n{read}{}\nDROP {kind} {staging};\n",
        indented(&definitions),
        merge(load, &DIALECT, &source)
    )
}

/// The partition column, whose values are in the names of folders.
fn in_folders(column: &SqlColumn) -> String {
    let pattern = DIALECT.literal(&partition::pattern(&column.name));
    let written = format!("REGEXP_EXTRACT(_FILE_NAME, {pattern})");
    format!("{} AS {}", partition::value_of(column, &DIALECT, &written), DIALECT.name(&column.name))
}

/// An external table over the files of a history, and the query for the rows at a time.
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
        history.query(&history.names(&DIALECT), &table, &format!("TIMESTAMP '{}'", history.as_of), NEWEST_FIRST)
    )
}

fn note_on_lists(nullable_lists: &[&str]) -> String {
    if nullable_lists.is_empty() {
        return String::new();
    }
    format!("-- BigQuery has no null lists: a null in {} becomes an empty list.\n", nullable_lists.join(", "))
}

/// The type of a column in the table.
fn value(column: &SqlColumn, is_csv: bool, is_ndjson: bool) -> String {
    let name = DIALECT.name(&column.name);
    match &column.kind {
        SqlType::Texts if is_csv => format!("IF(IFNULL({name}, '') = '', [], SPLIT({name}, ',')) AS {name}"),
        SqlType::Structs(members) if is_csv || is_ndjson => {
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
        SqlType::Text => value,
        kind => format!("CAST({value} AS {})", DIALECT.type_of(kind)),
    };
    format!("{value} AS {}", DIALECT.name(&member.name))
}

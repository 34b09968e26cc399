//! `Athena` and Trino: an external table over the files, and an Iceberg table into which they are merged.
//!
//! *Easy to get wrong:* an external table reads every file in its folder whose name does not start with `_` or `.`. Its
//! times have no time zone and are UTC by convention.

use super::dialect::{Dialect, member_list};
use super::history::{History, NEWEST_FIRST};
use super::load::{FileLayout, Load};
use super::remote::Remote;
use super::upsert::{indented, merge};

/// Athena defines tables like Hive and runs queries like Trino.
const ATHENA: Dialect = Dialect {
    quote: '`',
    is_upper_case: false,
    has_backslashes: false,
    text: "string",
    flag: "boolean",
    int: "int",
    long: "bigint",
    float: "double",
    time: "timestamp",
    decimal: "decimal",
    texts: "array<string>",
    structs: |members| format!("array<struct<{}>>", member_list(members, ":")),
};

const TRINO: Dialect = Dialect {
    quote: '"',
    is_upper_case: false,
    has_backslashes: false,
    text: "varchar",
    flag: "boolean",
    int: "integer",
    long: "bigint",
    float: "double",
    time: "timestamp(6)",
    decimal: "decimal",
    texts: "array(varchar)",
    structs: |members| format!("array(row({}))", member_list(members, " ")),
};

const STORES_OF_TRINO: &[&str] = &["s3://", "gs://", "abfss://", "hdfs://"];

/// Statements for `Athena`, which runs one at a time.
pub(super) fn athena(load: &Load) -> String {
    let remote = Remote::new(&load.path, &["s3://"], "S3");
    let folder = remote.folder(&load.layout);
    let (target, staging) = (load.target(&ATHENA), load.beside(&ATHENA, "_load"));
    let lines = indented(&load.definitions(&ATHENA, ""));
    let in_files = indented(&load.definitions_in_files(&ATHENA));
    let (partitions, repair) = match &load.layout {
        FileLayout::ByDate(column) | FileLayout::ByValue(column) => {
            (format!("PARTITIONED BY ({} string)\n", ATHENA.name(column)), format!("MSCK REPAIR TABLE {staging};\n\n"))
        }
        FileLayout::File | FileLayout::Folder => (String::new(), String::new()),
    };
    format!(
        "{}-- Athena reads every file in the folder, in UTC and to the millisecond. Put a folder of your own in place of TABLES.\n\
         DROP TABLE IF EXISTS {staging};\n\nCREATE EXTERNAL TABLE {staging} (\n{in_files}\n)\n{partitions}STORED AS PARQUET\nLOCATION {};\n\n{repair}\
         CREATE TABLE IF NOT EXISTS {target} (\n{lines}\n)\nLOCATION 's3://BUCKET/TABLES/{}/'\n\
         TBLPROPERTIES ('table_type' = 'ICEBERG');\n\n{}\nDROP TABLE {staging};\n",
        remote.note,
        ATHENA.literal(&folder),
        load.resource,
        merge(load, &TRINO, &load.beside(&TRINO, "_load"))
    )
}

/// Statements for Trino, with a Hive catalog and an Iceberg catalog.
pub(super) fn trino(load: &Load) -> String {
    let remote = Remote::new(&load.path, STORES_OF_TRINO, "the object store");
    let folder = remote.folder(&load.layout);
    let name = format!("{}_load", load.table.last().map_or("", String::as_str));
    let staging = format!("hive.default.{}", TRINO.name(&name));
    let mut staged = load.definitions_in_files(&TRINO);
    let (partitions, sync) = match &load.layout {
        FileLayout::ByDate(column) | FileLayout::ByValue(column) => {
            staged.push(format!("{} varchar", TRINO.name(column)));
            let names = format!("{}, {}", TRINO.literal("default"), TRINO.literal(&name));
            (
                format!(", partitioned_by = ARRAY[{}]", TRINO.literal(column)),
                format!("CALL hive.system.sync_partition_metadata({names}, 'FULL');\n\n"),
            )
        }
        FileLayout::File | FileLayout::Folder => (String::new(), String::new()),
    };
    format!(
        "{}-- The catalog hive reads every file in the folder, in UTC; the table is one of Iceberg (USE iceberg.SCHEMA, or --table).\n\
         SET SESSION hive.timestamp_precision = 'MICROSECONDS';\n\n\
         DROP TABLE IF EXISTS {staging};\n\nCREATE TABLE {staging} (\n{}\n)\nWITH (format = 'PARQUET', external_location = {}{partitions});\n\n{sync}\
         CREATE TABLE IF NOT EXISTS {} (\n{}\n);\n\n{}\nDROP TABLE {staging};\n",
        remote.note,
        indented(&staged),
        TRINO.literal(&folder),
        load.target(&TRINO),
        indented(&load.definitions(&TRINO, " NOT NULL")),
        merge(load, &TRINO, &staging)
    )
}

/// A table over the files of a history, and the query for the rows at a time. Athena runs one statement at a time.
pub(super) fn athena_history(history: &History) -> String {
    let remote = Remote::new(&history.folder, &["s3://"], "S3");
    let table = history.table();
    let plain = history.plain_time();
    // Its time literals do not support longer fractions.
    let time = plain
        .split_once('.')
        .map_or(plain.clone(), |(seconds, fraction)| format!("{seconds}.{}", fraction.get(..3).unwrap_or(fraction)));
    // Files are named after their times, so the name breaks ties within a millisecond.
    let order = format!("{NEWEST_FIRST}, \"$path\" DESC");
    format!(
        "{}-- Athena reads every file in the folder, in UTC and to the millisecond.\n\
         DROP TABLE IF EXISTS {};\n\nCREATE EXTERNAL TABLE {} (\n{}\n)\nSTORED AS PARQUET\nLOCATION {};\n\n{};\n",
        remote.note,
        ATHENA.name(&table),
        ATHENA.name(&table),
        indented(&history.definitions(&ATHENA)),
        ATHENA.literal(&format!("{}/", remote.path)),
        history.query(&history.names(&TRINO), &TRINO.name(&table), &format!("TIMESTAMP '{time}'"), &order)
    )
}

/// The same for Trino, with a Hive catalog.
pub(super) fn trino_history(history: &History) -> String {
    let remote = Remote::new(&history.folder, STORES_OF_TRINO, "the object store");
    let table = format!("hive.default.{}", TRINO.name(&history.table()));
    let time = format!("TIMESTAMP '{}'", history.plain_time());
    format!(
        "{}-- The catalog hive reads every file in the folder, in UTC.\n\
         SET SESSION hive.timestamp_precision = 'MICROSECONDS';\n\nDROP TABLE IF EXISTS {table};\n\n\
         CREATE TABLE {table} (\n{}\n)\nWITH (format = 'PARQUET', external_location = {});\n\n{};\n",
        remote.note,
        indented(&history.definitions(&TRINO)),
        TRINO.literal(&format!("{}/", remote.path)),
        history.query(&history.names(&TRINO), &table, &time, NEWEST_FIRST)
    )
}

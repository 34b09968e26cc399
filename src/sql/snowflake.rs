//! `Snowflake`: a temporary stage and table, then a merge.
//!
//! *Easy to get wrong:* without `USE_LOGICAL_TYPE`, times in Parquet are read as numbers; without `EMPTY_FIELD_AS_NULL` and
//! an empty `NULL_IF`, empty CSV cells and texts like `\N` are confused; `PUT` drops folders.

use super::column::{SqlColumn, SqlType};
use super::dialect::Dialect;
use super::history::{History, NEWEST_FIRST};
use super::load::{FileLayout, Load};
use super::partition;
use super::upsert::{indented, merge};
use crate::format::{Codec, Format};

pub(super) const DIALECT: Dialect = Dialect {
    quote: '"',
    is_upper_case: true,
    has_backslashes: true,
    text: "VARCHAR",
    flag: "BOOLEAN",
    int: "INTEGER",
    long: "BIGINT",
    float: "DOUBLE",
    time: "TIMESTAMP_LTZ(6)",
    decimal: "NUMBER",
    texts: "ARRAY",
    structs: |_| "ARRAY".to_owned(),
};

/// The column of the temporary table with the path of a row's file.
const FILE_NAME: &str = "file_name";

const PARQUET_FORMAT: &str = "TYPE = PARQUET USE_LOGICAL_TYPE = TRUE USE_VECTORIZED_SCANNER = TRUE";
const INTEGRATION: &str = "-- Put the name of your storage integration in place of my_integration.\n";

/// A script for `snow sql` or `SnowSQL`.
pub(super) fn snowflake(load: &Load) -> String {
    let is_csv = load.is(Format::Csv);
    let compression = match load.format.codec() {
        Codec::None => "NONE",
        Codec::Gzip => "GZIP",
        Codec::Zstd => "ZSTD",
    };
    let format = if is_csv {
        let delimiter = load.other_delimiter().map(|delimiter| format!(" FIELD_DELIMITER = '{delimiter}'"));
        let null = if load.null().is_empty() { String::new() } else { DIALECT.literal(load.null()) };
        format!(
            "TYPE = CSV COMPRESSION = {compression}{} SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '\"' \
             ESCAPE_UNENCLOSED_FIELD = NONE EMPTY_FIELD_AS_NULL = TRUE NULL_IF = ({null})",
            delimiter.unwrap_or_default()
        )
    } else if load.is(Format::Ndjson) {
        format!("TYPE = JSON COMPRESSION = {compression}")
    } else {
        PARQUET_FORMAT.to_owned()
    };
    let (target, staging) = (load.target(&DIALECT), load.temporary(&DIALECT, "_load"));
    let stage = load.temporary(&DIALECT, "_files");
    let is_by_value = matches!(load.layout, FileLayout::ByValue(_));
    let file_name = is_by_value.then(|| format!("{FILE_NAME} {}", DIALECT.text));
    let staged: Vec<String> = load
        .columns
        .iter()
        .filter(|column| !load.is_in_folders(column))
        .map(|column| {
            let kind =
                if is_csv && column.kind.is_list() { DIALECT.text.to_owned() } else { DIALECT.type_of(&column.kind) };
            format!("{} {kind}", DIALECT.name(&column.name))
        })
        .chain(file_name)
        .collect();
    let values: Vec<String> = load
        .columns
        .iter()
        .map(|column| if load.is_in_folders(column) { in_folders(column) } else { value(column, is_csv) })
        .collect();
    let source = if is_csv || is_by_value {
        format!("(\nSELECT\n{}\nFROM {staging}\n)", indented(&values))
    } else {
        staging.clone()
    };
    let (stage_options, upload, copied) = files(load, &stage);
    let mut by_name = if is_csv { String::new() } else { "\nMATCH_BY_COLUMN_NAME = CASE_INSENSITIVE".to_owned() };
    let mut note = "";
    if is_by_value {
        by_name += &format!("\nINCLUDE_METADATA = ({FILE_NAME} = METADATA$FILENAME)");
        note = partition::CONTROLS_NOTE;
    }
    format!(
        "{note}CREATE TABLE IF NOT EXISTS {target} (\n{}\n);\n\n\
         CREATE OR REPLACE TEMPORARY STAGE {stage}{stage_options};\n{upload}\n\
         CREATE OR REPLACE TEMPORARY TABLE {staging} (\n{}\n);\n\n\
         COPY INTO {staging}\nFROM {copied}\nFILE_FORMAT = ({format}){by_name};\n\n{}",
        indented(&load.definitions(&DIALECT, " NOT NULL")),
        indented(&staged),
        merge(load, &DIALECT, &source)
    )
}

/// The options of the stage, how files get there, and the pattern of files to copy.
fn files(load: &Load, stage: &str) -> (String, String, String) {
    let name = load.format.name().replace('.', "[.]");
    let all = format!("@{stage}\nPATTERN = '.*[.]{name}'");
    if load.path.contains("://") {
        let (folder, copied) = match (&load.layout, load.path.rsplit_once('/')) {
            (FileLayout::File, Some((folder, file))) => {
                (folder, format!("@{stage}\nFILES = ({})", DIALECT.literal(file)))
            }
            _ => (load.path.as_str(), all),
        };
        let url = DIALECT.literal(&format!("{folder}/"));
        return (format!(" URL = {url} STORAGE_INTEGRATION = my_integration"), INTEGRATION.to_owned(), copied);
    }
    let upload = match &load.layout {
        // The files of all days have the same name, and PUT drops folders.
        FileLayout::ByDate(_) | FileLayout::ByValue(_) => {
            format!("-- Upload the folder first: snow stage copy '{}/' @{stage} --recursive\n", load.path)
        }
        FileLayout::File | FileLayout::Folder => format!(
            "PUT {} @{stage} AUTO_COMPRESS = FALSE OVERWRITE = TRUE;\n",
            DIALECT.literal(&format!("file://{}", load.pattern()))
        ),
    };
    (String::new(), upload, all)
}

/// The partition column, whose values are in the names of folders.
fn in_folders(column: &SqlColumn) -> String {
    let pattern = DIALECT.literal(&partition::pattern(&column.name));
    let written = format!("REGEXP_SUBSTR({FILE_NAME}, {pattern}, 1, 1, 'e', 1)");
    format!("{} AS {}", partition::value_of(column, &DIALECT, &written), DIALECT.name(&column.name))
}

/// A column as an expression with the table's type.
fn value(column: &SqlColumn, is_csv: bool) -> String {
    let name = DIALECT.name(&column.name);
    match &column.kind {
        SqlType::Texts if is_csv => format!("IFF({name} = '', ARRAY_CONSTRUCT(), SPLIT({name}, ',')) AS {name}"),
        SqlType::Structs(_) if is_csv => format!("PARSE_JSON({name})::ARRAY AS {name}"),
        _ => name,
    }
}

/// A temporary table with all rows of a history, and the query for the rows at a time.
pub(super) fn history(history: &History) -> String {
    let table = DIALECT.name(&history.table());
    let stage = DIALECT.name(&format!("{}_history", history.resource));
    let folder = &history.folder;
    let (stage_options, upload) = if folder.contains("://") {
        let url = DIALECT.literal(&format!("{folder}/"));
        (format!(" URL = {url} STORAGE_INTEGRATION = my_integration"), INTEGRATION.to_owned())
    } else {
        let files = DIALECT.literal(&format!("file://{}", History::pattern_in(folder)));
        (String::new(), format!("PUT {files} @{stage} AUTO_COMPRESS = FALSE OVERWRITE = TRUE;\n"))
    };
    format!(
        "CREATE OR REPLACE TEMPORARY STAGE {stage}{stage_options};\n{upload}\n\
         CREATE OR REPLACE TEMPORARY TABLE {table} (\n{}\n);\n\n\
         COPY INTO {table}\nFROM @{stage}\nPATTERN = '.*changes-[^/]*[.]parquet'\n\
         FILE_FORMAT = ({PARQUET_FORMAT})\nMATCH_BY_COLUMN_NAME = CASE_INSENSITIVE;\n\n{};\n",
        indented(&history.definitions(&DIALECT)),
        history.query(&history.names(&DIALECT), &table, &format!("'{}'::TIMESTAMP_LTZ", history.as_of), NEWEST_FIRST)
    )
}

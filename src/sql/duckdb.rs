//! `DuckDB`, and `DuckLake`, whose own tool it is.
//!
//! *Easy to get wrong:* by default `DuckDB` takes a quoted empty cell of CSV for null, and guesses types from the first rows.

use super::column::{Kind, SqlColumn};
use super::dialect::{Dialect, member_list};
use super::history::History;
use super::load::{Layout, Load};
use super::upsert::{indented, merge, on_conflict};
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

/// A table of `DuckLake`, which has no keys. The rows are copied, since a merge rewrites files, and files that were
/// exported stay what they are.
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
    let register = if load.layout == Layout::File && !load.columns.iter().any(|column| is_nested(&column.kind)) {
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

/// The query for the rows at a time. Files of days with other columns are read together by the names of the columns.
pub(super) fn history(history: &History) -> String {
    let pattern = DIALECT.literal(&History::pattern_in(&history.folder));
    format!(
        "SELECT\n{}\nFROM read_parquet({pattern}, union_by_name = true)\nWHERE valid_from <= TIMESTAMPTZ '{}'\n\
         QUALIFY row_number() OVER (PARTITION BY id ORDER BY valid_from DESC) = 1\n  \
         AND change NOT IN ('removed', 'missing')\nORDER BY id;\n",
        indented(&history.names(&DIALECT)),
        history.as_of
    )
}

/// Whether registering a file with such a column fails, as it does in `DuckLake` of `DuckDB` 1.4.
fn is_nested(kind: &Kind) -> bool {
    matches!(kind, Kind::Structs(_))
}

/// The function that reads the files.
fn reader(load: &Load) -> String {
    let pattern = DIALECT.literal(&load.pattern());
    let compression = match load.format.codec() {
        Codec::None => "none",
        Codec::Gzip => "gzip",
        Codec::Zstd => "zstd",
    };
    if load.is(Format::Csv) {
        let columns =
            columns(load, |kind| if kind.is_list() { DIALECT.text.to_owned() } else { DIALECT.type_of(kind) });
        return format!(
            "read_csv({pattern}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"',\n  \
             nullstr = '', allow_quoted_nulls = false, compression = '{compression}', columns = {{{columns}}})"
        );
    }
    if load.is(Format::Ndjson) {
        let columns = columns(load, |kind| DIALECT.type_of(kind));
        return format!(
            "read_json({pattern}, format = 'newline_delimited', compression = '{compression}', columns = {{{columns}}})"
        );
    }
    match &load.layout {
        Layout::ByValue(column) => {
            let hive_type = format!("{{{}: {}}}", DIALECT.literal(column), column_type(load, column));
            format!("read_parquet({pattern}, hive_partitioning = true, hive_types = {hive_type})")
        }
        // The date is no column of the table; `created_at` is in the files.
        Layout::ByDate(_) | Layout::Folder | Layout::File => {
            format!("read_parquet({pattern}, hive_partitioning = false)")
        }
    }
}

/// The type of a column of the table.
fn column_type(load: &Load, name: &str) -> String {
    let column = load.columns.iter().find(|column| column.name == name);
    column.map_or_else(|| DIALECT.text.to_owned(), |column| DIALECT.type_of(&column.kind))
}

/// Names and types of all columns, as a reader takes them.
fn columns(load: &Load, type_of: impl Fn(&Kind) -> String) -> String {
    let one = |column: &SqlColumn| {
        format!("\n    {}: {}", DIALECT.literal(&column.name), DIALECT.literal(&type_of(&column.kind)))
    };
    load.columns.iter().map(one).collect::<Vec<_>>().join(",")
}

/// Each column as the table holds it.
fn values(load: &Load) -> Vec<String> {
    load.columns.iter().map(|column| value(load, column)).collect()
}

fn value(load: &Load, column: &SqlColumn) -> String {
    let name = DIALECT.name(&column.name);
    match &column.kind {
        Kind::Texts if load.is(Format::Csv) => {
            format!("CASE WHEN {name} = '' THEN [] ELSE string_split({name}, ',') END AS {name}")
        }
        Kind::Structs(_) if load.is(Format::Csv) => {
            format!("CAST(CAST({name} AS JSON) AS {}) AS {name}", DIALECT.type_of(&column.kind))
        }
        _ => name,
    }
}

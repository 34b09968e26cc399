//! The query for the rows at a time, from the folder of a history.
//!
//! A row of a history has all values from `valid_from` on, so the newest row of each key is the state, unless it marks the
//! row as removed. Runs may have written different columns, so files are read by column name where the engine can do so.

use super::column::SqlColumn;
use super::dialect::Dialect;
use super::upsert::indented;

/// The files of a history, and the query over them.
#[derive(Debug)]
pub(super) struct History {
    /// Name of the resource.
    pub(super) resource: &'static str,
    /// The columns that identify a row.
    pub(super) key: &'static [&'static str],
    /// The columns of the rows, in order.
    pub(super) columns: Vec<SqlColumn>,
    /// The columns of a file whose run wrote these columns, in order.
    pub(super) in_files: Vec<SqlColumn>,
    /// The folder as given, without a trailing slash.
    pub(super) folder: String,
    /// RFC 3339, UTC.
    pub(super) as_of: String,
}

impl History {
    /// The pattern of all files in a folder.
    pub(super) fn pattern_in(folder: &str) -> String {
        format!("{folder}/changes-*.parquet")
    }

    /// The name of a table or view over the files.
    pub(super) fn table(&self) -> String {
        format!("{}_history_files", self.resource)
    }

    /// The names of the columns of the rows.
    pub(super) fn names(&self, dialect: &Dialect) -> Vec<String> {
        self.columns.iter().map(|column| dialect.name(&column.name)).collect()
    }

    /// Names and types of the columns that the query reads, for engines that match them by name.
    pub(super) fn definitions(&self, dialect: &Dialect) -> Vec<String> {
        let definition =
            |column: &SqlColumn| format!("{} {}", dialect.name(&column.name), dialect.type_of(&column.kind));
        self.read_columns().map(definition).collect()
    }

    /// The columns that the query reads.
    pub(super) fn read_columns(&self) -> impl Iterator<Item = &SqlColumn> {
        let is_read = |column: &&SqlColumn| {
            self.key.iter().chain(&["valid_from", "change"]).any(|name| column.name == *name)
                || self.columns.iter().any(|wanted| wanted.name == column.name)
        };
        self.in_files.iter().filter(is_read)
    }

    /// The list columns that can be null, for engines whose lists cannot.
    pub(super) fn nullable_lists(&self) -> Vec<&str> {
        let is_one = |column: &&SqlColumn| column.kind.is_list() && !column.is_required;
        self.columns.iter().filter(is_one).map(|column| column.name.as_str()).collect()
    }

    /// The time without its zone, for engines whose times have none: `2026-03-31 23:59:59.999999`.
    pub(super) fn plain_time(&self) -> String {
        self.as_of.trim_end_matches('Z').replace('T', " ")
    }

    /// The query, without the semicolon at its end.
    ///
    /// `values` has one expression per column, `source` is what is read, and `order` sorts the newest row of a key first.
    pub(super) fn query(&self, values: &[String], source: &str, time: &str, order: &str) -> String {
        format!(
            "SELECT\n{}\nFROM (\nSELECT *, row_number() OVER (PARTITION BY {} ORDER BY {order}) AS place\nFROM {source}\n\
             WHERE valid_from <= {time}\n) AS newest\nWHERE place = 1 AND change NOT IN ('removed', 'missing')\nORDER BY {}",
            indented(values),
            self.key.join(", "),
            self.order()
        )
    }

    /// The columns by which the rows are sorted: the id first, as in `diff --as-of`.
    pub(super) fn order(&self) -> String {
        self.key.iter().rev().copied().collect::<Vec<_>>().join(", ")
    }
}

/// The order that sorts the newest row of a key first.
pub(super) const NEWEST_FIRST: &str = "valid_from DESC";

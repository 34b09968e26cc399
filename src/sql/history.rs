//! The query for the rows at a time, from the folder of a history.
//!
//! A row of a history has all values from `valid_from` on, so the newest row of each key is the state, unless it marks the
//! row as gone. Files with different columns are combined by column name.

use super::column::SqlColumn;
use super::duckdb::DIALECT;
use super::upsert::indented;

/// The statement for `DuckDB`. `as_of` is RFC 3339.
pub(super) fn duckdb((columns, key): (&[SqlColumn], &[&str]), folder: &str, as_of: &str) -> String {
    let names: Vec<String> = columns.iter().map(|column| DIALECT.name(&column.name)).collect();
    let pattern = DIALECT.literal(&format!("{}/changes-*.parquet", folder.trim_end_matches('/')));
    let (partition, order) = (key.join(", "), key.iter().rev().copied().collect::<Vec<_>>().join(", "));
    format!(
        "SELECT\n{}\nFROM read_parquet({pattern}, union_by_name = true)\nWHERE valid_from <= TIMESTAMPTZ '{as_of}'\n\
         QUALIFY row_number() OVER (PARTITION BY {partition} ORDER BY valid_from DESC) = 1\n  \
         AND change NOT IN ('removed', 'missing')\nORDER BY {order};\n",
        indented(&names)
    )
}

//! Replaces older rows with the same key.
//!
//! If the API provides the time of a row's last change, a row never replaces a newer one, so that an old file can be loaded
//! after a new one. Otherwise the row that is loaded last replaces the other.

use super::dialect::Dialect;
use super::load::Load;

/// Indented lines of a list in a statement, separated by commas.
pub(super) fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join(",\n")
}

/// The condition under which a row of `new` replaces one of `old`; `None` if it always does.
pub(super) fn is_newer(load: &Load, dialect: &Dialect, old: &str, new: &str) -> Option<String> {
    let column = dialect.name(load.changed_at.as_ref()?);
    Some(format!("{old}.{column} IS NULL OR {new}.{column} >= {old}.{column}"))
}

/// The condition that two rows have the same key.
pub(super) fn same_key(load: &Load, dialect: &Dialect, old: &str, new: &str) -> String {
    let same = |name: &String| {
        let name = dialect.name(name);
        format!("{old}.{name} = {new}.{name}")
    };
    load.key.iter().map(same).collect::<Vec<_>>().join(" AND ")
}

/// `INSERT INTO ... SELECT ... FROM ... ON CONFLICT`, for tables with a primary key.
///
/// `values` has one expression per column, and `from` is their source.
pub(super) fn on_conflict(load: &Load, dialect: &Dialect, values: &[String], from: &str) -> String {
    let target = load.target(dialect);
    let mut statement = format!("INSERT INTO {target} ({})\nSELECT\n{}\n{from}", load.names(dialect), indented(values));
    if !load.key.is_empty() {
        statement += &format!("\nON CONFLICT ({}) ", load.key_names(dialect));
        let set = |name: String| format!("{name} = excluded.{name}");
        let sets: Vec<String> = load.others().map(|column| set(dialect.name(&column.name))).collect();
        statement += &if sets.is_empty() {
            "DO NOTHING".to_owned()
        } else {
            let alias = dialect.name(load.table.last().map_or("", String::as_str));
            let condition = is_newer(load, dialect, &alias, "excluded");
            let condition = condition.map_or_else(String::new, |condition| format!("\nWHERE {condition}"));
            format!("DO UPDATE SET\n{}{condition}", indented(&sets))
        };
    }
    statement + ";\n"
}

/// `MERGE INTO` the table, from a table or subquery; without a key, a plain insert.
pub(super) fn merge(load: &Load, dialect: &Dialect, source: &str) -> String {
    let target = load.target(dialect);
    if load.key.is_empty() {
        let names = load.names(dialect);
        return format!("INSERT INTO {target} ({names})\nSELECT {names}\nFROM {source} AS s;\n");
    }
    let mut statement = format!("MERGE INTO {target} AS t\nUSING {source} AS s\n");
    statement += &format!("ON {}\n", same_key(load, dialect, "t", "s"));
    let set = |name: String| format!("{name} = s.{name}");
    let sets: Vec<String> = load.others().map(|column| set(dialect.name(&column.name))).collect();
    if !sets.is_empty() {
        let condition = is_newer(load, dialect, "t", "s").map_or_else(String::new, |newer| format!(" AND ({newer})"));
        statement += &format!("WHEN MATCHED{condition} THEN UPDATE SET\n{}\n", indented(&sets));
    }
    let (names, values) = (load.names(dialect), load.names_after(dialect, "s."));
    statement + &format!("WHEN NOT MATCHED THEN INSERT ({names})\nVALUES ({values});\n")
}

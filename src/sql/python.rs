//! Delta and Iceberg tables, through the Python packages of these projects, because the projects have no SQL of their own.
//!
//! *Easy to get wrong:* `pyiceberg` compares keys one at a time, so rows are replaced by the first column of the key. For
//! activities, that replaces all activities of a message together, which is how they are exported.

use super::column::SqlType;
use super::dialect::Dialect;
use super::duckdb;
use super::load::{FileLayout, Load};
use super::upsert::{is_newer, same_key};
use crate::format::Format;

/// Texts and names in conditions of Delta tables, in the dialect of `DataFusion`.
const DIALECT: &Dialect = &duckdb::DIALECT;

/// A script for the package `deltalake`.
pub(super) fn delta(load: &Load) -> String {
    let upsert = if load.key.is_empty() {
        "    write_deltalake(TABLE, rows, mode=\"append\")\n".to_owned()
    } else {
        let newer = is_newer(load, DIALECT, "t", "s").map_or_else(String::new, |newer| text(&newer));
        format!(
            "    merge = DeltaTable(TABLE).merge(rows, predicate={}, source_alias=\"s\", target_alias=\"t\")\n    \
             merge.when_matched_update_all({newer}).when_not_matched_insert_all().execute()\n",
            text(&same_key(load, DIALECT, "t", "s"))
        )
    };
    format!(
        "# Run with Python; needs the packages deltalake and pyarrow.\nimport pyarrow.dataset\n\
         from deltalake import DeltaTable, write_deltalake\n\n\
         # The folder of the table, also on an object store.\nTABLE = {}\n\n{}\n\
         if DeltaTable.is_deltatable(TABLE):\n{upsert}else:\n    write_deltalake(TABLE, rows)\n",
        text(&load.table.join("/")),
        rows(load)
    )
}

/// A script for the package `pyiceberg`.
pub(super) fn iceberg(load: &Load) -> String {
    let (table, namespace) = match load.table.split_last() {
        Some((_, namespace)) if !namespace.is_empty() => (load.table.join("."), namespace.join(".")),
        _ => (format!("default.{}", load.table.join(".")), "default".to_owned()),
    };
    let mut notes = String::new();
    let lists = load.nullable_lists();
    if !lists.is_empty() {
        notes = format!("# pyiceberg writes no null lists: a null in {} becomes an empty list.\n", lists.join(", "));
    }
    let (import, upsert) = match load.key.split_first() {
        None => ("", "table.append(rows)\n".to_owned()),
        Some((id, _)) => {
            let id = text(id);
            let newest = load.changed_at.as_ref().map(|column| newest(&id, &text(column)));
            let upsert = format!(
                "{}if rows.num_rows:\n    table.overwrite(rows, overwrite_filter=In({id}, set(rows[{id}].to_pylist())))\n",
                newest.unwrap_or_default()
            );
            ("from pyiceberg.expressions import In\n", upsert)
        }
    };
    format!(
        "# Run with Python; needs the packages pyiceberg and pyarrow, and a catalog in .pyiceberg.yaml or the environment.\n\
         {notes}import pyarrow.dataset\nfrom pyiceberg.catalog import load_catalog\n{import}\n{}\n\
         catalog = load_catalog(\"default\")\ncatalog.create_namespace_if_not_exists({})\n\
         table = catalog.create_table_if_not_exists({}, schema=rows.schema)\n{upsert}",
        rows(load),
        text(&namespace),
        text(&table)
    )
}

/// Lines that drop rows for which the table has newer ones.
fn newest(id: &str, changed_at: &str) -> String {
    format!(
        "known = table.scan(selected_fields=({id}, {changed_at})).to_arrow()\n\
         known = dict(zip(known[{id}].to_pylist(), known[{changed_at}].to_pylist()))\n\
         pairs = zip(rows[{id}].to_pylist(), rows[{changed_at}].to_pylist())\n\
         is_current = [known.get(id) is None or new is not None and new >= known[id] for id, new in pairs]\n\
         rows = rows.filter(pyarrow.array(is_current, pyarrow.bool_()))\n"
    )
}

/// Lines that read the columns of all files.
fn rows(load: &Load) -> String {
    let columns: Vec<String> = load.columns.iter().map(|column| format!("    {},\n", text(&column.name))).collect();
    let format = if load.is(Format::Arrow) { "ipc" } else { "parquet" };
    // Files whose names start with `_` are skipped.
    let path = if load.layout == FileLayout::File { load.path.clone() } else { format!("{}/", load.path) };
    format!(
        "COLUMNS = [\n{}]\nrows = pyarrow.dataset.dataset({}, format={}{}).to_table(columns=COLUMNS)\n",
        columns.concat(),
        text(&path),
        text(format),
        partitioning(load)
    )
}

/// The argument that reads a column from the names of folders.
fn partitioning(load: &Load) -> String {
    let Some(column) = load.columns.iter().find(|column| load.is_in_folders(column)) else { return String::new() };
    let kind = if column.kind == SqlType::Flag { "bool_" } else { "string" };
    let schema = format!("pyarrow.schema([({}, pyarrow.{kind}())])", text(&column.name));
    format!(", partitioning=pyarrow.dataset.partitioning({schema}, flavor=\"hive\")")
}

/// A Python string literal.
fn text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

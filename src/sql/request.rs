//! What is asked for, checked, and the text for it.

use arrow::datatypes::{DataType, SchemaRef};

use super::column::SqlColumn;
use super::engine::Engine;
use super::error::SqlError;
use super::history::History;
use super::load::{Layout, Load};
use crate::changes::{self, changes_schema};
use crate::format::FileFormat;
use crate::resources::ResourceTable;

/// What is loaded by which engine.
#[derive(Debug)]
pub struct SqlRequest<'a> {
    /// What loads it.
    pub engine: Engine,
    /// What the rows are.
    pub resource: &'a ResourceTable,
    /// The columns of the files, in their order.
    pub schema: SchemaRef,
    /// The table, qualified by schema or catalog with dots; `None` names it after the resource.
    pub table: Option<&'a str>,
    /// The file, or with a slash at its end a folder.
    pub path: &'a str,
    /// The format of the files.
    pub format: FileFormat,
    /// What the folders in the folder are named after: a column, or the date of one.
    pub partition: Option<&'a str>,
}

/// The statements, with a line on what they do.
///
/// # Errors
/// When the engine cannot load such files, or a name cannot be written.
pub fn sql(request: &SqlRequest<'_>) -> Result<String, SqlError> {
    let load = load(request)?;
    let comment = request.engine.comment();
    let mut text = format!("{comment} {} from {} into {}.\n", load.resource, load.path, request.engine.title());
    if load.key.is_empty() {
        let key = request.resource.key.join(" and ");
        text += &format!("{comment} Without the column {key}, every run adds the rows once more.\n");
    }
    Ok(text + &request.engine.write(&load))
}

/// A query for the rows at a time.
#[derive(Debug)]
pub struct HistoryRequest<'a> {
    /// What runs it.
    pub engine: Engine,
    /// What the rows are.
    pub resource: &'a ResourceTable,
    /// The columns of the rows, in their order.
    pub schema: SchemaRef,
    /// The folder of the history.
    pub folder: &'a str,
    /// The time, RFC 3339, UTC.
    pub as_of: &'a str,
}

/// The query, with a line on what it does.
///
/// # Errors
/// When the engine has none, or a name cannot be written.
pub fn history_sql(request: &HistoryRequest<'_>) -> Result<String, SqlError> {
    let HistoryRequest { engine, resource, schema, folder, as_of } = request;
    if resource.key != ["id"] {
        return Err(SqlError::NoHistory { resource: resource.name });
    }
    let write = engine.history_query()?;
    check_name("PATH", folder)?;
    let in_files = changes_schema(schema, changes::Layout::Log { valid_from: 0 });
    let history = History {
        resource: resource.name,
        columns: SqlColumn::all_of(schema)?,
        in_files: SqlColumn::all_of(&in_files)?,
        folder: without_slash(folder).to_owned(),
        as_of: (*as_of).to_owned(),
    };
    let comment = format!("{} {} as of {as_of}, from the history in {folder}\n", engine.comment(), resource.name);
    Ok(comment + &write(&history))
}

fn load(request: &SqlRequest<'_>) -> Result<Load, SqlError> {
    let resource = request.resource;
    let layout = match request.partition {
        Some(_) if request.format != FileFormat::PARQUET => {
            return Err(SqlError::PartitionFormat { format: request.format.to_string() });
        }
        Some(column) => partitioned(request, column)?,
        None if request.path.ends_with('/') => Layout::Folder,
        None => Layout::File,
    };
    request.engine.check(request.format, &layout, request.path)?;
    let path = without_slash(request.path);
    check_name("PATH", path)?;
    let table: Vec<String> = request.table.unwrap_or(resource.name).split('.').map(str::to_owned).collect();
    for part in &table {
        check_name("--table", part)?;
    }
    let columns = SqlColumn::all_of(&request.schema)?;
    let has = |name: &str| columns.iter().any(|column| column.name == name);
    let has_key = resource.key.iter().all(|name| has(name));
    Ok(Load {
        resource: resource.name,
        key: if has_key { resource.key.iter().map(|&name| name.to_owned()).collect() } else { Vec::new() },
        changed_at: resource.changed_at.filter(|name| has(name)).map(str::to_owned),
        columns,
        table,
        path: path.to_owned(),
        format: request.format,
        layout,
    })
}

/// How files of a dataset by a column are laid out.
fn partitioned(request: &SqlRequest<'_>, column: &str) -> Result<Layout, SqlError> {
    let schema = &request.resource.schema;
    let time = column.strip_suffix("_date").map(|stem| format!("{stem}_at"));
    let type_of = |name: &str| schema.field_with_name(name).ok().map(|field| field.data_type().clone());
    if time.is_some_and(|time| matches!(type_of(&time), Some(DataType::Timestamp(..)))) {
        return Ok(Layout::ByDate(column.to_owned()));
    }
    match type_of(column) {
        Some(DataType::Utf8 | DataType::Boolean) if request.engine.reads_partitions() => {
            Ok(Layout::ByValue(column.to_owned()))
        }
        Some(DataType::Utf8 | DataType::Boolean) => {
            let engines: Vec<&str> =
                Engine::all().filter(|engine| engine.reads_partitions()).map(Engine::title).collect();
            let (engine, engines) = (request.engine.title(), engines.join(", "));
            Err(SqlError::UnloadablePartition { engine, column: column.to_owned(), engines })
        }
        _ => Err(SqlError::UnknownPartition { column: column.to_owned(), resource: request.resource.name }),
    }
}

/// A folder without the slash at its end, except for the root.
fn without_slash(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if path.starts_with('/') => "/",
        path => path,
    }
}

/// A line end would end a comment or a command of a shell.
fn check_name(what: &'static str, name: &str) -> Result<(), SqlError> {
    if name.is_empty() || name.chars().any(char::is_control) { Err(SqlError::BadName { what }) } else { Ok(()) }
}

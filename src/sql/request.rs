//! A checked request for SQL, and its text.

use arrow::datatypes::{DataType, SchemaRef};

use super::column::SqlColumn;
use super::engine::Engine;
use super::error::SqlError;
use super::history::History;
use super::load::{FileLayout, Load};
use super::part::FilePart;
use crate::changes::{ChangeLayout, changes_schema};
use crate::format::{CsvSettings, FileFormat};
use crate::resources::ResourceTable;

/// A request for SQL that loads files.
#[derive(Debug)]
pub struct SqlRequest<'a> {
    /// The engine.
    pub engine: Engine,
    /// The resource.
    pub resource: &'a ResourceTable,
    /// The columns of the files, in order.
    pub schema: SchemaRef,
    /// The table, qualified by schema or catalog with dots; `None` names it after the resource.
    pub table: Option<&'a str>,
    /// The file, or a folder with a trailing slash.
    pub path: &'a str,
    /// The format of the files.
    pub format: FileFormat,
    /// The dialect of CSV files.
    pub csv: CsvSettings,
    /// The partition column, or the date column for folders of days.
    pub partition: Option<&'a str>,
    /// The files in these folders, for an engine that [`reads_single_files`](Engine::reads_single_files).
    pub parts: Vec<FilePart>,
}

/// The statements, after a line that describes them.
///
/// # Errors
/// When the engine cannot load such files, or a name is not allowed.
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

/// A request for a query of the rows at a time.
#[derive(Debug)]
pub struct HistoryRequest<'a> {
    /// The engine.
    pub engine: Engine,
    /// The resource.
    pub resource: &'a ResourceTable,
    /// The columns of the rows, in order.
    pub schema: SchemaRef,
    /// The folder of the history.
    pub folder: &'a str,
    /// The time, RFC 3339, UTC.
    pub as_of: &'a str,
}

/// The query, after a line that describes it.
///
/// # Errors
/// When the engine has none, or a name is not allowed.
pub fn history_sql(request: &HistoryRequest<'_>) -> Result<String, SqlError> {
    let HistoryRequest { engine, resource, schema, folder, as_of } = request;
    if !resource.key.contains(&"id") {
        return Err(SqlError::NoHistory { resource: resource.name });
    }
    let write = engine.history_query()?;
    check_name("PATH", folder)?;
    let in_files = changes_schema(schema, ChangeLayout::Log { valid_from: 0 });
    let history = History {
        resource: resource.name,
        key: resource.key,
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
        Some(_) if request.format != FileFormat::PARQUET && !request.engine.reads_single_files() => {
            return Err(SqlError::PartitionFormat { format: request.format.to_string() });
        }
        Some(column) => partitioned(request, column)?,
        None if request.path.ends_with('/') => FileLayout::Folder,
        None => FileLayout::File,
    };
    request.engine.check((request.format, request.csv.dialect), &layout, request.path)?;
    request.engine.check_parts(&request.parts)?;
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
        csv: request.csv.clone(),
        parts: request.parts.clone(),
        layout,
    })
}

/// The layout of a dataset with this partition.
fn partitioned(request: &SqlRequest<'_>, column: &str) -> Result<FileLayout, SqlError> {
    let schema = &request.resource.schema;
    let time = column.strip_suffix("_date").map(|stem| format!("{stem}_at"));
    let type_of = |name: &str| schema.field_with_name(name).ok().map(|field| field.data_type().clone());
    if time.is_some_and(|time| matches!(type_of(&time), Some(DataType::Timestamp(..)))) {
        return Ok(FileLayout::ByDate(column.to_owned()));
    }
    match type_of(column) {
        Some(DataType::Utf8 | DataType::Boolean) => Ok(FileLayout::ByValue(column.to_owned())),
        _ => Err(SqlError::UnknownPartition { column: column.to_owned(), resource: request.resource.name }),
    }
}

/// Removes the trailing slash of a folder, except for the root.
fn without_slash(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if path.starts_with('/') => "/",
        path => path,
    }
}

/// Refuses empty names and control characters: a newline could end a comment or a shell command.
fn check_name(what: &'static str, name: &str) -> Result<(), SqlError> {
    if name.is_empty() || name.chars().any(char::is_control) { Err(SqlError::BadName { what }) } else { Ok(()) }
}

//! `sent-export sql`: prints the SQL that loads exported files; reads and requests nothing.

use std::path::Path;

use arrow::datatypes::SchemaRef;

use crate::cli::SqlArgs;
use crate::config::ConfigError;
use crate::error::{Error, ExitCode};
use crate::format::{FileFormat, Projection};
use crate::publish::OutputError;
use crate::resources::ResourceTable;
use crate::resources::messages::Messages;
use crate::sql::{Engine, HistoryRequest, SqlError, SqlRequest, history_sql, sql};

/// Prints the statements.
///
/// # Errors
/// When the engine cannot load such files, a column is unknown, or stdout cannot be written.
pub(super) fn run(args: &SqlArgs) -> Result<ExitCode, Error> {
    let resource = resource(args)?;
    if let Some(as_of) = args.as_of {
        let request = HistoryRequest {
            engine: args.engine,
            schema: columns(&resource, args.columns.as_deref()).map_err(ConfigError::from)?,
            resource: &resource,
            folder: args.path.as_deref().unwrap_or("history/"),
            as_of: &as_of.to_string(),
        };
        return super::print(&history_sql(&request)?).map(|()| ExitCode::Complete);
    }
    let partition = args.partition_by.as_deref();
    let default = default_path(args.engine, resource.name, partition.is_some(), args.format);
    let path = args.path.as_deref().unwrap_or(&default);
    let request = SqlRequest {
        engine: args.engine,
        schema: columns(&resource, args.columns.as_deref()).map_err(ConfigError::from)?,
        resource: &resource,
        table: args.table.as_deref(),
        path,
        format: match args.format {
            Some(format) => format,
            // Unless asked otherwise, a folder is one of Parquet.
            None if partition.is_some() || path.ends_with('/') => FileFormat::PARQUET,
            None => FileFormat::for_path(Path::new(path)).map_err(OutputError::from)?,
        },
        partition,
    };
    super::print(&sql(&request)?).map(|()| ExitCode::Complete)
}

/// The resource, as an export with these flags has it.
fn resource(args: &SqlArgs) -> Result<ResourceTable, SqlError> {
    let resource = ResourceTable::named(&args.resource).expect("the flag lists the names of resources");
    let name = resource.name;
    let only = |flag, resources| SqlError::OnlyFor { flag, resources, resource: name };
    let resource = match name {
        "messages" => ResourceTable::of_messages(Messages { has_body: !args.no_body, has_extra: args.extra }),
        _ if args.no_body => return Err(only("--no-body", "messages")),
        "contacts" => ResourceTable::of_contacts(args.extra),
        _ if args.extra => return Err(only("--extra", "contacts and messages")),
        _ => resource,
    };
    if args.of_profiles {
        resource.of_profiles().ok_or(only("--of-profiles", "contacts and messages"))
    } else {
        Ok(resource)
    }
}

/// What an export is called that was named after its resource.
fn default_path(engine: Engine, resource: &str, is_partitioned: bool, format: Option<FileFormat>) -> String {
    if is_partitioned {
        return format!("{resource}/");
    }
    let loadable = format.or_else(|| FileFormat::all().find(|format| engine.loads(*format)));
    format!("{resource}.{}", loadable.unwrap_or(FileFormat::PARQUET))
}

/// The named columns in their order, or all that every export has.
fn columns(resource: &ResourceTable, names: Option<&[String]>) -> Result<SchemaRef, crate::format::ColumnError> {
    let schema = &resource.schema;
    let projection = if let Some(names) = names {
        Projection::select(schema, names)
    } else {
        let all = schema.fields().iter().map(|field| field.name());
        Projection::select(schema, all.filter(|name| !resource.hidden_columns.contains(&name.as_str())))
    };
    projection.map(|projection| projection.schema().clone())
}

//! `sent-export sql`: prints the SQL that loads exported files. It sends no requests, and reads only the names of files.

use std::path::Path;
use std::{fs, io};

use arrow::datatypes::SchemaRef;

use crate::base::hive::partition_of;
use crate::cli::SqlArgs;
use crate::config::ConfigError;
use crate::error::{Error, ExitCode};
use crate::format::{FileFormat, Format, Projection};
use crate::input::SourceError;
use crate::publish::OutputError;
use crate::resources::messages::Messages;
use crate::resources::{PROFILE_NAME, ResourceTable};
use crate::sql::{Engine, FilePart, HistoryRequest, SqlError, SqlRequest, history_sql, sql};

/// Prints the statements.
///
/// # Errors
/// When the engine cannot load such files, a column is unknown, or stdout cannot be written.
pub(super) fn run(args: &SqlArgs) -> Result<ExitCode, Error> {
    let resource = resource(args)?;
    if let Some(as_of) = args.as_of {
        // A history has no names of profiles, because a new name is not a change of a row.
        let hidden_columns = resource.hidden_columns.iter().copied().chain([PROFILE_NAME]).collect();
        let resource = ResourceTable { hidden_columns, ..resource };
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
    let format = match args.format {
        Some(format) => format,
        // By default, the files of a folder are Parquet, or else the first format that the engine loads.
        None if partition.is_some() || path.ends_with('/') => usual_format(args.engine),
        None => FileFormat::for_path(Path::new(path)).map_err(OutputError::from)?,
    };
    let (csv, csv_flag) = args.csv();
    if let Some(flag) = csv_flag.filter(|_| format.format() != Format::Csv) {
        return Err(SqlError::OnlyCsv { flag, format: format.to_string() }.into());
    }
    let request = SqlRequest {
        engine: args.engine,
        schema: columns(&resource, args.columns.as_deref()).map_err(ConfigError::from)?,
        resource: &resource,
        table: args.table.as_deref(),
        path,
        format,
        csv,
        partition,
        parts: match partition {
            // An address is rejected below.
            Some(column) if args.engine.reads_single_files() && !path.contains("://") => parts(path, column, format)?,
            _ => Vec::new(),
        },
    };
    super::print(&sql(&request)?).map(|()| ExitCode::Complete)
}

/// The resource with the columns of an export with these flags.
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

/// The default path of an export, named after its resource.
fn default_path(engine: Engine, resource: &str, is_partitioned: bool, format: Option<FileFormat>) -> String {
    if is_partitioned {
        return format!("{resource}/");
    }
    format!("{resource}.{}", format.unwrap_or_else(|| usual_format(engine)))
}

/// The first format that an engine loads, which is Parquet for most.
fn usual_format(engine: Engine) -> FileFormat {
    FileFormat::all().find(|format| engine.loads(*format)).unwrap_or(FileFormat::PARQUET)
}

/// The files of a local dataset, sorted by path, each with the value that its folder is named after.
fn parts(path: &str, column: &str, format: FileFormat) -> Result<Vec<FilePart>, Error> {
    let entries = |folder: &Path| -> io::Result<Vec<String>> {
        let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = entries.collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    };
    let unlisted = |folder: &Path, source| SourceError::Open { path: folder.to_owned(), source };
    let (mut parts, root, ending) = (Vec::new(), Path::new(path), format!(".{format}"));
    for name in entries(root).map_err(|source| unlisted(root, source))? {
        let Some((_, value)) = partition_of(&name).filter(|(of, _)| *of == column) else { continue };
        let folder = root.join(&name);
        for file in entries(&folder).map_err(|source| unlisted(&folder, source))? {
            if file.ends_with(&ending) && !file.starts_with(['_', '.']) {
                let path = folder.join(file).to_string_lossy().into_owned();
                parts.push(FilePart { path, value: value.clone() });
            }
        }
    }
    if parts.is_empty() {
        let (folder, column, format) = (path.to_owned(), column.to_owned(), format.to_string());
        return Err(SqlError::NoParts { folder, column, format }.into());
    }
    Ok(parts)
}

/// The named columns, in the given order, or those that every export has.
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

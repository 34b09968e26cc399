//! Settings for comparing two exports.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::Schema;

use super::files::{check_format_flags, check_outputs, file_settings};
use super::places::check_distinct;
use super::{ConfigError, Naming, ProfileNaming};
use crate::changes::{ChangeLayout, changes_schema};
use crate::cli::DiffArgs;
use crate::format::{ColumnError, FILTERS_KEY, FormatSettings, Projection};
use crate::publish::{OutputRequest, OutputSettings};
use crate::report::Filters;
use crate::resources::PROFILE_ID;
use crate::store::{FileSettings, Stores};
use crate::time::Timestamp;

/// Version of the columns of changes; increases when one changes its name or meaning.
const CHANGES_SCHEMA_VERSION: u32 = 1;

/// How a comparison is written.
#[derive(Debug)]
pub struct DiffConfig {
    /// The outputs; empty for a summary alone.
    pub outputs: Vec<OutputRequest>,
    /// How old and new values are laid out.
    pub layout: ChangeLayout,
    /// The object stores of the run.
    pub stores: Arc<Stores>,
    files: FileSettings,
    format: FormatSettings,
}

impl DiffConfig {
    /// Checks the flags.
    ///
    /// # Errors
    /// When a format is unknown, or two outputs have the same path.
    pub fn new(args: &DiffArgs) -> Result<Self, ConfigError> {
        let naming = Naming::new(&args.files.store, None, ProfileNaming::default(), Timestamp::now())?;
        let outputs = check_outputs(&args.files, &naming)?;
        check_distinct(outputs.iter(), &[], std::iter::empty(), None)?;
        check_format_flags(&args.files, outputs.iter())?;
        let files = file_settings(&args.files);
        let metadata = changes_metadata();
        let format = FormatSettings {
            rows: "changes",
            metadata,
            csv: args.files.csv.settings(),
            decimals: args.files.decimals.unwrap_or_default(),
            ..FormatSettings::default()
        };
        let layout = if args.wide { ChangeLayout::Wide } else { ChangeLayout::Structs };
        Ok(Self { outputs, layout, stores: Arc::clone(naming.stores()), files, format })
    }

    /// How the changes between rows of this schema are written.
    pub fn output_settings(&self, rows: &Schema) -> OutputSettings {
        OutputSettings {
            format: self.format.clone(),
            files: self.files,
            ..OutputSettings::new(Projection::all(changes_schema(rows, self.layout)))
        }
    }

    /// How the rows of a state are written: with these columns of a schema, and the filters of the export.
    ///
    /// # Errors
    /// When the schema lacks one of the columns.
    pub fn state_settings(
        &self,
        rows: (&'static str, &Schema),
        columns: &[String],
        filters: &Filters,
    ) -> Result<OutputSettings, ColumnError> {
        let filters = serde_json::to_string(filters).expect("filters are texts and a flag");
        let version = ("sent_export.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        let metadata = vec![version, (FILTERS_KEY.to_owned(), filters)];
        let format = FormatSettings { rows: rows.0, metadata, ..self.format.clone() };
        let projection = Projection::select(rows.1, columns)?;
        Ok(OutputSettings { format, files: self.files, ..OutputSettings::new(projection) })
    }

    /// Checks that no output is one of these inputs.
    ///
    /// # Errors
    /// With the first one that is.
    pub fn check_inputs(&self, inputs: &HashSet<String>) -> Result<(), ConfigError> {
        let replaced = self.outputs.iter().find(|request| inputs.contains(&request.target.identity()));
        replaced.map_or(Ok(()), |request| Err(ConfigError::ReplacedInput(request.target.to_string())))
    }
}

/// The metadata of a file of changes: nothing that differs between two comparisons of the same exports.
pub(super) fn changes_metadata() -> Vec<(String, String)> {
    vec![
        ("sent_export.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("sent_export.changes_schema_version".to_owned(), CHANGES_SCHEMA_VERSION.to_string()),
    ]
}

/// The names of the columns that are not compared (`--ignore`): any column of the resource but those that rows are matched by.
///
/// # Errors
/// When a name is unknown or given twice.
pub fn ignored_columns(rows: &Schema, names: &[String]) -> Result<Vec<String>, ConfigError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let fields: Vec<_> =
        rows.fields().iter().filter(|field| field.name() != "id" && field.name() != PROFILE_ID).cloned().collect();
    let chosen = Projection::select(&Schema::new(fields), names).map_err(ConfigError::IgnoredColumns)?;
    Ok(chosen.schema().fields().iter().map(|field| field.name().clone()).collect())
}

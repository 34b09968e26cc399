//! Settings for the changes since the export that a run replaces.

use std::path::PathBuf;

use arrow::datatypes::Schema;

use super::ConfigError;
use super::diff::changes_metadata;
use super::files::requests_for;
use super::naming::Naming;
use crate::changes::{ChangeLayout, changes_schema};
use crate::cli::ChangesArgs;
use crate::format::{CsvSettings, FILTERS_KEY, FileFormat, FormatSettings, JsonDecimals, Projection};
use crate::input::{HISTORY_KEY, HistoryFacts};
use crate::publish::{OutputRequest, OutputSettings};
use crate::resources::{PROFILE_ID, PROFILE_NAME};
use crate::store::{FileSettings, OutputTarget, Sidecar};
use crate::transform::RowTransform;

/// The flags about changes.
#[derive(Debug, Clone, Copy)]
pub struct ChangesFlags<'a> {
    /// The flags that all resources share.
    pub args: &'a ChangesArgs,
    /// Whether rows that are gone are looked up in the API.
    pub confirms_removed: bool,
    /// The flag that limits the run to a part of the list, such as `--since`.
    pub span: Option<&'static str>,
}

/// What a run does with the changes since the export that it replaces.
#[derive(Debug)]
pub struct ChangesConfig {
    /// The outputs for the changes; empty if they are only counted.
    pub outputs: Vec<OutputRequest>,
    /// The folder of the history.
    pub history: Option<OutputTarget>,
    /// Whether rows that are gone are looked up in the API.
    pub confirms_removed: bool,
    /// Exit code if nothing changed.
    pub exit_code_unchanged: Option<u8>,
    /// Columns of the resource that the run writes, in their order, and that of the profile.
    pub columns: Vec<String>,
    /// The journal for looking up rows that are gone.
    pub(super) journal: Option<PathBuf>,
    files: FileSettings,
    csv: CsvSettings,
    decimals: JsonDecimals,
}

impl ChangesConfig {
    /// Checks the flags; `None` if nothing is compared.
    ///
    /// # Errors
    /// When there is nothing to compare with, rows cannot be matched, or a target or format cannot be used.
    pub(super) fn new(
        flags: ChangesFlags<'_>,
        (outputs, rows, schema): (&[OutputRequest], &RowTransform, &Schema),
        (args_of_files, files): (&crate::cli::FileArgs, FileSettings),
        journal: Option<&PathBuf>,
        naming: &Naming,
    ) -> Result<Option<Self>, ConfigError> {
        let ChangesFlags { args, confirms_removed, span } = flags;
        if !args.compares() {
            return if confirms_removed { Err(ConfigError::NothingToConfirm) } else { Ok(None) };
        }
        if outputs.iter().all(|request| request.target.is_stream()) {
            return Err(ConfigError::NothingToCompare);
        }
        if let (Some(flag), Some(_)) = (span, &args.history) {
            return Err(ConfigError::HistoryOfSpan(flag));
        }
        let written = rows.schema();
        let is_lacking = |name: &&str| schema.field_with_name(name).is_ok() && written.field_with_name(name).is_err();
        if let Some(column) = ["id", PROFILE_ID].into_iter().find(is_lacking) {
            return Err(ConfigError::ChangesWithoutKey(column));
        }
        let of_changes = requests_for(&args.changes, None, naming)?;
        if let Some(stream) = of_changes.iter().find(|request| request.target.is_stream()) {
            return Err(ConfigError::ChangesOnStream(stream.target.clone()));
        }
        let history = args.history.as_deref().map(|path| naming.target(path)).transpose()?;
        if let Some(stream) = history.iter().find(|target| target.is_stream()) {
            return Err(ConfigError::ChangesOnStream(stream.clone()));
        }
        // What is written of a profile beside its id is not compared: a new name is no change of its rows.
        let names = written.fields().iter().map(|field| field.name().clone()).filter(|name| name != PROFILE_NAME);
        let journal = journal.map(|path| {
            let (_, output) = Sidecar::of(path).unwrap_or((Sidecar::Journal, "output"));
            Sidecar::Journal.path(&path.with_file_name(format!("{output}.removed")))
        });
        Ok(Some(Self {
            outputs: of_changes,
            history,
            confirms_removed,
            exit_code_unchanged: args.exit_code_unchanged,
            columns: names.filter(|name| schema.field_with_name(name).is_ok()).collect(),
            journal,
            files,
            csv: args_of_files.csv.settings(),
            decimals: args_of_files.decimals.unwrap_or_default(),
        }))
    }

    /// Whether rows are matched by their profiles, too.
    pub fn has_profiles(&self) -> bool {
        self.columns.iter().any(|column| column == PROFILE_ID)
    }

    /// How the changes between rows of this schema are written.
    pub fn output_settings(&self, rows: &Schema) -> OutputSettings {
        let format = FormatSettings {
            rows: "changes",
            metadata: changes_metadata(),
            csv: self.csv.clone(),
            decimals: self.decimals,
            ..FormatSettings::default()
        };
        OutputSettings {
            format,
            files: self.files,
            ..OutputSettings::new(Projection::all(changes_schema(rows, ChangeLayout::Structs)))
        }
    }

    /// How a file of the history is written for rows with this schema: the columns that the run writes, with facts about
    /// the file in its metadata.
    pub fn history_settings(&self, rows: &Schema, facts: &HistoryFacts) -> OutputSettings {
        let schema = changes_schema(rows, ChangeLayout::Log { valid_from: 0 });
        let is_key = |name: &str| name == "id" || name == PROFILE_ID;
        let is_of_rows = |name: &str| !is_key(name) && rows.field_with_name(name).is_ok();
        let all = schema.fields().iter().map(|field| field.name().as_str());
        let of_history = all.filter(|name| !is_of_rows(name));
        let of_rows = self.columns.iter().map(String::as_str).filter(|name| !is_key(name));
        let projection = Projection::select(&schema, of_history.chain(of_rows)).expect("the columns are those of rows");
        let said = serde_json::to_string(facts).expect("texts, flags and maps with text keys");
        let filters = serde_json::to_string(&facts.filters).expect("filters are texts and a flag");
        let mut metadata = changes_metadata();
        metadata.extend([(HISTORY_KEY.to_owned(), said), (FILTERS_KEY.to_owned(), filters)]);
        let format = FormatSettings { rows: "history", metadata, ..FormatSettings::default() };
        OutputSettings { format, files: self.files, ..OutputSettings::new(projection) }
    }

    /// How small files are written, and whether folders are created.
    pub fn files(&self) -> FileSettings {
        self.files
    }

    /// The format of the files of a history.
    pub const HISTORY_FORMAT: FileFormat = FileFormat::PARQUET;
}

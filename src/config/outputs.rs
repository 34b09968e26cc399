//! What an export writes, and where.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ConfigError;
use super::activities::ActivitiesConfig;
use super::places::{check_distinct, check_manifest};
use super::row_format::{RowFormat, SecondOutput, metadata};
use crate::cli::{CsvArgs, OutputArgs, ReportFileArgs};
use crate::format::{ColumnError, FileFormat, Format, Projection};
use crate::publish::{OutputRequest, OutputSettings};
use crate::report::{Filters, ReportForm};
use crate::store::{FileSettings, OutputTarget, Sidecar, Stores};

/// Flags for what is written beside the rows; by default, nothing.
#[derive(Debug, Clone, Default)]
pub struct BesideFlags<'a> {
    /// Reports; `None` for a command without any.
    pub reports: Option<&'a ReportFileArgs>,
    /// Where to write the ids that are not found.
    pub missing: Option<&'a Path>,
    /// Where to write the activities of the rows, if they are read in the same run.
    pub activities: Option<SecondOutput<'a>>,
}

/// What the folders of days are named after: the date of `created_at`, UTC.
pub const CREATED_DATE: &str = "created_date";

/// Everything that an export writes.
#[derive(Debug)]
pub struct OutputsConfig {
    /// What to write.
    pub outputs: Vec<OutputRequest>,
    /// How to write it.
    pub settings: OutputSettings,
    /// Which reports are written where, and in which forms.
    pub reports: Vec<(OutputTarget, ReportForm)>,
    /// Where the ids go that are not found.
    pub missing: Option<OutputTarget>,
    /// What is written of the activities of the rows, if they are read in the same run.
    pub activities: Option<ActivitiesConfig>,
    /// Where the manifest goes.
    pub manifest: Option<OutputTarget>,
    /// Where it goes unless asked otherwise, beside the first file as it was named, and where version 0.1 left it.
    pub manifests_beside: Vec<OutputTarget>,
    /// How reports and the manifest are written; whether their places are locked is only known once they are.
    pub small_files: FileSettings,
    /// The object stores of the run.
    pub stores: Arc<Stores>,
    /// Where the journal goes; `None` when no regular file is written.
    pub(super) journal: Option<PathBuf>,
}

impl OutputsConfig {
    /// Checks the flags. `needs_manifest` says whether a gate compares with the manifest of the previous export,
    /// `state_dir` is the folder for the state of runs that was asked for.
    ///
    /// # Errors
    /// When a format is unknown, or two files have the same path.
    pub(super) fn new(
        args: &OutputArgs,
        flags: &BesideFlags<'_>,
        needs_manifest: bool,
        (rows, filters): (&RowFormat, &Filters),
        (stores, state_dir): (&Arc<Stores>, Option<&Path>),
    ) -> Result<Self, ConfigError> {
        // A day's file has the same bytes whatever span the run read.
        let span = if rows.partition.is_some() { None } else { filters.since.clone() };
        let metadata = metadata(&Filters { since: span, ..filters.clone() }, rows.schema_version);
        let outputs = match rows.partition {
            Some(_) => vec![check_folder(args, stores)?],
            None => check_outputs(&args.output, args.format, stores)?,
        };
        let reports = flags.reports.map_or(Ok(Vec::new()), |reports| check_reports(reports, stores))?;
        let kept = || outputs.iter().map(|request| &request.target).filter(|target| !target.is_stream());
        let manifests_beside = kept().next().map(OutputTarget::manifests).unwrap_or_default();
        let manifest = check_manifest(args, needs_manifest, manifests_beside.first(), stores)?;
        let missing = flags.missing.map(|path| OutputTarget::new(path, stores)).transpose()?;
        let files =
            FileSettings { mode: args.mode, makes_folders: !args.store.no_create_dirs, ..FileSettings::default() };
        let activities = flags.activities.as_ref();
        let activities =
            activities.map(|second| ActivitiesConfig::new(second, args, (files, stores), filters)).transpose()?;
        if let (Some(_), Some(stream)) = (&activities, outputs.iter().find(|request| request.target.is_stream())) {
            return Err(ConfigError::ActivitiesOnStream(stream.target.clone()));
        }
        if let (Some(activities), Some(_), [folder]) = (&activities, rows.partition, args.output.as_slice()) {
            activities.check_outside(&OutputTarget::new(folder, stores)?)?;
        }
        let beside = reports.iter().map(|(target, _)| target).chain(&missing);
        let all = outputs.iter().chain(activities.iter().map(|activities| &activities.output));
        check_distinct(all, beside, manifest.as_ref())?;
        check_csv_flags(&args.csv, outputs.iter().chain(activities.iter().map(|activities| &activities.output)))?;
        let settings = OutputSettings {
            format: rows.format_settings(metadata, &args.csv.settings()),
            files,
            partition: rows.partition,
            ..OutputSettings::new(columns(args.columns.as_deref(), rows)?)
        };
        // Beside the first file, so that whoever moves or removes it sees it; else in the folder for state.
        let first_file = kept().find(|target| target.path().is_some()).or_else(|| kept().next());
        let journaled = match state_dir {
            Some(folder) => first_file.and_then(|target| target.state_path_in(folder)),
            None => first_file.and_then(OutputTarget::state_path),
        };
        let journal = journaled.map(|path| Sidecar::Journal.path(&path));
        Ok(Self {
            outputs,
            settings,
            reports,
            missing,
            activities,
            manifest,
            manifests_beside,
            small_files: files,
            stores: Arc::clone(stores),
            journal,
        })
    }

    /// The first output that goes to stdout or a pipe, where nothing can be held back.
    pub(super) fn first_stream(&self) -> Option<&OutputTarget> {
        self.outputs.iter().map(|request| &request.target).find(|target| target.is_stream())
    }

    /// What is written beside the rows and the manifest.
    pub fn side_files(&self) -> impl Iterator<Item = &OutputTarget> {
        self.reports.iter().map(|(target, _)| target).chain(&self.missing)
    }

    /// A manifest that the locks of the outputs do not keep from other runs, since it does not lie beside the first.
    pub fn manifest_elsewhere(&self) -> Option<OutputTarget> {
        self.manifest.clone().filter(|target| !self.manifests_beside.contains(target))
    }
}

/// The outputs that are asked for, each with its format.
pub(super) fn check_outputs(
    paths: &[PathBuf],
    format: Option<FileFormat>,
    stores: &Arc<Stores>,
) -> Result<Vec<OutputRequest>, ConfigError> {
    let mut requests = Vec::new();
    for path in paths {
        let request = OutputRequest::new(path, format, stores)?;
        let is_terminal = request.target == OutputTarget::Stdout && std::io::stdout().is_terminal();
        if is_terminal && !request.format.is_plain_text() {
            return Err(ConfigError::BinaryToTerminal(request.format));
        }
        requests.push(request);
    }
    Ok(requests)
}

/// Flags for CSV without a CSV file are a mistake.
pub(super) fn check_csv_flags<'a>(
    flags: &CsvArgs,
    mut outputs: impl Iterator<Item = &'a OutputRequest>,
) -> Result<(), ConfigError> {
    match flags.first_given() {
        Some(flag) if !outputs.any(|request| request.format.format() == Format::Csv) => Err(ConfigError::NoCsv(flag)),
        _ => Ok(()),
    }
}

/// The one output that is a folder: what lies in it is named after the column.
fn check_folder(args: &OutputArgs, stores: &Arc<Stores>) -> Result<OutputRequest, ConfigError> {
    let [folder] = args.output.as_slice() else { return Err(ConfigError::SeveralFolders) };
    let folder = OutputTarget::new(folder, stores)?;
    if folder.is_stream() {
        return Err(ConfigError::PartitionedStream(folder));
    }
    match args.format {
        None | Some(FileFormat::PARQUET) => {
            Ok(OutputRequest { target: folder.join(CREATED_DATE), format: FileFormat::PARQUET })
        }
        Some(format) => Err(ConfigError::PartitionFormat(format)),
    }
}

/// All reports, whatever flag asks for them.
fn check_reports(args: &ReportFileArgs, stores: &Arc<Stores>) -> Result<Vec<(OutputTarget, ReportForm)>, ConfigError> {
    let mut reports = Vec::new();
    if let Some(path) = &args.summary {
        reports.push((OutputTarget::new(path, stores)?, ReportForm::Json));
    }
    for path in &args.report {
        let form = ReportForm::from_path(path).ok_or_else(|| ConfigError::UnknownReport(path.display().to_string()))?;
        reports.push((OutputTarget::new(path, stores)?, form));
    }
    Ok(reports)
}

/// The columns to write: those that were named, in their order, or all that are not hidden.
fn columns(names: Option<&[String]>, rows: &RowFormat) -> Result<Projection, ColumnError> {
    let all = rows.schema.fields().iter().map(|field| field.name().as_str());
    let shown: Vec<&str> = all.filter(|name| !rows.hidden_columns.contains(name)).collect();
    match names {
        Some(names) => {
            let visible = Projection::select(&rows.schema, &shown)?;
            // Selected from the visible columns, so that an error does not suggest one without values.
            let chosen = Projection::select(visible.schema(), names)?;
            Projection::select(&rows.schema, chosen.schema().fields().iter().map(|field| field.name()))
        }
        None => Projection::select(&rows.schema, &shown),
    }
}

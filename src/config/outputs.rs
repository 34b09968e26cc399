//! The outputs of an export and the files beside them.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ConfigError;
use super::activities::ActivitiesConfig;
use super::changes::{ChangesConfig, ChangesFlags};
use super::columns::{dropped_columns, phone_protection, rows_to_write};
use super::files::{check_format_flags, check_outputs, file_settings};
use super::naming::Naming;
use super::places::{check_distinct, check_manifest};
use super::row_format::{RowFormat, SecondOutput, metadata};
use crate::cli::{OutputArgs, ReportFileArgs};
use crate::format::FileFormat;
use crate::publish::{OutputRequest, OutputSettings, PartitionBy};
use crate::report::{Filters, ReportForm};
use crate::store::{FileSettings, OutputTarget, PlacePattern, Sidecar, Stores};
use crate::transform::Privacy;

/// Flags for the files beside the outputs; the default has none.
#[derive(Debug, Clone, Default)]
pub struct BesideFlags<'a> {
    /// Reports; `None` for a command without reports.
    pub reports: Option<&'a ReportFileArgs>,
    /// The file for ids that were not found.
    pub missing: Option<&'a Path>,
    /// The output for the activities of the rows, if they are read in the same run.
    pub activities: Option<SecondOutput<'a>>,
    /// The flags about changes since the replaced export.
    pub changes: Option<ChangesFlags<'a>>,
}

/// The outputs of an export and the files beside them.
#[derive(Debug)]
pub struct OutputsConfig {
    /// The outputs.
    pub outputs: Vec<OutputRequest>,
    /// How they are written.
    pub settings: OutputSettings,
    /// The reports, each with its target and form.
    pub reports: Vec<(OutputTarget, ReportForm)>,
    /// The file for ids that were not found.
    pub missing: Option<OutputTarget>,
    /// The activities of the rows, if they are read in the same run.
    pub activities: Option<ActivitiesConfig>,
    /// The changes since the replaced export.
    pub changes: Option<ChangesConfig>,
    /// The manifest's target.
    pub manifest: Option<OutputTarget>,
    /// The default paths of the manifest: beside the first file as named, and where version 0.1 wrote it.
    pub manifests_beside: Vec<OutputTarget>,
    /// Which columns are dropped, masked or hashed.
    pub privacy: Privacy,
    /// How reports and the manifest are written. Whether their paths are locked is only known after locking.
    pub small_files: FileSettings,
    /// The object stores of the run.
    pub stores: Arc<Stores>,
    /// The manifests of runs whose paths differ only in dates, times and ids; `None` if all runs have the same path.
    pub siblings: Option<PlacePattern>,
    /// Title of the reports.
    pub title: Option<String>,
    /// The locks of files that other runs write, if the paths differ from run to run.
    pub locks_of_others: Vec<PlacePattern>,
    /// How many exports to keep.
    pub keep: Option<NonZeroUsize>,
    /// Where the record of a publication is kept, if anything is published; the same in every run.
    pub record: Option<OutputTarget>,
    /// The id of the run.
    pub run_id: String,
    /// The journal's path; `None` if no regular file is written.
    pub(super) journal: Option<PathBuf>,
}

impl OutputsConfig {
    /// Checks the flags. `needs_manifest` tells whether a gate compares with the manifest of the previous export.
    ///
    /// # Errors
    /// When a format is unknown, or two files have the same path.
    pub(super) fn new(
        args: &OutputArgs,
        flags: &BesideFlags<'_>,
        needs_manifest: bool,
        (rows, filters): (&RowFormat, &Filters),
        naming: &Naming,
    ) -> Result<Self, ConfigError> {
        // The file of a day has the same bytes whatever span the run read.
        let span = if rows.partition.is_some() { None } else { filters.since.clone() };
        let partition = rows.partition.as_ref();
        let outputs = match partition {
            Some(by) => vec![check_folder(args, by, naming)?],
            None => check_outputs(&args.files, naming)?,
        };
        let reports = flags.reports.map_or(Ok(Vec::new()), |reports| check_reports(reports, naming))?;
        let kept = || outputs.iter().map(|request| &request.target).filter(|target| !target.is_stream());
        let manifests_beside = kept().next().map(OutputTarget::manifests).unwrap_or_default();
        if let (Some(by), Some("none")) = (partition, args.manifest.as_deref().and_then(Path::to_str))
            && !by.keeps_others()
        {
            return Err(ConfigError::DatasetWithoutManifest(by.name.clone()));
        }
        let manifest = check_manifest(args, needs_manifest, manifests_beside.first(), naming)?;
        let missing = flags.missing.map(|path| naming.target(path)).transpose()?;
        let files = file_settings(&args.files);
        let phones = phone_protection(&args.columns)?;
        let written = rows_to_write(&args.columns, rows, phones.as_ref())?;
        let activities = flags.activities.as_ref();
        let activities = activities
            .map(|second| ActivitiesConfig::new(second, args, (files, naming), filters, phones.as_ref()))
            .transpose()?;
        let second_table = activities.iter().map(|activities| &activities.settings.rows);
        let privacy = Privacy::of([&written].into_iter().chain(second_table), dropped_columns(&args.columns));
        let metadata = metadata(&Filters { since: span, ..filters.clone() }, &written, rows.schema_version);
        if let (Some(_), Some(stream)) = (&activities, outputs.iter().find(|request| request.target.is_stream())) {
            return Err(ConfigError::ActivitiesOnStream(stream.target.clone()));
        }
        if let (Some(activities), Some(_), [folder]) = (&activities, partition, args.files.output.as_slice()) {
            activities.check_outside(&naming.target(folder)?)?;
        }
        let beside = reports.iter().map(|(target, _)| target).chain(&missing);
        let all = outputs.iter().chain(activities.iter().map(|activities| &activities.output));
        // Beside the first file, so that people who move or remove it see it; otherwise in the folder for state.
        let first_file = kept().find(|target| target.path().is_some()).or_else(|| kept().next());
        let typed = |target: &OutputTarget| {
            let place = outputs.iter().position(|request| request.target == *target)?;
            // The folder stands for the files in it.
            let typed = args.files.output.get(place)?;
            Some(partition.map_or_else(|| typed.clone(), |by| typed.join(&by.name)))
        };
        let journaled = first_file.and_then(|target| naming.journal_base(&typed(target)?, target));
        let journal = journaled.map(|path| Sidecar::Journal.path(&path));
        let changes = flags.changes.map(|flags| {
            let rows = (&*outputs, &written, rows.schema.as_ref());
            ChangesConfig::new(flags, rows, (&args.files, files), journal.as_ref(), naming)
        });
        let changes = changes.transpose()?.flatten();
        let of_changes = || changes.iter().flat_map(|changes| &changes.outputs);
        if let (Some(_), [folder]) = (partition, args.files.output.as_slice()) {
            let folder = naming.target(folder)?;
            if let Some(inside) = of_changes().find(|request| request.target.is_below(&folder)) {
                return Err(ConfigError::ChangesInDataset(inside.target.clone()));
            }
        }
        let split = if args.max_rows_per_file.is_some() { outputs.as_slice() } else { &[] };
        check_distinct(all.clone().chain(of_changes()), split, beside, manifest.as_ref())?;
        check_format_flags(&args.files, all.chain(of_changes()))?;
        let settings = OutputSettings {
            format: rows.format_settings(metadata, &args.files),
            files,
            partition: rows.partition.clone(),
            max_rows: args.max_rows_per_file,
            ..OutputSettings::new(written)
        };
        let first = kept().next().and_then(typed);
        let typed_beside = flags.reports.iter().flat_map(|reports| reports.summary.iter().chain(&reports.report));
        let typed_beside = typed_beside.map(PathBuf::as_path).chain(flags.missing);
        let typed_of_changes = flags.changes.iter().flat_map(|flags| &flags.args.changes).map(PathBuf::as_path);
        let typed_outputs: Vec<PathBuf> = outputs.iter().filter_map(|request| typed(&request.target)).collect();
        let all_typed = typed_outputs.iter().map(PathBuf::as_path).chain(typed_beside).chain(typed_of_changes);
        let locks_of_others = all_typed.filter_map(|typed| locks_pattern(typed, naming)).collect();
        let record = kept().next().and_then(|target| naming.record_base(first.as_deref(), target));
        let record = record.map(|path| OutputTarget::File(Sidecar::Publication.path(&path)));
        let siblings = manifest_pattern(args, first.as_deref(), naming);
        if args.keep.is_some() && siblings.is_none() {
            return Err(ConfigError::KeepWithoutDate);
        }
        Ok(Self {
            outputs,
            settings,
            reports,
            missing,
            activities,
            changes,
            manifest,
            manifests_beside,
            privacy,
            small_files: files,
            stores: Arc::clone(naming.stores()),
            siblings,
            title: flags.reports.and_then(|reports| reports.title.clone()),
            keep: args.keep,
            record,
            locks_of_others,
            run_id: naming.run_id().to_owned(),
            journal,
        })
    }

    /// The name of an output for people: that of the folder for a dataset, and not those of its files.
    pub fn shown(&self, target: &OutputTarget) -> String {
        match target.parent().filter(|_| self.settings.partition.is_some()) {
            Some(folder) => format!("{}/", folder.to_string().trim_end_matches('/')),
            None => target.to_string(),
        }
    }

    /// The first output that goes to stdout or a pipe, which cannot be held back.
    pub(super) fn first_stream(&self) -> Option<&OutputTarget> {
        self.outputs.iter().map(|request| &request.target).find(|target| target.is_stream())
    }

    /// The files that are neither outputs nor the manifest.
    pub fn side_files(&self) -> impl Iterator<Item = &OutputTarget> {
        self.reports.iter().map(|(target, _)| target).chain(&self.missing)
    }

    /// The manifest, if it is not beside the first output and therefore not covered by its lock.
    pub fn manifest_elsewhere(&self) -> Option<OutputTarget> {
        self.manifest.clone().filter(|target| !self.manifests_beside.contains(target))
    }
}

/// The manifests that runs with these flags write; `first` is the first output as given.
fn manifest_pattern(args: &OutputArgs, first: Option<&Path>, naming: &Naming) -> Option<PlacePattern> {
    match args.manifest.as_deref() {
        Some(path) if path.as_os_str() == "none" => None,
        Some(path) => naming.siblings(path),
        None => naming.siblings(&Sidecar::Manifest.path(first?)),
    }
}

/// The locks of the files that other runs write to a path on this machine.
fn locks_pattern(typed: &Path, naming: &Naming) -> Option<PlacePattern> {
    let is_file = naming.target(typed).ok()?.path().is_some();
    if is_file { naming.siblings(&Sidecar::Lock.path(typed)) } else { None }
}

/// Checks that a dataset is the only output, and not in a folder with another partition.
fn check_folder(args: &OutputArgs, by: &PartitionBy, naming: &Naming) -> Result<OutputRequest, ConfigError> {
    let [folder] = args.files.output.as_slice() else { return Err(ConfigError::SeveralFolders) };
    if args.max_rows_per_file.is_some() {
        return Err(ConfigError::SplitPartitions);
    }
    let folder = naming.target(folder)?;
    if folder.is_stream() {
        return Err(ConfigError::PartitionedStream(folder));
    }
    let format = args.files.format.unwrap_or(FileFormat::PARQUET);
    if by.keeps_others() && format != FileFormat::PARQUET {
        return Err(ConfigError::PartitionFormat(format));
    }
    Ok(OutputRequest { target: folder.join(&by.name), format })
}

/// All reports, whichever flags request them.
fn check_reports(args: &ReportFileArgs, naming: &Naming) -> Result<Vec<(OutputTarget, ReportForm)>, ConfigError> {
    let mut reports = Vec::new();
    if let Some(path) = &args.summary {
        reports.push((naming.target(path)?, ReportForm::Json));
    }
    for path in &args.report {
        let form = ReportForm::from_path(path).ok_or_else(|| ConfigError::UnknownReport(path.display().to_string()))?;
        reports.push((naming.target(path)?, form));
    }
    Ok(reports)
}

//! Finds, checks and sorts the base of a comparison before the first request.

use crate::changes::{SnapshotSorter, SortSettings, SortedSnapshot};
use crate::cli::VerbosityArgs;
use crate::config::{ChangesConfig, ConfigError, ExportConfig};
use crate::error::Error;
use crate::export::NewRows;
use crate::input::{Content, FoundFiles, HistoryFacts, HistoryFolder, Mirror, detect_contents, published_at};
use crate::progress::FileProgress;
use crate::publish::{OutputLock, OutputSettings, Outputs, PartitionBy, lock_target, remove_leftovers_in};
use crate::store::{OutputTarget, check_writable};
use crate::time::Timestamp;

use super::super::compare::history::state_of_history;
use super::super::compare::side::{Side, SideFacts, Which};
use super::super::interrupted::export_place;
use super::{Base, BaseRows, Comparing, HistoryLock, check_base};

/// Memory for the rows of each snapshot; an export and up to three snapshots are in memory at a time.
const BUDGET_BYTES: usize = 32 << 20;
/// Name of a history's lock.
const HISTORY_LOCK: &str = "changes";

/// The history to which a run adds a file.
pub(super) struct HistoryRun {
    pub(super) folder: HistoryFolder,
    /// Its state, unless that is the replaced export.
    state: Option<SortedSnapshot>,
    /// Whether its state is the replaced export.
    follows_export: bool,
    /// How its next file is written.
    pub(super) settings: OutputSettings,
    /// Distinguishes runs with the same time.
    pub(super) digits: String,
    /// Columns that the run does not write.
    pub(super) unwritten: Vec<String>,
    /// The lock, held until the new file of the history is published.
    pub(super) lock: HistoryLock,
}

impl HistoryRun {
    /// The state of the history, if it is not the replaced export.
    pub(super) fn own_state(&self) -> Option<&SortedSnapshot> {
        self.state.as_ref()
    }

    /// Whether its state is the replaced export.
    pub(super) fn follows_export(&self) -> bool {
        self.follows_export
    }
}

/// Prepares the comparison that the flags request; `resource` is that of the rows. Also returns the collector of the new
/// rows.
///
/// # Errors
/// When the base cannot be read or compared, or an output cannot be written.
pub(in crate::commands) fn prepare(
    config: &ExportConfig,
    resource: &'static str,
    verbosity: &VerbosityArgs,
) -> Result<Option<(Comparing, NewRows)>, Error> {
    let Some(changes) = &config.outputs.changes else { return Ok(None) };
    let Some(content) = Content::of_resource(resource) else { return Ok(None) };
    let schema = content.compared_schema(changes.has_profiles());
    let outputs = Outputs::open(&changes.outputs, &changes.output_settings(&schema))?;
    let mut new_facts = SideFacts::default();
    let partition = config.outputs.settings.partition.as_ref();
    let (api, filters) = (config.account.name(), &config.filters);
    let keeps_others = partition.is_some_and(PartitionBy::keeps_others);
    new_facts.add_export(Some(api), filters, &config.outputs.privacy, keeps_others);
    let is_unwritten = |column: &usize| !changes.columns.contains(schema.field(*column).name());
    new_facts.absent = Some((0..schema.fields().len()).filter(is_unwritten).collect());
    let sorting = SortSettings { budget_bytes: BUDGET_BYTES, ..SortSettings::default() };
    let sorter = SnapshotSorter::new(&schema, &sorting)?;
    let mut mirror = Mirror::new(&config.outputs.stores);
    let shows = !verbosity.quiet && !verbosity.no_progress;
    let (base, rows) = find_base((config, changes), (resource, content), &sorter, (&new_facts, shows), &mut mirror)?;
    let of_run = (config, changes, resource);
    let history = changes.history.as_ref();
    let history = history
        .map(|folder| prepare_history(folder, of_run, &base, (content, &sorter, &sorting), &mut mirror, shows))
        .transpose()?;
    let undated_column = partition.and_then(PartitionBy::undated_column);
    let new_rows = NewRows::new(schema, sorter, undated_column);
    let schema = content.compared_schema(changes.has_profiles());
    let comparing = Comparing { schema, new_facts, base, rows, history, outputs, _copies: mirror };
    Ok(Some((comparing, new_rows)))
}

fn find_base(
    (config, changes): (&ExportConfig, &ChangesConfig),
    (resource, content): (&'static str, Content),
    sorter: &SnapshotSorter,
    (new_facts, shows): (&SideFacts, bool),
    mirror: &mut Mirror,
) -> Result<(Base, BaseRows), Error> {
    let outputs = &config.outputs;
    let place = export_place(config, resource).ok_or(ConfigError::NothingToCompare)?;
    let published = published_at(&place, mirror)?;
    let name = match published.as_deref() {
        Some([file]) => file.path.display().to_string(),
        _ => outputs.shown(&place.output.target),
    };
    let files = match published {
        Some(files) if !files.is_empty() => files,
        // The last export of a dataset may have no rows, and therefore no files.
        other => {
            let side = other.map(|files| Side::of(Which::Old, &name, content, files));
            return Ok((Base { place: name, side }, BaseRows::Read(sorter.another().finish()?)));
        }
    };
    let mut found = FoundFiles { files, ..FoundFiles::default() };
    let there = detect_contents(&mut found)?;
    if there != content {
        return Err(ConfigError::OtherRows { old: there.noun(), new: content.noun() }.into());
    }
    let mut side = Side::of(Which::Old, &name, content, found.files);
    if changes.has_profiles() {
        side.match_profiles();
    }
    check_base(&name, &side.facts, new_facts)?;
    side.warn_of_doubts(!shows);
    // If the whole dataset is replaced, all of it is the base, because rows with a value that no longer occurs are removed.
    if outputs.settings.partition.as_ref().is_some_and(PartitionBy::keeps_others) {
        return Ok((Base { place: name, side: Some(side) }, BaseRows::Unread(Box::new(sorter.another()))));
    }
    let mut rows = sorter.another();
    let mut progress = FileProgress::new(!shows, side.bytes());
    side.read(&mut rows, &mut progress)?;
    progress.finish();
    Ok((Base { place: name, side: Some(side) }, BaseRows::Read(rows.finish()?)))
}

fn prepare_history(
    target: &OutputTarget,
    (config, changes, resource): (&ExportConfig, &ChangesConfig, &'static str),
    base: &Base,
    (content, sorter, sorting): (Content, &SnapshotSorter, &SortSettings),
    mirror: &mut Mirror,
    shows: bool,
) -> Result<HistoryRun, Error> {
    let lock = lock_target(&target.join(HISTORY_LOCK), changes.files());
    let lock = lock.map_err(|error| error.of_history(target))?;
    if let Some(path) = target.path().filter(|_| lock.as_ref().is_some_and(OutputLock::is_held)) {
        // The names of its files differ from run to run, so nobody else removes what a killed run left.
        remove_leftovers_in(path, |file| HistoryFolder::of_file(file).is_some());
    }
    let folder = HistoryFolder::list(target)?;
    check_writable(&folder.new_place(Timestamp::now().micros(), "00000000"), changes.files())?;
    let newest = folder.newest(mirror)?;
    let facts = HistoryFacts {
        run_id: config.outputs.run_id.clone(),
        base_run_id: newest.as_ref().map(|newest| newest.facts.run_id.clone()),
        resource: resource.to_owned(),
        api: config.account.name().to_owned(),
        filters: config.filters.clone(),
        privacy: config.outputs.privacy.clone(),
        columns: changes.columns.clone(),
    };
    let schema = content.compared_schema(changes.has_profiles());
    let unwritten = schema.fields().iter().map(|field| field.name()).filter(|name| !changes.columns.contains(name));
    let mut history = HistoryRun {
        state: None,
        follows_export: false,
        settings: changes.history_settings(&schema, &facts),
        digits: facts.run_id.rsplit('-').next().unwrap_or_default().to_owned(),
        unwritten: unwritten.cloned().collect(),
        lock,
        folder,
    };
    let Some(newest) = newest else { return Ok(history) };
    check_facts(&newest.facts, &facts, target)?;
    // A column that the newest file lacks keeps the values of older files.
    let has_columns = facts.columns.iter().all(|column| newest.facts.columns.contains(column));
    let run = base.side.as_ref().and_then(Side::run).map(|(run_id, _)| run_id);
    let is_whole = config.outputs.settings.partition.is_none();
    history.follows_export = is_whole && has_columns && run == Some(&newest.facts.run_id);
    if !history.follows_export {
        let files = history.folder.until(i64::MAX, mirror)?;
        let mut progress = FileProgress::new(!shows, files.iter().map(|file| file.source.bytes).sum());
        history.state = Some(state_of_history(&files, (content, &schema), (sorter, sorting), &mut progress)?);
        progress.finish();
    }
    Ok(history)
}

/// Checks that a history has the same kind of rows as a run.
fn check_facts(old: &HistoryFacts, new: &HistoryFacts, folder: &OutputTarget) -> Result<(), ConfigError> {
    let place = folder.to_string();
    if old.resource != new.resource {
        let (old, new) = (old.resource.clone(), new.resource.clone());
        return Err(ConfigError::OtherBase { place, what: "rows", old, new });
    }
    let side = |facts: &HistoryFacts| {
        let mut side = SideFacts::default();
        side.add_export(Some(&facts.api), &facts.filters, &facts.privacy, false);
        side
    };
    check_base(&place, &side(old), &side(new))
}

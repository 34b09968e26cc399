//! Compares the rows of a run with those of the export that it replaces.
//!
//! ```text
//!  prepare   before the first request   the last export is found, checked and sorted; outputs are opened
//!  ········  the list is read           its rows go to the outputs, and sorted to NewRows
//!  compare   before the first rename    removals are confirmed; changes and the history are staged
//!  publish                              the history and the changes first, the manifest last
//! ```
//!
//! A run that resumes one which had begun to publish keeps its changes instead, see [`KeptChanges`].
//!
//! A history has its own state. Usually this equals the replaced export, because the same run wrote both. If it does not
//! (after a run without `--history`, or one that was killed while publishing), the new rows are also compared with the state
//! in the files of the history, so that the history never has a gap.
//!
//! *Easy to get wrong:* rows are compared as they will be read back, and the same columns of both sides are compared. A
//! setting that would make all rows differ, such as other filters, is detected before the first request.

mod confirm;
mod prepare;
mod write;

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use crate::changes::{GoneAs, SnapshotSorter, SortedSnapshot, for_each_gone};
use crate::config::{ConfigError, ExportConfig};
use crate::error::Error;
use crate::export::{Exported, NewRows, ReadReport};
use crate::input::Mirror;
use crate::progress::FileProgress;
use crate::publish::{OutputLock, OutputReport, Outputs, StagedOutputs};
use crate::report::{ProfileFacts, RunChanges};
use crate::store::{OutputTarget, Stores};
use crate::verdict::Verdict;

pub(super) use self::confirm::Confirming;
use self::prepare::HistoryRun;
pub(super) use self::prepare::prepare;
use self::write::WriteSettings;
use super::compare::comparable;
use super::compare::side::{Side, SideFacts};
use super::kept_changes::KeptChanges;
use super::stop::blocking_unless;

/// What a comparison prepares before the first request.
pub(super) struct Comparing {
    /// The columns that are compared, and those by which rows are matched.
    schema: SchemaRef,
    /// Facts about the new rows.
    new_facts: SideFacts,
    base: Base,
    rows: BaseRows,
    history: Option<HistoryRun>,
    outputs: Outputs,
    /// Local copies of objects that are not read yet.
    _copies: Mirror,
}

/// The base that the new rows are compared with.
struct Base {
    /// Its name in messages.
    place: String,
    /// The base itself; `None` for the first export.
    side: Option<Side>,
}

/// The rows of the base. If other days of a dataset are kept, rows are read only when it is known which days are replaced.
enum BaseRows {
    Read(SortedSnapshot),
    /// An empty sorter for the rows.
    Unread(Box<SnapshotSorter>),
}

/// The lock of a history; `None` if its location does not support locks.
pub(super) type HistoryLock = Option<OutputLock>;

/// The result of a comparison.
pub(super) struct Compared {
    /// For the report.
    pub(super) changes: RunChanges,
    /// The changes; `None` if those in place are kept.
    pub(super) staged: Option<StagedOutputs>,
    /// The file of the history, and the lock that is held until it is published.
    pub(super) history: Option<(StagedOutputs, HistoryLock)>,
    /// The files with changes that are kept.
    pub(super) kept: Vec<OutputReport>,
    /// The file of the history that is kept.
    pub(super) kept_history: Option<OutputReport>,
    /// The locks of the files that are kept.
    _locks: Option<Box<Comparing>>,
}

/// What is known after both sides are sorted.
struct Sorted {
    comparing: Comparing,
    base: SortedSnapshot,
    new: SortedSnapshot,
    /// Ids that only the export or the history has; empty unless removals are confirmed.
    gone: Vec<String>,
}

/// Compares the rows of a run with those that they replace, and stages the changes.
///
/// # Errors
/// When the rows belong to another account, a removal cannot be confirmed, or a file cannot be read or written.
pub(super) async fn compare<C>(
    mut comparing: Comparing,
    exported: &mut Exported<C>,
    config: &ExportConfig,
    confirming: Option<Confirming<'_>>,
    mut stop: Pin<&mut impl Future<Output = Error>>,
    started_at: i64,
) -> Result<Compared, Error> {
    // A run that compares always collects these.
    let new_rows = exported.gathered.new_rows.take().ok_or(Error::WriterDied)?;
    let read = &mut exported.read;
    let is_complete = read.verdict != Verdict::Unverified && read.rejected == 0;
    comparing.new_facts.profile_ids = read.profiles.iter().map(|profile| profile.id.clone()).collect();
    let stores = Arc::clone(&config.outputs.stores);
    let replaced = exported.gathered.staged.reports().iter().filter_map(|report| identity(&report.path, &stores));
    let replaced = Replaced { places: replaced.collect(), stores: Arc::clone(&stores) };
    let confirms = confirming.is_some();
    let sorted = blocking_unless(stop.as_mut(), move |_| comparing.sort(new_rows, &replaced, confirms)).await?;
    let mut settings = WriteSettings {
        gone_as: if is_complete { GoneAs::Removed } else { GoneAs::Missing },
        not_gone: HashSet::new(),
        complete_profiles: complete_profiles(read),
        started_at,
    };
    if let Some(confirming) = confirming {
        let confirmed = confirming.ask(&sorted.gone, config, stop.as_mut()).await?;
        confirmed.judge(read, &config.filters);
        // Every missing id was looked up.
        settings = WriteSettings { gone_as: GoneAs::Removed, not_gone: confirmed.not_gone, ..settings };
    }
    blocking_unless(stop, move |is_stopped| sorted.write(&settings, is_stopped)).await
}

/// The profiles of which every row was read.
fn complete_profiles(read: &ReadReport) -> HashSet<String> {
    let is_complete = |profile: &&ProfileFacts| profile.verdict != Verdict::Unverified && profile.items_rejected == 0;
    let complete = read.profiles.iter().filter(is_complete);
    complete.map(|profile| profile.id.clone()).collect()
}

/// The files that a run will replace.
struct Replaced {
    places: HashSet<String>,
    stores: Arc<Stores>,
}

impl Replaced {
    fn contains(&self, path: &Path) -> bool {
        identity(&path.to_string_lossy(), &self.stores).is_some_and(|place| self.places.contains(&place))
    }
}

fn identity(path: &str, stores: &Arc<Stores>) -> Option<String> {
    OutputTarget::new(Path::new(path), stores).ok().map(|target| target.identity())
}

impl Comparing {
    /// Compares nothing: the changes that an interrupted run has published are kept.
    pub(super) fn keep(self, kept: KeptChanges) -> Compared {
        let KeptChanges { changes, outputs, history, .. } = kept;
        let (kept, kept_history) = (outputs, history);
        Compared { changes, staged: None, history: None, kept, kept_history, _locks: Some(Box::new(self)) }
    }

    /// Sorts both sides.
    fn sort(mut self, new_rows: NewRows, replaced: &Replaced, confirms: bool) -> Result<Sorted, Error> {
        self.new_facts.customers.clone_from(new_rows.customers());
        let new = new_rows.finish()?;
        let rows = match (self.rows, &mut self.base.side) {
            (BaseRows::Read(rows), _) => rows,
            (BaseRows::Unread(mut sorter), Some(side)) => {
                // Other days are kept unchanged.
                side.retain_files(|file| replaced.contains(&file.path));
                side.read(&mut sorter, &mut FileProgress::new(true, 0))?;
                sorter.finish()?
            }
            (BaseRows::Unread(sorter), None) => sorter.finish()?,
        };
        self.rows = BaseRows::Read(SortedSnapshot::empty_like(&new));
        if let Some(side) = &self.base.side {
            check_base(&self.base.place, &side.facts, &self.new_facts)?;
        }
        let mut gone = BTreeSet::new();
        if confirms {
            let states = self.history.as_ref().and_then(HistoryRun::own_state);
            for old in [&rows].into_iter().chain(states) {
                for_each_gone(old, &new, |id| {
                    gone.insert(id.to_owned());
                })?;
            }
        }
        Ok(Sorted { comparing: self, base: rows, new, gone: gone.into_iter().collect() })
    }
}

/// Checks that the base can be compared with the new rows.
fn check_base(place: &str, old: &SideFacts, new: &SideFacts) -> Result<(), ConfigError> {
    let Some(comparable::Difference { what, old, new }) = comparable::difference(old, new) else { return Ok(()) };
    Err(ConfigError::OtherBase { place: place.to_owned(), what, old, new })
}

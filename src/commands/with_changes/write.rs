//! Writes the changes and the file of the history, staged beside the outputs.

use std::collections::HashSet;
use std::slice::from_ref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::plural::count_of;
use crate::changes::{ChangeCounts, ChangeLayout, Changes, CompareSettings, GoneAs, SortedSnapshot};
use crate::config::ChangesConfig;
use crate::error::Error;
use crate::publish::{OutputRequest, Outputs, StagedOutputs};
use crate::report::RunChanges;

use super::super::compare::comparable::columns_of_one_side;
use super::super::compare::side::Side;
use super::prepare::HistoryRun;
use super::{Compared, Sorted};

/// How changes are written.
pub(super) struct WriteSettings {
    /// What missing rows are called.
    pub(super) gone_as: GoneAs,
    /// Exceptions: missing rows that still exist.
    pub(super) not_gone: HashSet<String>,
    /// Profiles of which everything was read.
    pub(super) complete_profiles: HashSet<String>,
    /// When the run began, in microseconds UTC.
    pub(super) started_at: i64,
}

impl Sorted {
    /// Writes everything; nothing is published yet.
    pub(super) fn write(self, settings: &WriteSettings, is_stopped: &AtomicBool) -> Result<Compared, Error> {
        let Self { comparing, base, new, .. } = self;
        let schema = Arc::clone(&comparing.schema);
        let side = comparing.base.side.as_ref();
        let ignored = side.map(|side| columns_of_one_side(&side.facts, &comparing.new_facts, &schema));
        let comparison = settings.comparison(ignored.unwrap_or_default(), ChangeLayout::Structs);
        let (mut staged, counts) = write_changes([&base, &new], &comparison, comparing.outputs, is_stopped)?;
        staged.set_resource("changes");
        if let Some(side) = side {
            side.warn_of_repeated(counts.repeated[0]);
        }
        let history =
            comparing.history.map(|history| history.write([&base, &new], settings, is_stopped)).transpose()?;
        let changes = run_changes(counts, side);
        Ok(Compared { changes, staged: Some(staged), history, kept: Vec::new(), kept_history: None, _locks: None })
    }
}

impl WriteSettings {
    fn comparison(&self, ignored: Vec<String>, layout: ChangeLayout) -> CompareSettings {
        CompareSettings {
            ignored,
            layout,
            gone_as: self.gone_as,
            not_gone: self.not_gone.clone(),
            complete_profiles: self.complete_profiles.clone(),
            whole_rows: false,
        }
    }
}

impl HistoryRun {
    /// Writes the changes from the state of the history to the new rows.
    fn write(
        self,
        [base, new]: [&SortedSnapshot; 2],
        settings: &WriteSettings,
        is_stopped: &AtomicBool,
    ) -> Result<(StagedOutputs, super::HistoryLock), Error> {
        let nothing;
        let old = match self.own_state() {
            Some(state) => state,
            None if self.follows_export() => base,
            // The first file contains all rows.
            None => {
                nothing = SortedSnapshot::empty_like(new);
                &nothing
            }
        };
        // Files sort by time, and the clock of this machine may have been set back.
        let after_newest = self.folder.newest_time().map_or(i64::MIN, |newest| newest + 1);
        let valid_from = settings.started_at.max(after_newest);
        let target = self.folder.new_place(valid_from, &self.digits);
        let request = OutputRequest { target, format: ChangesConfig::HISTORY_FORMAT };
        // Only columns that the run does not write are ignored, because the state must equal the new rows in all others.
        let comparison = settings.comparison(self.unwritten.clone(), ChangeLayout::Log { valid_from });
        let outputs = Outputs::open(from_ref(&request), &self.settings)?;
        let (mut staged, counts) = write_changes([old, new], &comparison, outputs, is_stopped)?;
        staged.set_resource("history");
        let rows = count_of(counts.added + counts.changed + counts.removed + counts.missing, "row", "rows");
        tracing::info!("adding {rows} to the history: {}", request.target);
        Ok((staged, self.lock))
    }
}

fn write_changes(
    [old, new]: [&SortedSnapshot; 2],
    comparison: &CompareSettings,
    mut outputs: Outputs,
    is_stopped: &AtomicBool,
) -> Result<(StagedOutputs, ChangeCounts), Error> {
    let mut changes = Changes::between(old, new, comparison)?;
    while let Some(batch) = changes.next_batch()? {
        if is_stopped.load(Ordering::Relaxed) {
            // The error of `stop` is shown instead.
            return Err(Error::WriterDied);
        }
        if batch.num_rows() > 0 {
            outputs.write(&batch)?;
        }
    }
    Ok((outputs.finish()?, changes.counts()))
}

fn run_changes(counts: ChangeCounts, side: Option<&Side>) -> RunChanges {
    let ChangeCounts { added, changed, removed, missing, unchanged, opted_out, opted_in, fields, .. } = counts;
    let run = side.and_then(Side::run);
    RunChanges {
        base_run_id: run.map(|(id, _)| id.to_owned()),
        since: run.map(|(_, began)| began.to_millis()),
        is_first: side.is_none(),
        added,
        changed,
        removed,
        missing,
        unchanged,
        opted_out,
        opted_in,
        changed_fields: fields.into_iter().collect(),
    }
}

//! The lineage of a run: an event at its beginning and one at its end.
//!
//! *Easy to get wrong:* a server that does not answer must not keep a run from its work. So the first event is posted on
//! a thread of its own, which is waited for before the last one is, so that they arrive in their order.

use std::sync::Arc;

use crate::error::Error;
use crate::telemetry::{
    EmitError, Lineage, LineageDataset, LineageEvent, LineageState, LineageVariables, PendingEvent, RunRecord,
};

use super::super::printer::warn_text;

/// What a run tells of its lineage.
#[derive(Default)]
pub(super) struct RunLineage {
    is_started: bool,
    /// The first event, while it is posted.
    pending: Option<PendingEvent>,
    inputs: Vec<LineageDataset>,
    /// What is written, or going to be.
    outputs: Vec<LineageDataset>,
}

/// What the environment says of lineage.
pub(super) fn variables() -> LineageVariables {
    let value = |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let given = |name| value(name).filter(|value| !value.trim().is_empty());
    LineageVariables {
        api_key: given("OPENLINEAGE_API_KEY"),
        parent: given("OPENLINEAGE_PARENT_ID"),
        root: given("OPENLINEAGE_ROOT_PARENT_ID"),
    }
}

impl RunLineage {
    /// Tells that a run begins.
    pub(super) fn start(
        &mut self,
        lineage: &Arc<Lineage>,
        record: &RunRecord,
        (inputs, outputs): (Vec<LineageDataset>, Vec<LineageDataset>),
    ) {
        (self.is_started, self.inputs, self.outputs) = (true, inputs, outputs);
        match lineage.emit_aside(&self.event(LineageState::Start, record)) {
            Ok(pending) => self.pending = pending,
            Err(error) => warn(&error),
        }
    }

    /// Notes what a run has written, in place of what it was going to write there.
    pub(super) fn note_written(&mut self, datasets: &[LineageDataset]) {
        let is_new = |known: &LineageDataset| {
            !datasets.iter().any(|new| (&new.namespace, &new.name) == (&known.namespace, &known.name))
        };
        self.outputs.retain(is_new);
        self.outputs.extend_from_slice(datasets);
    }

    /// Tells how a run ended; that it began, too, if it ended before that was told.
    pub(super) fn finish(
        mut self,
        lineage: &Arc<Lineage>,
        record: &RunRecord,
        inputs: impl FnOnce() -> Vec<LineageDataset>,
        error: Option<&Error>,
    ) {
        if !self.is_started {
            let begun = RunRecord { error: None, ..record.clone() };
            self.start(lineage, &begun, (inputs(), Vec::new()));
        }
        if let Some(pending) = self.pending.take()
            // A panic there is a bug, and has said so.
            && let Ok(Err(error)) = pending.join()
        {
            warn(&error);
        }
        let state = error.map_or(LineageState::Complete, state_of);
        if let Err(error) = lineage.emit(&self.event(state, record)) {
            warn(&error);
        }
    }

    fn event<'b>(&'b self, state: LineageState, record: &'b RunRecord) -> LineageEvent<'b> {
        LineageEvent { state, record, inputs: &self.inputs, outputs: &self.outputs }
    }
}

fn warn(error: &EmitError) {
    warn_text(&error.to_string());
}

/// How a run with an error ended: stopped from outside, or failed.
fn state_of(error: &Error) -> LineageState {
    match error {
        Error::Kept { error, .. } => state_of(error),
        Error::Stopped(_) | Error::StoppedBetween(_) | Error::TimeLimit(_) => LineageState::Abort,
        _ => LineageState::Fail,
    }
}

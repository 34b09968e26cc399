//! The lineage of a run: an event at its beginning and one at its end.
//!
//! *Easy to get wrong:* a server that does not respond must not delay the run. So the first event is posted on another
//! thread, which is joined before the last event is posted, to keep their order.

use std::sync::Arc;

use crate::error::Error;
use crate::telemetry::{
    EmitError, Lineage, LineageDataset, LineageEvent, LineageState, LineageVariables, PendingEvent, RunRecord,
};

use super::super::printer::warn_text;

/// The lineage of a run.
#[derive(Default)]
pub(super) struct RunLineage {
    is_started: bool,
    /// The first event, while it is being posted.
    pending: Option<PendingEvent>,
    inputs: Vec<LineageDataset>,
    /// The outputs, planned or written.
    outputs: Vec<LineageDataset>,
}

/// The environment variables for lineage.
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
    /// Reports the start of a run.
    pub(super) fn start(
        &mut self,
        lineage: &Arc<Lineage>,
        record: &RunRecord,
        (inputs, outputs): (Vec<LineageDataset>, Vec<LineageDataset>),
    ) {
        (self.is_started, self.inputs, self.outputs) = (true, inputs, outputs);
        match lineage.emit_in_background(&self.event(LineageState::Start, record)) {
            Ok(pending) => self.pending = pending,
            Err(error) => warn(&error),
        }
    }

    /// Replaces planned outputs with those that were written.
    pub(super) fn note_written(&mut self, datasets: &[LineageDataset]) {
        let is_new = |known: &LineageDataset| {
            !datasets.iter().any(|new| (&new.namespace, &new.name) == (&known.namespace, &known.name))
        };
        self.outputs.retain(is_new);
        self.outputs.extend_from_slice(datasets);
    }

    /// Reports the end of a run, after its start if that was not reported yet.
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
            // A panic is a bug, and was already printed.
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

/// The final state of a run with an error: aborted or failed.
fn state_of(error: &Error) -> LineageState {
    match error {
        Error::Kept { error, .. } => state_of(error),
        Error::Stopped(_) | Error::StoppedBetween(_) | Error::TimeLimit(_) => LineageState::Abort,
        _ => LineageState::Fail,
    }
}

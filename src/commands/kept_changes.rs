//! Keeps the changes that an interrupted run has already published when another run resumes it.
//!
//! With one output per profile, a run publishes the profiles one by one and keeps all journals until its end. A resuming
//! run publishes the same rows again, from the journal. Compared with the current output they would be unchanged, and the
//! changes since the previous export would be lost.
//!
//! *Easy to get wrong:* the start time in the manifest equals that of the journal if both come from the same responses. No
//! other state is needed, so a killed run cannot leave a wrong one.

use serde::Deserialize;

use crate::config::{ChangesConfig, ExportConfig};
use crate::format::FileFormat;
use crate::publish::{OutputReport, PublishedFile, is_part_of, read_manifest};
use crate::report::RunChanges;
use crate::time::Timestamp;

use super::datasets::{CHANGES, HISTORY};

/// The changes in a manifest.
#[derive(Debug, Deserialize)]
struct PublishedChanges {
    #[serde(default)]
    started_at: String,
    changes: Option<RunChanges>,
    history: Option<PublishedFile>,
}

/// Changes that are kept.
#[derive(Debug)]
pub(super) struct KeptChanges {
    /// The counts, for the report and the exit code.
    pub(super) changes: RunChanges,
    /// The files, with paths relative to the manifest.
    pub(super) outputs: Vec<OutputReport>,
    /// The file of the history.
    pub(super) history: Option<OutputReport>,
}

impl KeptChanges {
    /// The changes of the published export, if that was made from the same responses as this run, which began to read at
    /// `began_at` (microseconds UTC); `None` if it was not, or lacks changes that the flags request.
    pub(super) fn find(config: &ExportConfig, began_at: i64) -> Option<Self> {
        let (wanted, manifest) = (config.outputs.changes.as_ref()?, config.outputs.manifest.as_ref()?);
        // An unreadable manifest is an error only where it is needed.
        let before = read_manifest::<PublishedChanges>(manifest).ok().flatten()?;
        let PublishedChanges { started_at, changes, history } = before.details;
        if started_at != Timestamp::from_micros(began_at).to_millis() {
            return None;
        }
        let mut outputs = Vec::new();
        for request in &wanted.outputs {
            let place = request.target.seen_from(manifest);
            let is_its = |file: &&PublishedFile| file.path == place || is_part_of(&file.path, &place);
            let of_changes = before.outputs.iter().filter(|file| file.resource.as_deref() == Some(CHANGES));
            let files: Vec<_> = of_changes.filter(is_its).cloned().collect();
            if files.is_empty() {
                return None;
            }
            outputs.extend(files.into_iter().map(|file| kept(file, CHANGES, request.format)));
        }
        if wanted.history.is_some() && history.is_none() {
            return None;
        }
        let history = history.map(|file| kept(file, HISTORY, ChangesConfig::HISTORY_FORMAT));
        Some(Self { changes: changes?, outputs, history })
    }
}

/// The entry of a file that is kept in the manifest.
fn kept(file: PublishedFile, resource: &'static str, format: FileFormat) -> OutputReport {
    let PublishedFile { path, csv, rows, bytes, sha256, .. } = file;
    OutputReport { path, resource: Some(resource), format, csv, rows, bytes, sha256: sha256.unwrap_or_default() }
}

//! What a run has published: the last file that appears.
//!
//! Whoever waits for `<output>.manifest.json` finds every output of the run whole, and can check each by size and SHA-256.
//! The next run reads it to see by how much an account has shrunk.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{OutputReport, SinkError, StagedFile, stage_small_file};

/// Version of the manifest; grows when a field changes its name or meaning. New fields do not change it.
pub const MANIFEST_SCHEMA_VERSION: u32 = 1;

/// A manifest; `F` are the filters and `C` the verdict with its evidence, as the run tells them.
#[derive(Debug, Serialize)]
pub struct Manifest<'a, F: Serialize, C: Serialize> {
    /// [`MANIFEST_SCHEMA_VERSION`]
    pub schema_version: u32,
    /// Version of the program.
    pub tool_version: &'static str,
    /// RFC 3339, UTC.
    pub started_at: &'a str,
    /// RFC 3339, UTC.
    pub finished_at: &'a str,
    /// Address of the API that was read, or `simulator`.
    pub api: &'a str,
    /// What was left out on request.
    pub filters: &'a F,
    /// Contacts in every output.
    pub contacts: u64,
    /// Items of the list that could not be contacts, and are in no output.
    pub items_rejected: u64,
    /// `complete`, `healed` or `unverified`.
    pub verdict: &'static str,
    /// What the verdict rests on.
    pub evidence: &'a [String],
    /// The same in numbers.
    pub consistency: &'a C,
    /// The files.
    pub outputs: &'a [OutputReport],
}

/// What the next run needs of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PublishedBefore {
    /// Contacts in every output.
    pub contacts: u64,
}

/// Where the manifest of a run lies: beside its first file.
pub fn manifest_path(output: &Path) -> Option<PathBuf> {
    let name = output.file_name()?.to_string_lossy();
    Some(output.with_file_name(format!("{name}.manifest.json")))
}

/// Reads what a run before has published; `None` if there is no manifest that can be read.
pub fn read_manifest(path: &Path) -> Option<PublishedBefore> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

impl<F: Serialize, C: Serialize> Manifest<'_, F, C> {
    /// Writes the manifest, without its name yet: that comes after those of all other files.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn stage(&self, path: &Path) -> Result<StagedFile, SinkError> {
        let mut json = serde_json::to_vec_pretty(self).expect("texts, numbers and maps with text keys");
        json.push(b'\n');
        stage_small_file(path, &json)
    }
}

//! The rows of one profile of an organization: those that a run has read, and those in files.

use serde::{Deserialize, Serialize};

use super::input::InputEvidence;
use crate::verdict::{Evidence, Verdict};

/// What a run has read of one profile of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProfileFacts {
    /// Its id, as in the column `profile_id`.
    pub id: String,
    /// Its name; `None` if the API reports none.
    pub name: Option<String>,
    /// Its rows that were written.
    pub rows: u64,
    /// Number of these rows that can be reached; only for contacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reachable: Option<u64>,
    /// Items of its list that could not be converted to rows; 0 if reading failed.
    pub items_rejected: u64,
    /// Whether all of its rows were written.
    pub verdict: Verdict,
    /// Evidence for the verdict; empty if reading failed.
    pub evidence: Vec<Evidence>,
    /// Why reading failed; `None` if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<ProfileFailure>,
}

/// The rows of one profile in exported files, from the rows themselves and the manifest of their export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputProfile {
    /// Its id, as in the column `profile_id`.
    pub id: String,
    /// Its name; `None` if the manifest has none.
    #[serde(default)]
    pub name: Option<String>,
    /// Its rows in the files.
    pub rows: u64,
    /// Number of these rows that can be reached; only for contacts, and only if the files contain all rows of the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reachable: Option<u64>,
    /// Items of its list that could not be converted to rows; `None` if the manifest does not state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items_rejected: Option<u64>,
    /// Whether all of its rows were written; `None` without a manifest.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// Evidence for the verdict.
    #[serde(default)]
    pub evidence: Vec<InputEvidence>,
    /// Why the run could not read it; `None` if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ProfileFailure>,
}

/// Why a profile could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileFailure {
    /// The exit code of a run that reads this profile alone.
    pub exit_code: u8,
    /// For people. It may change from version to version.
    pub text: String,
}

impl ProfileFacts {
    /// Its name, or its id if it has none.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

//! What a run has read of one profile of an organization, and what files hold of it.

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
    /// Rows of it that were written.
    pub rows: u64,
    /// Those of them who can be reached, where the rows are contacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reachable: Option<u64>,
    /// Items of its list that could not be rows; 0 if reading failed.
    pub items_rejected: u64,
    /// Whether all of its rows were written.
    pub verdict: Verdict,
    /// Evidence for the verdict; empty if reading failed.
    pub evidence: Vec<Evidence>,
    /// Why reading failed; `None` if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<ProfileFailure>,
}

/// What exported files hold of one profile, by their rows and by the manifest of their export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputProfile {
    /// Its id, as in the column `profile_id`.
    pub id: String,
    /// Its name; `None` if the manifest has none.
    #[serde(default)]
    pub name: Option<String>,
    /// Rows of it in the files.
    pub rows: u64,
    /// Those of them who can be reached, if the rows are contacts and all those of the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reachable: Option<u64>,
    /// Items of its list that could not be rows; `None` if the manifest does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items_rejected: Option<u64>,
    /// Whether all of its rows were written; `None` without a manifest.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// Evidence for the verdict.
    #[serde(default)]
    pub evidence: Vec<InputEvidence>,
    /// Why the run could not read it, if it could not.
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
    /// How people know it: by its name, else by its id.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

//! What a run has read of one profile of an organization.

use serde::Serialize;

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
    /// Whether all of its rows were written.
    pub verdict: Verdict,
    /// Evidence for the verdict; empty if reading failed.
    pub evidence: Vec<Evidence>,
    /// Why reading failed; `None` if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<ProfileFailure>,
}

/// Why a profile could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

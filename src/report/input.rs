//! The files that a report was made from, and what their exports said of them.

use serde::{Deserialize, Serialize};

use super::Filters;
use crate::format::FileFormat;
use crate::verdict::Verdict;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputReport {
    /// The path as it was given or found.
    pub path: String,
    /// Name of the format.
    pub format: FileFormat,
    /// Contacts in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// What the manifest of its export says; nothing where there is none.
    pub export: Option<InputExport>,
}

/// The export that wrote a file, by its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputExport {
    /// When the reading began, RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// Address of the API that was read, or `simulator`.
    pub api: Option<String>,
    /// What was left out on request.
    pub filters: Filters,
    /// Whether the file holds every contact.
    pub verdict: Option<Verdict>,
    /// What the verdict rests on.
    pub evidence: Vec<InputEvidence>,
    /// Items of the list that could not be contacts.
    pub items_rejected: u64,
}

/// One thing that the verdict of a manifest rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "AnyEvidence")]
pub struct InputEvidence {
    /// For machines; earlier versions give none.
    pub code: Option<String>,
    /// How many, where there is something to count.
    pub count: Option<u64>,
    /// For people.
    pub text: String,
}

/// Evidence as any version writes it.
#[derive(Deserialize)]
#[serde(untagged)]
enum AnyEvidence {
    Text(String),
    Coded {
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        count: Option<u64>,
        #[serde(default)]
        text: String,
    },
}

impl From<AnyEvidence> for InputEvidence {
    fn from(evidence: AnyEvidence) -> Self {
        match evidence {
            AnyEvidence::Text(text) => Self { code: None, count: None, text },
            AnyEvidence::Coded { code, count, text } => Self { code, count, text },
        }
    }
}

//! The files that a report was made from, and the exports that wrote them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::filters::Filters;
use crate::format::FileFormat;
use crate::verdict::Verdict;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputReport {
    /// The path as it was given or found.
    pub path: String,
    /// Name of the file format.
    pub format: FileFormat,
    /// Number of rows.
    pub rows: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// Contents of the manifest of its export; `None` without a manifest.
    pub export: Option<InputExport>,
}

/// The export that wrote a file, according to its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputExport {
    /// When the export started, RFC 3339, UTC.
    pub started_at: String,
    /// When it finished, RFC 3339, UTC.
    pub finished_at: String,
    /// Address of the API that was read, or `simulator`.
    pub api: Option<String>,
    /// Filters of the export.
    pub filters: Filters,
    /// Whether the file holds every row.
    pub verdict: Option<Verdict>,
    /// Evidence for the verdict.
    pub evidence: Vec<InputEvidence>,
    /// Items of the list that could not be converted to rows.
    pub items_rejected: u64,
}

/// The worst verdict of the exports that the files come from; `None` if any is unknown.
pub(in crate::report) fn verdict(inputs: &[InputReport]) -> Option<Verdict> {
    let verdicts = inputs.iter().map(|input| input.export.as_ref()?.verdict);
    let worst = |one: Verdict, other: Verdict| if one.is_at_least(other) { other } else { one };
    verdicts.reduce(|one, other| Some(worst(one?, other?))).flatten()
}

/// Items that could not be converted to rows.
pub(in crate::report) fn items_rejected(inputs: &[InputReport]) -> u64 {
    sum_of_exports(inputs, |export| export.items_rejected)
}

/// The count of a piece of evidence, over all exports; `None` if the export of any file is unknown.
pub(in crate::report) fn evidence_count(inputs: &[InputReport], code: &str) -> Option<u64> {
    let count = |export: &InputExport| {
        let evidence = export.evidence.iter().find(|evidence| evidence.code.as_deref() == Some(code));
        evidence.and_then(|evidence| evidence.count).unwrap_or_default()
    };
    inputs.iter().all(|input| input.export.is_some()).then(|| sum_of_exports(inputs, count))
}

/// A sum in which each export counts once, because the manifests of all its files say the same.
fn sum_of_exports(inputs: &[InputReport], of: impl Fn(&InputExport) -> u64) -> u64 {
    let exports = inputs.iter().filter_map(|input| input.export.as_ref());
    let by_export: BTreeMap<_, u64> =
        exports.map(|export| ((&export.started_at, &export.finished_at, &export.api), of(export))).collect();
    by_export.values().sum()
}

/// One piece of evidence for the verdict of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "AnyEvidence")]
pub struct InputEvidence {
    /// For machines; earlier versions wrote no code.
    pub code: Option<String>,
    /// The count that the evidence is about, if there is one.
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

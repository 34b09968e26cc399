//! Notices: what a reader must know about the numbers, shown at the top of a report in every form.
//!
//! Codes are documented in `docs/report.md`; a test compares the two.

use serde::{Deserialize, Serialize};

use super::super::format::{file_name, shown};
use super::input::InputReport;
use crate::base::noun::RowNoun;
use crate::base::plural::{count_of, grouped, word_for};
use crate::verdict::Verdict;

/// Maximum number of files that a notice names.
const MAX_NAMES: usize = 3;

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// For machines. Codes are documented in `docs/report.md` and do not change.
    pub code: NoticeCode,
    /// The count that the notice is about, if there is one.
    pub count: Option<u64>,
    /// For people, in a sentence or two. It may change from version to version.
    pub text: String,
}

/// Every code of a [`Notice`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeCode {
    /// Rows may be missing from the run or from files.
    Unverified,
    /// Items of the list that could not be converted to rows.
    ItemsLeftOut,
    /// Columns that have values, none of which could be read.
    UnreadableColumns,
    /// Rows that contradict a filter or the requested profile, which the API seems to have ignored.
    IgnoredFilter,
    /// Older exports of the same account that are not counted.
    OlderSnapshots,
    /// Exports of the same account that are added up.
    SummedSnapshots,
    /// A manifest that cannot be read.
    UnreadableManifest,
    /// Files in the folder of an export that its manifest does not list.
    UnlistedFiles,
    /// The older side of a comparison may lack rows.
    UnverifiedComparison,
    /// Rows that are in the files more than once, and are counted each time.
    RepeatedRows,
    /// Messages with an undocumented status.
    UndocumentedStatuses,
}

impl NoticeCode {
    /// All codes, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Unverified,
        Self::ItemsLeftOut,
        Self::UnreadableColumns,
        Self::IgnoredFilter,
        Self::OlderSnapshots,
        Self::SummedSnapshots,
        Self::UnreadableManifest,
        Self::UnlistedFiles,
        Self::UnverifiedComparison,
        Self::RepeatedRows,
        Self::UndocumentedStatuses,
    ];
}

impl Notice {
    /// Only the newest of several exports of an account was counted.
    pub fn older_snapshots<'a>(newest: &str, older: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let count = older.len() as u64;
        let is = word_for(
            count,
            "is an older export of the same account and was",
            "are older exports of the same account and were",
        );
        let text = format!(
            "{} {is} left out; only the newest, {}, is counted. Use --sum to add them up.",
            names(older),
            file_name(newest)
        );
        Self { code: NoticeCode::OlderSnapshots, count: Some(count), text }
    }

    /// Several exports of one account were added up on request.
    pub fn summed_snapshots(files: u64, noun: RowNoun) -> Self {
        let text = format!(
            "{} of the same account are added up (--sum): a {} counts once for each of them.",
            count_of(files, "export", "exports"),
            noun.one
        );
        Self { code: NoticeCode::SummedSnapshots, count: Some(files), text }
    }

    /// A manifest exists but cannot be read.
    pub fn unreadable_manifest(manifest: &str, file: &str) -> Self {
        let [manifest, file] = [manifest, file].map(file_name);
        let text = format!("The manifest {manifest} cannot be read, so it is not known whether {file} is complete.");
        Self { code: NoticeCode::UnreadableManifest, count: None, text }
    }

    /// Files belong to an export by their paths, but its manifest does not list them; `None` without files.
    pub fn unlisted_files<'a>(files: impl ExactSizeIterator<Item = &'a str>) -> Option<Self> {
        let count = files.len() as u64;
        let names = names(files);
        let text = word_for(
            count,
            "is not in the manifest of its export: its rows are counted, and may be of an earlier one.",
            "are not in the manifest of their export: their rows are counted, and may be of an earlier one.",
        );
        let text = format!("{names} {text}");
        (count > 0).then_some(Self { code: NoticeCode::UnlistedFiles, count: Some(count), text })
    }

    /// The older side of a comparison may lack rows.
    pub fn unverified_comparison(with: &str) -> Self {
        let text =
            format!("The older export, {}, is unverified, so differences are not necessarily changes.", shown(with));
        Self { code: NoticeCode::UnverifiedComparison, count: None, text }
    }

    /// The run did not verify that its output is complete.
    pub(in crate::report) fn unverified_run(noun: RowNoun) -> Self {
        let text = format!("This export is unverified: {} may be missing. See the evidence under Run.", noun.many);
        Self { code: NoticeCode::Unverified, count: None, text }
    }

    /// Some files come from unverified exports; `None` if no file does.
    pub(in crate::report) fn unverified_files(inputs: &[InputReport], noun: RowNoun) -> Option<Self> {
        let is_unverified = |input: &&InputReport| {
            input.export.as_ref().is_some_and(|export| export.verdict == Some(Verdict::Unverified))
        };
        let files: Vec<&InputReport> = inputs.iter().filter(is_unverified).collect();
        let export = files.first()?.export.as_ref()?;
        let evidence = export.evidence.iter().find(|evidence| !evidence.text.trim().is_empty());
        let evidence = evidence.map(|evidence| format!(" The evidence: {}.", evidence.text.trim_end_matches('.')));
        let count = files.len() as u64;
        let names = names(files.iter().map(|input| input.path.as_str()));
        let is = word_for(count, "is an unverified export", "are unverified exports");
        let text = format!("{names} {is}: {} may be missing.{}", noun.many, evidence.unwrap_or_default());
        Some(Self { code: NoticeCode::Unverified, count: Some(count), text })
    }

    /// `count` items of the list are not in the output; `None` for 0.
    pub fn items_left_out(count: u64, noun: RowNoun) -> Option<Self> {
        let items = count_of(count, "item was", "items were");
        let are =
            word_for(count, &format!("it is not {}", noun.with_article()), &format!("they are not {}", noun.many))
                .to_owned();
        let text = format!("{items} left out because {are}.");
        (count > 0).then_some(Self { code: NoticeCode::ItemsLeftOut, count: Some(count), text })
    }

    /// `count` of `rows` rows contradict the filter of a flag.
    pub(in crate::report) fn ignored_filter(flag: &str, (count, rows): (u64, u64), noun: RowNoun) -> Self {
        let (of, rows) = (grouped(count), count_of(rows, noun.one, noun.many));
        let text = if matches!(flag, "--profiles" | "--profile-id") {
            let belong = word_for(count, "belongs", "belong");
            format!(
                "{of} of {rows} {belong} to another profile than that of {flag}, by customer_id: the API, or a gateway in \
                 front of it, seems to ignore the header x-profile-id."
            )
        } else {
            let do_not = word_for(count, "does", "do");
            format!("{of} of {rows} {do_not} not match {flag}: the API seems to ignore that filter.")
        };
        Self { code: NoticeCode::IgnoredFilter, count: Some(count), text }
    }

    /// `count` rows have the id of another row; `None` for 0.
    pub(in crate::report) fn repeated_rows(count: u64, is_approximate: bool, noun: RowNoun) -> Option<Self> {
        let about = if is_approximate { "About " } else { "" };
        let have = word_for(count, "has the same id as another one", "have the same id as another one");
        let text = format!("{about}{} {have}, and each is counted.", count_of(count, noun.one, noun.many));
        (count > 0).then_some(Self { code: NoticeCode::RepeatedRows, count: Some(count), text })
    }

    /// `count` messages have an undocumented status; `None` for 0.
    pub(in crate::report) fn undocumented_statuses(count: u64) -> Option<Self> {
        let have = count_of(count, "message has", "messages have");
        let text = format!("{have} an undocumented status; it is kept as is.");
        (count > 0).then_some(Self { code: NoticeCode::UndocumentedStatuses, count: Some(count), text })
    }

    /// No value of these columns could be read; `None` without columns. Each column comes with its number of values.
    pub(in crate::report) fn unreadable_columns(columns: &[(&str, u64)]) -> Option<Self> {
        let names: Vec<&str> = columns.iter().map(|&(name, _)| name).collect();
        let have = count_of(
            columns.iter().map(|&(_, values)| values).sum(),
            "value has an undocumented type or form",
            "values have an undocumented type or form",
        );
        let text = format!("No value of {} could be read: {have}.", names.join(", "));
        let count = Some(columns.len() as u64);
        (!columns.is_empty()).then_some(Self { code: NoticeCode::UnreadableColumns, count, text })
    }
}

/// Reads the worst verdict from the JSON form of an older summary.
pub fn verdict_of_json(json: &str) -> Option<Verdict> {
    #[derive(Deserialize)]
    struct WithVerdict {
        verdict: Option<Verdict>,
    }
    #[derive(Deserialize)]
    struct Input {
        export: Option<WithVerdict>,
    }
    #[derive(Deserialize)]
    struct Document {
        run: Option<WithVerdict>,
        #[serde(default)]
        inputs: Vec<Input>,
    }
    let document: Document = serde_json::from_str(json).ok()?;
    let of_inputs = document.inputs.into_iter().filter_map(|input| input.export);
    let verdicts = document.run.into_iter().chain(of_inputs).filter_map(|part| part.verdict);
    verdicts.reduce(|one, other| if one.is_at_least(other) { other } else { one })
}

fn names<'a>(paths: impl ExactSizeIterator<Item = &'a str>) -> String {
    let rest = paths.len().saturating_sub(MAX_NAMES);
    let named: Vec<String> = paths.take(MAX_NAMES).map(file_name).collect();
    match rest {
        0 => named.join(", "),
        rest => format!("{} and {} more", named.join(", "), grouped(rest as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_documented() {
        let documentation = include_str!("../../../docs/report.md");
        for code in NoticeCode::ALL {
            let name = serde_json::to_value(code).unwrap();
            let row = format!("| `{}` |", name.as_str().unwrap());
            assert!(documentation.contains(&row), "docs/report.md has no row {row}");
        }
    }

    #[test]
    fn names_are_limited_in_number_and_have_no_control_characters() {
        let notice = Notice::older_snapshots("x/d\u{1b}[31m.csv", ["x/a.csv", "b.csv", "c.csv", "e.csv"].into_iter());
        assert!(notice.text.starts_with("a.csv, b.csv, c.csv and 1 more are older exports"), "{}", notice.text);
        assert!(!notice.text.contains('\u{1b}'));
    }

    #[test]
    fn the_verdict_of_an_older_summary_is_read() {
        let json = r#"{"run": {"verdict": "healed"}, "inputs": []}"#;
        assert_eq!(verdict_of_json(json), Some(Verdict::Healed));
        let json = r#"{"run": null, "inputs": [{"export": {"verdict": "unverified"}}, {"export": null}, {}]}"#;
        assert_eq!(verdict_of_json(json), Some(Verdict::Unverified));
        assert_eq!(verdict_of_json(r#"{"contacts": 1}"#), None);
    }
}

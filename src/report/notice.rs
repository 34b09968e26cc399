//! What a reader must know before any number: it stands at the top of every form of a report.

use serde::{Deserialize, Serialize};

use super::format::{grouped, grouped_of, shown};
use super::view::file_name;
use super::{InputReport, Summary};
use crate::base::plural::word_for;
use crate::verdict::Verdict;

/// Files that a notice names one by one.
const MAX_NAMES: usize = 3;

/// One notice. Codes are stable, texts are for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// For machines.
    pub code: &'static str,
    /// How many, where there is something to count.
    pub count: Option<u64>,
    /// For people, one sentence or two.
    pub text: String,
}

impl Notice {
    /// Items of the list that are no contacts.
    pub const ITEMS_LEFT_OUT: &'static str = "items_left_out";
    /// Columns whose every value could not be read.
    pub const UNREADABLE_COLUMNS: &'static str = "unreadable_columns";

    /// Only the newest of several exports of one account was counted.
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
        Self { code: "older_snapshots", count: Some(count), text }
    }

    /// Several exports of one account were added up on request.
    pub fn summed_snapshots(files: u64) -> Self {
        let text = format!(
            "{} of the same account are added up (--sum): a contact counts once for each of them.",
            grouped_of(files, "export", "exports")
        );
        Self { code: "summed_snapshots", count: Some(files), text }
    }

    /// There is a manifest, but it tells nothing.
    pub fn unreadable_manifest(manifest: &str, file: &str) -> Self {
        let [manifest, file] = [manifest, file].map(file_name);
        let text =
            format!("The manifest {manifest} cannot be read: whether {file} is whole and complete is not known.");
        Self { code: "unreadable_manifest", count: None, text }
    }

    /// The older side of a comparison may lack contacts.
    pub fn unverified_comparison(with: &str) -> Self {
        let text = format!("The older export, {}, is unverified: what differs need not have changed.", shown(with));
        Self { code: "unverified_comparison", count: None, text }
    }
}

impl Summary {
    /// Everything to be told before the numbers.
    pub fn all_notices(&self) -> Vec<Notice> {
        let found = [self.unverified(), self.items_left_out(), self.unreadable_columns()];
        found.into_iter().flatten().chain(self.notices.iter().cloned()).collect()
    }

    /// The worst verdict of the run, or of the exports that the files come from; nothing when not all of them tell.
    pub fn verdict(&self) -> Option<Verdict> {
        if let Some(run) = &self.run {
            return Some(run.verdict);
        }
        let verdicts = self.inputs.iter().map(|input| input.export.as_ref()?.verdict);
        let worst = |one: Verdict, other: Verdict| if one.is_at_least(other) { other } else { one };
        verdicts.reduce(|one, other| Some(worst(one?, other?))).flatten()
    }

    fn unverified(&self) -> Option<Notice> {
        let code = "unverified";
        if self.run.as_ref().is_some_and(|run| run.verdict == Verdict::Unverified) {
            let text = "This export is unverified: contacts may be missing. The evidence is under Run.";
            return Some(Notice { code, count: None, text: text.to_owned() });
        }
        let is_unverified = |input: &&InputReport| {
            input.export.as_ref().is_some_and(|export| export.verdict == Some(Verdict::Unverified))
        };
        let files: Vec<&InputReport> = self.inputs.iter().filter(is_unverified).collect();
        let export = files.first()?.export.as_ref()?;
        let evidence = export.evidence.iter().find(|evidence| !evidence.text.trim().is_empty());
        let evidence = evidence.map(|evidence| format!(" The evidence: {}.", evidence.text.trim_end_matches('.')));
        let count = files.len() as u64;
        let names = names(files.iter().map(|input| input.path.as_str()));
        let is = word_for(count, "is an unverified export", "are unverified exports");
        let text = format!("{names} {is}: contacts may be missing.{}", evidence.unwrap_or_default());
        Some(Notice { code, count: Some(count), text })
    }

    fn items_left_out(&self) -> Option<Notice> {
        let of_exports = self.inputs.iter().filter_map(|input| Some(input.export.as_ref()?.items_rejected));
        let count = of_exports.sum::<u64>() + self.rejected.values().sum::<u64>();
        let items = grouped_of(
            count,
            "item was left out because it is not a contact",
            "items were left out because they are not contacts",
        );
        let text = format!("{items}.");
        (count > 0).then_some(Notice { code: Notice::ITEMS_LEFT_OUT, count: Some(count), text })
    }

    /// Columns that have values, none of which could be read.
    fn unreadable_columns(&self) -> Option<Notice> {
        let is_null = |&(column, &values): &(&String, &u64)| {
            values > 0 && self.quality.missing.get(column) == Some(&self.contacts)
        };
        let (columns, values): (Vec<&str>, Vec<u64>) =
            self.malformed_fields.iter().filter(is_null).map(|(column, &values)| (column.as_str(), values)).unzip();
        let count = columns.len() as u64;
        let have = grouped_of(
            values.iter().sum(),
            "value has an undocumented type or form",
            "values have an undocumented type or form",
        );
        let text = format!("No value of {} could be read: {have}.", columns.join(", "));
        (count > 0 && self.contacts > 0).then_some(Notice {
            code: Notice::UNREADABLE_COLUMNS,
            count: Some(count),
            text,
        })
    }
}

/// The verdict that an older summary tells, in its JSON form.
pub fn verdict_of_json(json: &str) -> Option<Verdict> {
    #[derive(Deserialize)]
    struct Told {
        verdict: Option<Verdict>,
    }
    #[derive(Deserialize)]
    struct Input {
        export: Option<Told>,
    }
    #[derive(Deserialize)]
    struct Document {
        run: Option<Told>,
        #[serde(default)]
        inputs: Vec<Input>,
    }
    let document: Document = serde_json::from_str(json).ok()?;
    let of_inputs = document.inputs.into_iter().filter_map(|input| input.export);
    let verdicts = document.run.into_iter().chain(of_inputs).filter_map(|told| told.verdict);
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
    fn a_column_is_unreadable_when_it_has_values_and_none_of_them_could_be_read() {
        let mut summary = Summary { contacts: 3, ..Summary::default() };
        summary.malformed_fields = [("created_at".to_owned(), 2), ("updated_at".to_owned(), 1)].into();
        summary.quality.missing = [("created_at".to_owned(), 3), ("updated_at".to_owned(), 2)].into();
        summary.rejected = [("missing_id".to_owned(), 1)].into();
        let notices = summary.all_notices();
        let texts: Vec<&str> = notices.iter().map(|notice| notice.text.as_str()).collect();
        let left_out = "1 item was left out because it is not a contact.";
        assert_eq!(
            texts,
            [left_out, "No value of created_at could be read: 2 values have an undocumented type or form."]
        );
    }

    #[test]
    fn names_are_few_and_cannot_steer_a_terminal() {
        let notice = Notice::older_snapshots("x/d\u{1b}[31m.csv", ["x/a.csv", "b.csv", "c.csv", "e.csv"].into_iter());
        assert!(notice.text.starts_with("a.csv, b.csv, c.csv and 1 more are older exports"), "{}", notice.text);
        assert!(!notice.text.contains('\u{1b}'));
    }

    #[test]
    fn an_older_summary_tells_its_verdict() {
        let json = r#"{"run": {"verdict": "healed"}, "inputs": []}"#;
        assert_eq!(verdict_of_json(json), Some(Verdict::Healed));
        let json = r#"{"run": null, "inputs": [{"export": {"verdict": "unverified"}}, {"export": null}, {}]}"#;
        assert_eq!(verdict_of_json(json), Some(Verdict::Unverified));
        assert_eq!(verdict_of_json(r#"{"contacts": 1}"#), None);
    }
}

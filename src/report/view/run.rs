//! The section about the run, or about the files that the report was made from.

use super::super::document::input::{InputExport, InputReport};
use super::super::document::origin::Origin;
use super::super::document::run::RunFacts;
use super::super::format::{capitalized, file_name, moment, sentence, shown, size};
use super::cell::Cell;
use super::limits::ViewLimits;
use super::parts::{Column, Note, Row, Section, SectionKind, TableView, Tone};
use super::profiles::profiles;
use super::ranked::more;
use crate::base::noun::RowNoun;
use crate::base::plural::{count_of, grouped, word_for};
use crate::verdict::Verdict;

/// Where the numbers of a document come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) noun: RowNoun,
    /// Number of rows.
    pub(super) rows: u64,
    /// Whether the report has ages.
    pub(super) has_ages: bool,
    pub(super) as_of: &'a str,
    pub(super) origin: &'a Origin,
}

impl Source<'_> {
    /// Time of the report, and the number of files unless there was a run.
    pub(super) fn subtitle(&self) -> String {
        let files = || format!(", from {}", count_of(self.origin.inputs.len() as u64, "file", "files"));
        format!("As of {}{}", moment(self.as_of), if self.origin.run.is_some() { String::new() } else { files() })
    }
}

pub(super) fn run(source: Source<'_>, limits: ViewLimits) -> Section {
    let mut notes = Vec::new();
    if let Some(run) = &source.origin.run {
        let tone = if run.verdict == Verdict::Unverified { Tone::Warning } else { Tone::Good };
        notes.push(Note { text: format!("Verdict: {}.", run.verdict.name()), tone });
        notes.extend(run_notes(run, source).into_iter().map(Note::from));
    } else {
        let of = if source.has_ages { "ages are computed as of" } else { "as of" };
        notes.push(format!("Made from files; {of} {}.", moment(source.as_of)).into());
        notes.extend(export_notes(&source.origin.inputs).into_iter().map(Note::from));
    }
    let title = if source.origin.run.is_some() { "Run" } else { "Source" };
    let profiles = profiles(source.origin, source.noun, limits);
    let tables = profiles.into_iter().chain(files(source, limits));
    Section::new(SectionKind::Run, title, notes, tables.map(Into::into).collect())
}

/// The files that were written or read.
fn files(source: Source<'_>, limits: ViewLimits) -> Option<TableView> {
    let outputs = source.origin.outputs.iter().map(|file| (&file.path, file.format.name(), file.rows, file.bytes));
    let inputs = source.origin.inputs.iter().map(|file| (&file.path, file.format.name(), file.rows, file.bytes));
    let mut files: Vec<_> = outputs.chain(inputs).collect();
    // A folder can hold thousands.
    let rest = if files.len() > limits.rows + 1 { files.split_off(limits.rows) } else { Vec::new() };
    let cells = |name: String, format: &str, rows: u64, bytes: u64| {
        vec![Cell::Text(name), Cell::Text(format.to_owned()), Cell::Count(rows), Cell::Text(size(bytes))]
    };
    let mut rows: Vec<_> = files
        .into_iter()
        .map(|(path, format, rows, bytes)| Row::new(cells(file_name(path), format, rows, bytes)))
        .collect();
    if !rest.is_empty() {
        let (counted, bytes) = rest.iter().fold((0, 0), |sum, file| (sum.0 + file.2, sum.1 + file.3));
        rows.push(Row::rest(cells(more(rest.len()), "", counted, bytes)));
    }
    let columns =
        ["File".into(), Column::optional("Format"), capitalized(source.noun.many).as_str().into(), "Size".into()];
    TableView::new("Files", columns, rows).unless_empty()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a speed for people, of some digits and never negative"
)]
fn run_notes(run: &RunFacts, source: Source<'_>) -> Vec<String> {
    let retries = match run.retries {
        0 => String::new(),
        count => format!(", {}", count_of(count, "retry", "retries")),
    };
    let rate_limited = match run.rate_limited {
        0 => String::new(),
        count => format!(", rate limited {}", count_of(count, "time", "times")),
    };
    let evidence = run.evidence.iter().map(|evidence| sentence(&evidence.text));
    let mut notes: Vec<String> = evidence.map(|text| format!("{}.", capitalized(text.trim_end_matches('.')))).collect();
    notes.push(format!(
        "{} for {}{retries}{rate_limited}.",
        count_of(run.requests, "request", "requests"),
        count_of(run.pages, "page", "pages")
    ));
    let speed = if run.elapsed_seconds > 0.0 { source.rows as f64 / run.elapsed_seconds } else { 0.0 };
    let speed = source.noun.count("", speed.round() as u64);
    notes.push(format!(
        "{:.2} s ({speed} per second), {} to {}.",
        run.elapsed_seconds,
        moment(&run.started_at),
        moment(&run.finished_at)
    ));
    notes.push(format!(
        "Total wait across requests: {:.2} s for the rate limit and before retries.",
        run.waited_seconds
    ));
    if run.consistency.pages_resumed > 0 {
        let pages = count_of(run.consistency.pages_resumed, "of these pages was kept", "of these pages were kept");
        notes.push(format!("{pages} from an earlier run and not requested again."));
    }
    if let Some(count) = run.rows_left_out {
        let rows = count_of(count, source.noun.one, source.noun.many);
        notes.push(format!("{rows} {} read and left out.", word_for(count, "was", "were")));
    }
    if run.duplicates_removed > 0 {
        let count = run.duplicates_removed;
        let rows = count_of(count, source.noun.one, source.noun.many);
        notes.push(format!("{rows} {} read more than once and written once.", word_for(count, "was", "were")));
    }
    notes
}

/// The exports of the files, according to their manifests.
fn export_notes(inputs: &[InputReport]) -> Vec<String> {
    let exports: Vec<&InputExport> = inputs.iter().filter_map(|input| input.export.as_ref()).collect();
    match exports.as_slice() {
        [] => Vec::new(),
        [export] if inputs.len() == 1 => {
            let api = export.api.as_deref().map(|api| format!(" from {}", shown(api))).unwrap_or_default();
            let verdict = export.verdict.map(|verdict| format!(" The verdict is {}.", verdict.name()));
            let (from, to) = (moment(&export.started_at), moment(&export.finished_at));
            vec![format!("Exported {from} to {to}{api}.{}", verdict.unwrap_or_default())]
        }
        exports => {
            let count_of = |verdict| exports.iter().filter(|export| export.verdict == Some(verdict)).count() as u64;
            let verdicts = [Verdict::Complete, Verdict::Healed, Verdict::Unverified];
            let verdicts =
                verdicts.map(|verdict| (verdict, count_of(verdict))).into_iter().filter(|&(_, count)| count > 0);
            let mut counts: Vec<String> =
                verdicts.map(|(verdict, count)| format!("{} {}", grouped(count), verdict.name())).collect();
            let unknown = inputs.len() - exports.iter().filter(|export| export.verdict.is_some()).count();
            if unknown > 0 {
                counts.push(format!("{} without a manifest", grouped(unknown as u64)));
            }
            vec![format!("Verdicts of the exports: {}.", counts.join(", "))]
        }
    }
}

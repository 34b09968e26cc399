//! The section about the run, or about the files that the report was made from.

use std::path::Path;

use super::super::format::{grouped, grouped_of, moment, sentence, shown, size};
use super::super::{Filters, InputExport, InputReport, RunFacts, Summary};
use super::{Cell, Limits, Section, View, more};
use crate::base::plural::count_of;
use crate::verdict::Verdict;

pub(super) fn run(summary: &Summary, limits: Limits) -> Section {
    let mut notes = Vec::new();
    if let Some(run) = &summary.run {
        notes.extend(run_notes(run, summary.contacts));
    } else {
        notes.push(format!("Made from files; ages are counted from {}.", moment(&summary.as_of)));
        notes.extend(export_notes(&summary.inputs));
    }
    notes.extend(filter_notes(&summary.filters));
    if summary.filters_differ {
        notes.push("These files were exported with different filters, or some do not tell theirs.".to_owned());
    }
    let title = if summary.run.is_some() { "Run" } else { "Source" };
    Section { id: "run", title: title.to_owned(), notes, tables: files(summary, limits).into_iter().collect() }
}

/// What was written, or what was read.
fn files(summary: &Summary, limits: Limits) -> Option<View> {
    let outputs = summary.outputs.iter().map(|file| (&file.path, file.format.name(), file.rows, file.bytes));
    let inputs = summary.inputs.iter().map(|file| (&file.path, file.format.name(), file.rows, file.bytes));
    let mut files: Vec<_> = outputs.chain(inputs).collect();
    // A folder can hold thousands.
    let rest = if files.len() > limits.rows + 1 { files.split_off(limits.rows) } else { Vec::new() };
    let row = |name: String, format: &str, rows: u64, bytes: u64| {
        vec![Cell::Text(name), Cell::Text(format.to_owned()), Cell::Count(rows), Cell::Text(size(bytes))]
    };
    let mut rows: Vec<_> =
        files.into_iter().map(|(path, format, rows, bytes)| row(file_name(path), format, rows, bytes)).collect();
    if !rest.is_empty() {
        let (contacts, bytes) = rest.iter().fold((0, 0), |sum, file| (sum.0 + file.2, sum.1 + file.3));
        rows.push(row(more(rest.len()), "", contacts, bytes));
    }
    (!rows.is_empty()).then(|| View::new("files", "Files", ["File", "Format", "Contacts", "Size"], rows))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a speed for people, of some digits and never negative"
)]
fn run_notes(run: &RunFacts, contacts: u64) -> Vec<String> {
    let some = |count: u64, one: &str, many: &str| {
        if count == 0 { String::new() } else { format!(", {}", grouped_of(count, one, many)) }
    };
    let mut notes = vec![format!("Verdict: {}.", run.verdict.name())];
    notes.extend(run.evidence.iter().map(|evidence| sentence(&evidence.text)));
    notes.push(format!(
        "{} for {}{}{}.",
        grouped_of(run.requests, "request", "requests"),
        grouped_of(run.pages, "page", "pages"),
        some(run.retries, "retry", "retries"),
        some(run.rate_limited, "time rate limited", "times rate limited")
    ));
    let speed = if run.elapsed_seconds > 0.0 { contacts as f64 / run.elapsed_seconds } else { 0.0 };
    let speed = count_of(speed.round() as u64, "contact", "contacts");
    notes.push(format!(
        "{:.2} s ({speed} a second), {} to {}.",
        run.elapsed_seconds,
        moment(&run.started_at),
        moment(&run.finished_at)
    ));
    notes.push(format!(
        "All requests together waited {:.2} s for the rate limit and before retries.",
        run.waited_seconds
    ));
    if run.consistency.pages_resumed > 0 {
        let pages = grouped_of(run.consistency.pages_resumed, "of these pages was kept", "of these pages were kept");
        notes.push(format!("{pages} by a run before and not asked for again."));
    }
    if run.duplicates_removed > 0 {
        let contacts = grouped_of(run.duplicates_removed, "contact came twice and was", "contacts came twice and were");
        notes.push(format!("{contacts} written once."));
    }
    notes
}

/// What was left out on request, without what was searched for: that can be a name or a number.
fn filter_notes(filters: &Filters) -> Vec<String> {
    let Filters { search, channel, phone, profile_id, since } = filters;
    let notes = [
        search.as_ref().map(|_| "Only contacts that a search found.".to_owned()),
        channel.as_ref().map(|channel| format!("Only contacts with the channel {}.", shown(channel))),
        phone.then(|| "Only contacts with one number.".to_owned()),
        profile_id.as_ref().map(|_| "Only contacts of one profile.".to_owned()),
        since.as_ref().map(|since| format!("Only rows created since {}.", shown(since))),
    ];
    notes.into_iter().flatten().collect()
}

/// The name of a file without its folders, which are nobody's business elsewhere.
pub(in crate::report) fn file_name(path: &str) -> String {
    shown(&Path::new(path).file_name().map_or(path.into(), |name| name.to_string_lossy()))
}

/// Where the files come from, by their manifests.
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
            let mut told: Vec<String> =
                verdicts.map(|(verdict, count)| format!("{} {}", grouped(count), verdict.name())).collect();
            let untold = inputs.len() - exports.iter().filter(|export| export.verdict.is_some()).count();
            if untold > 0 {
                told.push(format!("{} without a manifest", grouped(untold as u64)));
            }
            vec![format!("Verdicts of the exports: {}.", told.join(", "))]
        }
    }
}

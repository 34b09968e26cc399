//! What a report covers: the account, the time, the filters, and whether all rows are known to be included.
//!
//! *Easy to get wrong:* the date is that of the export, taken from its run or its manifest. Without either, the date is
//! unknown, even if the report itself was made today.

use std::collections::BTreeSet;

use super::super::document::filters::Filters;
use super::super::document::input::{InputExport, items_rejected};
use super::super::document::resource::ResourceDocument;
use super::super::format::{moment, sentence, shown};
use super::parts::{Fact, SectionKind, Tone};
use super::run::Source;
use crate::base::noun::RowNoun;
use crate::base::plural::{count_of, grouped};
use crate::verdict::Verdict;

/// Maximum number of accounts that are listed by name.
const MAX_ACCOUNTS: usize = 3;
/// Placeholder for facts that only a manifest has.
const NO_MANIFEST: &str = "unknown: no manifest";

/// The facts, in reading order.
pub(super) fn about<D: ResourceDocument>(document: &D, source: Source<'_>) -> Vec<Fact> {
    let fact = |name, text, short| Fact { name, text, short, tone: Tone::Plain, section: None };
    let plain = |name, text| fact(name, text, None);
    let in_digest = |name, text: String| {
        let short = Some(text.clone()).filter(|text| text != NO_MANIFEST);
        fact(name, text, short)
    };
    let left_out = left_out(document, source);
    let is_verified = document.verdict().is_some_and(|verdict| verdict != Verdict::Unverified);
    let left_out = match left_out.as_slice() {
        [] => is_verified.then(|| "Nothing.".to_owned()),
        sentences => Some(sentences.join(" ")),
    };
    let facts = [
        Some(in_digest("Account", account(source))),
        Some(in_digest("Exported", exported(source))),
        Some(plain("Rows", rows(source))),
        Some(verdict(document.verdict(), source)),
        left_out.map(|text| plain("Left out", text)),
    ];
    facts.into_iter().flatten().collect()
}

/// The exports of the files; empty for a run.
fn exports(source: Source<'_>) -> impl Iterator<Item = &InputExport> {
    source.origin.inputs.iter().filter_map(|input| input.export.as_ref())
}

fn account(source: Source<'_>) -> String {
    let apis: BTreeSet<&str> = source
        .origin
        .api
        .as_deref()
        .into_iter()
        .chain(exports(source).filter_map(|export| export.api.as_deref()))
        .collect();
    let host = |api: &&str| shown(api.trim_start_matches("https://").trim_end_matches('/'));
    let mut text = apis.iter().take(MAX_ACCOUNTS).map(host).collect::<Vec<_>>().join(", ");
    if let Some(rest) = apis.len().checked_sub(MAX_ACCOUNTS).filter(|&rest| rest > 0) {
        text += &format!(" and {} more", grouped(rest as u64));
    }
    if apis.is_empty() {
        NO_MANIFEST.clone_into(&mut text);
    }
    if let Some(profile) = &source.origin.filters.profile_id {
        text += &format!(", profile {}", shown(profile));
    }
    text
}

fn exported(source: Source<'_>) -> String {
    if let Some(run) = &source.origin.run {
        return span(&run.started_at, &run.finished_at);
    }
    let first = exports(source).map(|export| export.started_at.as_str()).min();
    let last = exports(source).map(|export| export.finished_at.as_str()).max();
    let Some((first, last)) = first.zip(last) else { return NO_MANIFEST.to_owned() };
    let without = source.origin.inputs.len() - exports(source).count();
    let without = match without {
        0 => String::new(),
        _ => format!("; {} no manifest", count_of(without as u64, "file has", "files have")),
    };
    format!("{}{without}", span(first, last))
}

/// A time span. The date is written once if both times have the same.
fn span(from: &str, to: &str) -> String {
    let (from, to) = (moment(from), moment(to));
    match to.split_once(", ") {
        _ if from == to => from,
        Some((date, time)) if from.starts_with(date) => format!("{} to {time}", from.trim_end_matches(" UTC")),
        _ => format!("{from} to {to}"),
    }
}

fn rows(source: Source<'_>) -> String {
    let origin = source.origin;
    if origin.filters_differ {
        return "These files were exported with different filters, or the filters of some are unknown.".to_owned();
    }
    let filters = filters(&origin.filters, source.noun);
    if !filters.is_empty() {
        return filters.join(" ");
    }
    let of = if origin.run.is_some() { String::new() } else { " in the files".to_owned() };
    format!("All {}{of}.", source.noun.many)
}

/// The filters, without the text that was searched for, which can be a name or a number.
fn filters(filters: &Filters, noun: RowNoun) -> Vec<String> {
    let rows = noun.many;
    let Filters { search, channel, phone, only, profile_id, profiles, since, limit, sample } = filters;
    let notes = [
        search.as_ref().map(|_| format!("Only {rows} that match a search.")),
        channel.as_ref().map(|channel| format!("Only {rows} with the channel {}.", shown(channel))),
        phone.then(|| format!("Only {rows} with a given phone number.")),
        only.as_ref().map(|only| format!("Only {rows} that are {}.", shown(&only.replace('-', " ")))),
        profile_id.as_ref().map(|_| format!("Only {rows} from one profile.")),
        of_profiles(profiles).map(|profiles| format!("Only {rows} from {profiles}.")),
        since.as_ref().map(|since| format!("Only {rows} created since {}.", shown(since))),
        limit.map(|limit| format!("Only the {} of the list.", noun.first(limit))),
        sample.map(|_| format!("Only a sample of the {rows} in the list.")),
    ];
    notes.into_iter().flatten().collect()
}

/// The requested profiles; `None` if no particular ones were requested.
fn of_profiles(profiles: &[String]) -> Option<String> {
    match profiles {
        [] => None,
        [all] if all == "all" => Some("the profiles of the organization".to_owned()),
        some => Some(count_of(some.len() as u64, "profile", "profiles")),
    }
}

fn verdict(verdict: Option<Verdict>, source: Source<'_>) -> Fact {
    let RowNoun { one: row, many: rows } = source.noun;
    let (meaning, tone) = match verdict {
        None => (NO_MANIFEST.to_owned(), Tone::Plain),
        Some(Verdict::Complete) => (format!("complete: every {row} is there."), Tone::Good),
        Some(Verdict::Healed) => {
            (format!("healed: the list changed while it was being read, but every {row} is there."), Tone::Good)
        }
        Some(Verdict::Unverified) => (format!("unverified: {rows} may be missing."), Tone::Warning),
    };
    let of_run = source.origin.run.iter().flat_map(|run| run.evidence.iter().map(|evidence| evidence.text.as_str()));
    let of_files = exports(source)
        .filter(|export| export.verdict == verdict)
        .flat_map(|export| export.evidence.iter().map(|evidence| evidence.text.as_str()));
    let evidence = of_run.chain(of_files).find(|text| !text.trim().is_empty()).filter(|_| verdict.is_some());
    let evidence = evidence.map(|text| format!(" Evidence: {}.", sentence(text).trim_end_matches('.')));
    let section = verdict.map(|_| SectionKind::Run);
    let short = Some(verdict.map_or(NO_MANIFEST, Verdict::name).to_owned());
    Fact { name: "Verdict", text: meaning + &evidence.unwrap_or_default(), short, tone, section }
}

/// What the numbers omit, or include only in part.
fn left_out<D: ResourceDocument>(document: &D, source: Source<'_>) -> Vec<String> {
    let rows = D::NOUN.many;
    let mut sentences = Vec::new();
    let run = source.origin.run.as_ref();
    if let Some(count) = run.and_then(|run| run.rows_left_out).filter(|&count| count > 0) {
        sentences.push(format!("{} by --only.", source.noun.count("", count)));
    }
    let rejected = items_rejected(&source.origin.inputs) + document.rejected().values().sum::<u64>();
    if rejected > 0 {
        let are = if rejected == 1 {
            format!("that is not {}", D::NOUN.with_article())
        } else {
            format!("that are not {rows}")
        };
        sentences.push(format!("{} {are}.", count_of(rejected, "item", "items")));
    }
    let absent = document.absent_columns();
    if !absent.is_empty() {
        sentences.push(format!("Not in all of these files, so counted as unknown or omitted: {}.", absent.join(", ")));
    }
    if let Some(min_cell) = document.min_cell() {
        sentences.push(format!(
            "Groups of fewer than {min_cell} {rows} are merged into \"(other)\", and counts below {min_cell} or whose \
             complement is below {min_cell} are suppressed, except in totals over all {rows}."
        ));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_within_a_day_has_its_date_once() {
        let at = |time: &str| format!("2026-03-01T{time}:00Z");
        assert_eq!(span(&at("08:30"), &at("09:31")), "2026-03-01, 08:30 to 09:31 UTC");
        assert_eq!(span(&at("08:30"), &at("08:30")), "2026-03-01, 08:30 UTC");
        assert_eq!(span(&at("23:59"), "2026-03-02T00:01:00Z"), "2026-03-01, 23:59 UTC to 2026-03-02, 00:01 UTC");
    }

    #[test]
    fn the_text_of_a_limit_agrees_with_its_number() {
        let rows = RowNoun { one: "contact", many: "contacts" };
        let text = |limit| filters(&Filters { limit: Some(limit), ..Filters::default() }, rows).concat();
        assert_eq!(text(1), "Only the first contact of the list.");
        assert_eq!(text(1_001), "Only the first 1,001 contacts of the list.");
    }
}

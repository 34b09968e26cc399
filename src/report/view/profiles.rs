//! The table of what was read for each profile of an organization.

use super::super::document::origin::Origin;
use super::super::document::profile::{InputProfile, ProfileFacts};
use super::super::format::{capitalized, sentence, shown};
use super::cell::Cell;
use super::limits::ViewLimits;
use super::parts::{Column, Row, TableView};
use super::ranked::more;
use crate::base::noun::RowNoun;
use crate::verdict::Verdict;

/// A profile in the table.
#[derive(Clone, Copy)]
struct ProfileLine<'a> {
    label: &'a str,
    rows: u64,
    reachable: Option<u64>,
    /// `None` if unknown.
    verdict: Option<Verdict>,
    failure: Option<&'a str>,
}

impl<'a> From<&'a ProfileFacts> for ProfileLine<'a> {
    fn from(profile: &'a ProfileFacts) -> Self {
        let ProfileFacts { rows, reachable, verdict, ref failure, .. } = *profile;
        let failure = failure.as_ref().map(|failure| failure.text.as_str());
        Self { label: profile.label(), rows, reachable, verdict: Some(verdict), failure }
    }
}

impl<'a> From<&'a InputProfile> for ProfileLine<'a> {
    fn from(profile: &'a InputProfile) -> Self {
        let InputProfile { rows, reachable, verdict, ref failure, .. } = *profile;
        let failure = failure.as_ref().map(|failure| failure.text.as_str());
        Self { label: profile.name.as_deref().unwrap_or(&profile.id), rows, reachable, verdict, failure }
    }
}

/// One row for each profile: those of a run in reading order, or those of files; `None` if there are none.
pub(super) fn profiles(origin: &Origin, noun: RowNoun, limits: ViewLimits) -> Option<TableView> {
    let of_run: Vec<ProfileLine<'_>> = origin.run.iter().flat_map(|run| &run.profiles).map(Into::into).collect();
    if of_run.is_empty() {
        table(&origin.profiles.iter().map(Into::into).collect::<Vec<_>>(), noun, limits)
    } else {
        table(&of_run, noun, limits)
    }
}

fn table(profiles: &[ProfileLine<'_>], noun: RowNoun, limits: ViewLimits) -> Option<TableView> {
    let has_reachable = profiles.iter().any(|profile| profile.reachable.is_some());
    let has_failures = profiles.iter().any(|profile| profile.failure.is_some());
    let cells = |name: String, rows: u64, reachable: Option<u64>, verdict: &str, failure: String| {
        let reachable = has_reachable.then(|| reachable.map_or_else(|| Cell::Text("unknown".to_owned()), Cell::Count));
        let failure = has_failures.then_some(Cell::Text(failure));
        let always = [Cell::Text(name), Cell::Count(rows)];
        always.into_iter().chain(reachable).chain([Cell::Text(verdict.to_owned())]).chain(failure).collect()
    };
    // An organization can have thousands.
    let shown_rows = if profiles.len() > limits.rows + 1 { limits.rows } else { profiles.len() };
    let (listed, rest) = profiles.split_at(shown_rows);
    let name = |verdict: Option<Verdict>| verdict.map_or("unknown", Verdict::name);
    let row = |profile: &ProfileLine<'_>| {
        let failure = profile.failure.map(sentence).unwrap_or_default();
        Row::new(cells(shown(profile.label), profile.rows, profile.reachable, name(profile.verdict), failure))
    };
    let mut rows: Vec<Row> = listed.iter().map(row).collect();
    if !rest.is_empty() {
        let counted = rest.iter().map(|profile| profile.rows).sum();
        let reachable = rest.iter().map(|profile| profile.reachable).sum();
        let worst = rest.iter().map(|profile| profile.verdict).reduce(|one, other| Some(one?.weaker(other?)));
        rows.push(Row::rest(cells(more(rest.len()), counted, reachable, name(worst.flatten()), String::new())));
    }
    let rows_title = capitalized(noun.many);
    let mut columns: Vec<Column> = vec!["Profile".into(), rows_title.as_str().into()];
    columns.extend(has_reachable.then(|| Column::optional("Reachable")));
    columns.push("Verdict".into());
    columns.extend(has_failures.then(|| Column::optional_text("Failure")));
    let view = TableView { columns, ..TableView::new("Profiles", [], rows) };
    view.with_head().unless_empty()
}

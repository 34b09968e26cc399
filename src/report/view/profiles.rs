//! What was read of each profile of an organization.

use super::super::document::profile::ProfileFacts;
use super::super::format::{capitalized, sentence, shown};
use super::cell::Cell;
use super::limits::ViewLimits;
use super::parts::{Column, Row, TableView};
use super::ranked::more;
use crate::base::noun::RowNoun;
use crate::verdict::Verdict;

/// One row for each profile, in the order of reading; `None` without any.
pub(super) fn profiles(profiles: &[ProfileFacts], noun: RowNoun, limits: ViewLimits) -> Option<TableView> {
    let has_reachable = profiles.iter().any(|profile| profile.reachable.is_some());
    let has_failures = profiles.iter().any(|profile| profile.failure.is_some());
    let cells = |name: String, rows: u64, reachable: Option<u64>, verdict: &str, failure: String| {
        let reachable = has_reachable.then(|| Cell::Count(reachable.unwrap_or_default()));
        let failure = has_failures.then_some(Cell::Text(failure));
        let always = [Cell::Text(name), Cell::Count(rows)];
        always.into_iter().chain(reachable).chain([Cell::Text(verdict.to_owned())]).chain(failure).collect()
    };
    // An organization can have thousands.
    let shown_rows = if profiles.len() > limits.rows + 1 { limits.rows } else { profiles.len() };
    let (listed, rest) = profiles.split_at(shown_rows);
    let row = |profile: &ProfileFacts| {
        let failure = profile.failure.as_ref().map(|failure| sentence(&failure.text)).unwrap_or_default();
        Row::new(cells(shown(profile.label()), profile.rows, profile.reachable, profile.verdict.name(), failure))
    };
    let mut rows: Vec<Row> = listed.iter().map(row).collect();
    if !rest.is_empty() {
        let counted = rest.iter().map(|profile| profile.rows).sum();
        let reachable = rest.iter().filter_map(|profile| profile.reachable).sum();
        let worst = rest.iter().map(|profile| profile.verdict).reduce(Verdict::weaker);
        let worst = worst.map_or("", |verdict| verdict.name());
        rows.push(Row::rest(cells(more(rest.len()), counted, Some(reachable), worst, String::new())));
    }
    let rows_title = capitalized(noun.many);
    let mut columns: Vec<Column> = vec!["Profile".into(), rows_title.as_str().into()];
    columns.extend(has_reachable.then(|| Column::optional("Reachable")));
    columns.push("Verdict".into());
    columns.extend(has_failures.then(|| Column::optional_text("Failure")));
    let view = TableView { columns, ..TableView::new("Profiles", [], rows) };
    view.with_head().unless_empty()
}

//! Why messages failed, were filtered or blocked.

use super::super::super::document::delivery::summary::{DeliverySummary, Failure};
use super::super::super::format::{sentence, shortened, shown};
use super::super::cell::Cell;
use super::super::limits::ViewLimits;
use super::super::parts::{Column, Frame, Part, Row, Section, SectionKind, TableView};
use super::super::ranked::{Ranked, more};

/// Maximum length of a reason, in characters.
const MAX_REASON: usize = 60;

pub(super) fn failures(summary: &DeliverySummary, limits: ViewLimits) -> Section {
    let parts = table(&summary.failures, limits).map(Part::from).into_iter().collect();
    Section::new(SectionKind::Failures, "Failures", Vec::new(), parts)
}

fn table(failures: &[Failure], limits: ViewLimits) -> Option<TableView> {
    let rows = failures.iter().map(|failure| (failure.reason_code.as_str(), failure));
    let ranked = Ranked::new(rows, limits.rows, |failure| failure.messages);
    let largest = ranked.shown().map(|(_, failure)| failure.messages).max()?;
    let total: u64 = failures.iter().map(|failure| failure.messages).sum();
    let cells = |name: String, messages: u64, failure: Option<&Failure>| {
        let day = |day: Option<&String>| Cell::Text(day.cloned().unwrap_or_default());
        let reason = failure.and_then(|failure| failure.reason.as_deref()).map(sentence).unwrap_or_default();
        vec![
            Cell::Text(name),
            Cell::Count(messages),
            Cell::Percent(messages, total),
            day(failure.and_then(|failure| failure.began_on.as_ref())),
            day(failure.and_then(|failure| failure.last_seen_on.as_ref())),
            Cell::Text(shortened(&reason, MAX_REASON)),
            Cell::Bar(if failure.is_some() { messages } else { 0 }, largest),
        ]
    };
    let columns = [
        "Reason code".into(),
        "Messages".into(),
        "Share".into(),
        Column::optional("Began on"),
        Column::optional("Last seen on"),
        Column::optional_text("Reason"),
        Column::optional_bars(),
    ];
    let view = TableView::new("Failed, filtered and blocked, by reason", columns, Vec::new());
    let row = |code: &str, failure: &Failure| Row::of_key(code, cells(shown(code), failure.messages, Some(failure)));
    Some(ranked.fill(view.sortable().framed(Frame::Wide).with_head(), row, |rest| {
        let messages = rest.iter().map(|(_, failure)| failure.messages).sum();
        Row::rest(cells(more(rest.len()), messages, None))
    }))
}

//! The report on messages and their delivery.

mod changes;
mod days;
mod failures;
mod funnel;
mod groups;
mod quality;
mod speed;
mod spending;
#[cfg(test)]
mod tests;

use super::super::document::delivery::summary::DeliverySummary;
use super::super::document::resource::ResourceDocument;
use super::cell::{Cell, Wish};
use super::limits::Limits;
use super::parts::{Card, Note, ReportView, Row, Section, SectionKind, TableView};
use super::run::{self, Source};
use super::warnings::warnings;

/// Lays out the report on messages.
pub(in crate::report) fn report(summary: &DeliverySummary, limits: Limits) -> ReportView {
    let source = Source {
        noun: DeliverySummary::NOUN,
        rows: summary.messages,
        has_ages: false,
        as_of: &summary.as_of,
        origin: &summary.origin,
    };
    let sections = [
        Some(totals(summary)),
        changes::changes(summary, limits),
        Some(funnel::delivery(summary, limits)),
        Some(groups::channels(summary, limits)),
        Some(groups::regions(summary, limits)),
        Some(groups::templates(summary, limits)),
        Some(days::times(summary, limits)),
        Some(failures::failures(summary, limits)),
        Some(spending::spending(summary, limits)),
        Some(speed::speed(summary, limits)),
        Some(replies(summary)),
        Some(quality::quality(summary, limits)),
        Some(run::run(source, limits)),
    ];
    ReportView {
        title: "Report on messages".to_owned(),
        subtitle: source.subtitle(),
        verdict: summary.verdict(),
        warnings: warnings(&summary.all_notices()),
        cards: cards(summary),
        sections: sections.into_iter().flatten().filter(|section| !section.is_empty()).collect(),
        footnote:
            "Times are UTC. Shares are of all messages unless a table says otherwise. The API names no currency: \
                   amounts are in the account's."
                .to_owned(),
    }
}

/// The numbers that are asked for first.
fn cards(summary: &DeliverySummary) -> Vec<Card> {
    let old = summary.comparison.as_ref();
    let card = |name, number, detail, change: Option<_>, wish| Card {
        name,
        number,
        detail,
        change: change.map(|change| (change, wish)),
    };
    let outbound = summary.total.outbound.map(|count| {
        let share = Some(Cell::Percent(count, summary.messages));
        card("Outbound", Cell::Count(count), share, old.and_then(|old| old.outbound), Wish::Neither)
    });
    let deliverability = summary
        .deliverability
        .map(|found| card("Deliverability", Cell::Percent(found.successful, found.attempted), None, None, Wish::More));
    let spent = summary
        .has_prices()
        .then(|| card("Spent", Cell::Money(summary.total.spent.total()), None, None, Wish::Neither));
    let messages = card("Messages", Cell::Count(summary.messages), None, old.map(|old| old.messages), Wish::Neither);
    [Some(messages), outbound, deliverability, spent].into_iter().flatten().collect()
}

fn totals(summary: &DeliverySummary) -> Section {
    let mut notes = Vec::new();
    if let Some(min_cell) = summary.min_cell {
        notes.push(format!(
            "Groups of fewer than {min_cell} messages are merged into \"(other)\", and counts below {min_cell} or \
             whose complement is below {min_cell} are suppressed, except those of all messages together."
        ));
    }
    if !summary.origin.columns_not_in_inputs.is_empty() {
        let columns = summary.origin.columns_not_in_inputs.join(", ");
        notes.push(format!("Not in all of these files, so counted as unknown or left out: {columns}."));
    }
    let total = summary.total;
    let neither = total.outbound.zip(total.inbound).map(|(out, into)| total.messages.saturating_sub(out + into));
    let rows = [
        ("Messages", Some(summary.messages)),
        ("Outbound", total.outbound),
        ("Inbound", total.inbound),
        ("Neither, or not known", neither.filter(|&count| count > 0)),
    ];
    let row = |(name, count): (&str, Option<u64>)| {
        count.map(|count| Row::new(vec![Cell::text(name), Cell::Count(count), Cell::Percent(count, summary.messages)]))
    };
    let rows = rows.into_iter().filter_map(row).collect();
    let view = TableView::new("", ["", "Messages", "Share"].map(Into::into), rows);
    Section::new(SectionKind::Totals, "Messages", notes.into_iter().map(Note::from).collect(), vec![view.into()])
}

/// Who was messaged, and who replied.
fn replies(summary: &DeliverySummary) -> Section {
    let Some(contacts) = summary.contacts else {
        return Section::new(SectionKind::Replies, "Replies", Vec::new(), Vec::new());
    };
    let cell = |count| if contacts.approximate { Cell::About(count) } else { Cell::Count(count) };
    let row =
        |name: &str, count| Row::new(vec![Cell::text(name), cell(count), Cell::Percent(count, contacts.messaged)]);
    let rows = vec![row("Contacts messaged", contacts.messaged), row("Replied", contacts.replied)];
    let view = TableView::new("", ["", "Contacts", "Share"].map(Into::into), rows);
    let note = "A contact replied if a message came in after the first one that went out to them.".to_owned();
    Section::new(SectionKind::Replies, "Replies", vec![note.into()], vec![view.with_head().into()])
}

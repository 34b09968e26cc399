//! The report on messages and their delivery.

mod changes;
mod days;
mod failures;
mod funnel;
mod gross;
mod groups;
mod quality;
mod speed;
mod spending;
#[cfg(test)]
mod tests;

use super::super::document::delivery::summary::DeliverySummary;
use super::super::format::percent;
use super::super::table::is_leftover;
use super::cell::{Cell, Wish};
use super::limits::ViewLimits;
use super::names::channel_name;
use super::parts::{Card, ReportView, Row, Section, SectionKind, TableView};
use super::ranked::Ranked;
use super::report::{self as frame, ResourceSections};
use super::totals;
use crate::base::plural::grouped;

/// Lays out the report on messages.
pub(in crate::report) fn report(summary: &DeliverySummary, limits: ViewLimits) -> ReportView {
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
    ];
    let footnote = "Times are UTC. Shares are of all messages unless a table says otherwise. The API names no currency: \
                    amounts are in the account's.";
    let content = ResourceSections {
        cards: cards(summary),
        filters_differ: summary.comparison.as_ref().is_some_and(|comparison| comparison.filters_differ),
        highlights: highlights(summary),
        sections,
        has_ages: false,
        footnote: footnote.to_owned(),
    };
    frame::report(summary, content, limits)
}

/// The largest channels and the replies, for a digest.
fn highlights(summary: &DeliverySummary) -> Vec<String> {
    const MAX: usize = 3;
    let rows = summary.channels.iter().map(|(key, &group)| (key.as_str(), group));
    let ranked = Ranked::new(rows.filter(|(key, _)| !is_leftover(key)), MAX, |group| group.messages);
    let shares: Vec<String> = ranked
        .shown()
        .take(MAX)
        .map(|(key, group)| format!("{} {}", channel_name(key), percent(group.messages, summary.messages)))
        .collect();
    let channels = (!shares.is_empty()).then(|| format!("Channels: {}", shares.join(", ")));
    let replies = summary.contacts.filter(|contacts| contacts.messaged > 0).map(|contacts| {
        let [replied, messaged] = [contacts.replied, contacts.messaged].map(grouped);
        let share = percent(contacts.replied, contacts.messaged);
        format!("Replied: {replied} of {messaged} contacts ({share})")
    });
    channels.into_iter().chain(replies).collect()
}

/// The most important numbers.
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
    let total = summary.total;
    let neither = total.outbound.zip(total.inbound).map(|(out, into)| total.messages.saturating_sub(out + into));
    let counts = [
        ("Messages", Some(summary.messages)),
        ("Outbound", total.outbound),
        ("Inbound", total.inbound),
        ("Neither, or unknown", neither.filter(|&count| count > 0)),
    ];
    totals::section(summary, counts, Vec::new())
}

/// Contacts that were messaged, and those that replied.
fn replies(summary: &DeliverySummary) -> Section {
    let Some(contacts) = summary.contacts else {
        return Section::new(SectionKind::Replies, "Replies", Vec::new(), Vec::new());
    };
    let cell = |count| if contacts.approximate { Cell::About(count) } else { Cell::Count(count) };
    let row =
        |name: &str, count| Row::new(vec![Cell::text(name), cell(count), Cell::Percent(count, contacts.messaged)]);
    let rows = vec![row("Contacts messaged", contacts.messaged), row("Replied", contacts.replied)];
    let view = TableView::new("", ["", "Contacts", "Share"].map(Into::into), rows);
    let note = "A contact counts as replied if it sent a message after the first outbound message to it.".to_owned();
    Section::new(SectionKind::Replies, "Replies", vec![note.into()], vec![view.with_head().into()])
}

//! Added, removed and changed messages since an older export, as sentences and tables.

use super::super::super::document::change::CountChange;
use super::super::super::document::delivery::comparison::DeliveryComparison;
use super::super::super::document::delivery::gross::{MessageChanges, PriceChanges, StatusGross};
use super::super::super::format::{difference, money, percent, relative, shown};
use super::super::super::table::Table;
use super::super::cell::{Cell, Wish};
use super::super::counted::counted;
use super::super::limits::ViewLimits;
use super::super::parts::{Column, Frame, Row, TableView};
use super::super::ranked::{Ranked, more};
use crate::base::plural::{count_of, grouped, word_for};

/// The changes by status, and the transitions between statuses.
pub(super) fn tables(comparison: &DeliveryComparison, limits: ViewLimits) -> impl Iterator<Item = TableView> {
    let tables = comparison.gross.as_ref().map(|gross| [Some(statuses(gross, limits)), transitions(gross, limits)]);
    tables.into_iter().flatten().flatten()
}

fn statuses(gross: &MessageChanges, limits: ViewLimits) -> TableView {
    let size = |gross: StatusGross| gross.added + gross.removed + gross.gained + gross.lost;
    let cells = |name: Cell, gross: StatusGross| {
        let StatusGross { added, removed, gained, lost } = gross;
        let net = CountChange { old: removed + lost, new: added + gained };
        let counts = [added, removed, gained, lost].map(Cell::Count);
        std::iter::once(name).chain(counts).chain([Cell::Difference(net, Wish::Neither)]).collect::<Vec<_>>()
    };
    let rows = gross.statuses.iter().map(|(key, &gross)| (key.as_str(), gross));
    let ranked = Ranked::new(rows, limits.rows, size);
    let [gained, lost] = ["Gained", "Lost"].map(Column::optional);
    let columns = ["Status".into(), "Added".into(), "Removed".into(), gained, lost, "Net".into()];
    let view = TableView::new("Added and removed, by status", columns, Vec::new()).framed(Frame::Wide);
    ranked.fill(
        view,
        |key, gross| Row::of_key(key, cells(Cell::text(key), gross)),
        |rest| {
            let mut sum = StatusGross::default();
            for (_, gross) in rest {
                sum += *gross;
            }
            Row::rest(cells(Cell::Text(more(rest.len())), sum))
        },
    )
}

fn transitions(gross: &MessageChanges, limits: ViewLimits) -> Option<TableView> {
    let mut pairs = Table::new();
    for (from, to) in &gross.transitions {
        for (to, messages) in to {
            *pairs.entry(format!("{} → {}", shown(from), shown(to))).or_default() += messages;
        }
    }
    let total = gross.status_changed.unwrap_or(0);
    counted("Changes of status", ["Then and now", "Messages"], &pairs, total, limits)
        .map(|view| view.framed(Frame::Wide))
}

/// The changes as sentences; `is_suppressed` if numbers of small groups are left out.
pub(super) fn notes(comparison: &DeliveryComparison, is_suppressed: bool) -> Vec<String> {
    let Some(gross) = &comparison.gross else {
        return vec![
            "Only the net change is known: two exports of messages with the same filters are needed \
             to tell which are new, gone or changed."
                .to_owned(),
        ];
    };
    let is_compared = gross.status_changed.is_some();
    if gross.are_none() {
        let status = if is_compared { ", and none changed its status" } else { "" };
        return vec![if !comparison.is_unchanged() {
            format!("No message was added or removed{status}, but other numbers differ.")
        } else if is_suppressed {
            // Suppressed numbers of small groups may differ, so the text must not say "No change".
            format!("No message was added or removed{status}.")
        } else {
            format!("No change: no message was added or removed{status}.")
        }];
    }
    let mut notes = vec![came_and_went(comparison, gross)];
    match gross.status_changed {
        Some(0) => notes.push("No message in both exports changed its status.".to_owned()),
        Some(changed) => {
            let kept = comparison.messages.old.saturating_sub(gross.removed);
            let (count, share) = (grouped(changed), share(changed, kept));
            let its = word_for(changed, "its", "their");
            notes.push(format!("Of the messages in both exports, {count}{share} changed {its} status."));
        }
        None => {}
    }
    if !gross.statuses.is_empty() {
        notes.push("Gained and lost: messages in both exports that changed their status.".to_owned());
    }
    notes.extend(gross.prices.filter(|prices| prices.messages > 0).map(prices));
    notes
}

fn came_and_went(comparison: &DeliveryComparison, gross: &MessageChanges) -> String {
    let messages = comparison.messages;
    let are = |count: u64| word_for(count, "was", "were");
    let is_gone = if gross.removed_may_exist {
        format!("{} missing, but may still exist", word_for(gross.removed, "is", "are"))
    } else {
        format!("{} removed", are(gross.removed))
    };
    let net = match messages.difference() {
        0 => "no net change".to_owned(),
        change => match relative(messages.old, messages.new) {
            share if share.is_empty() => format!("net {}", difference(change)),
            share => format!("net {} ({share})", difference(change)),
        },
    };
    format!(
        "{}{} {} added and {}{} {is_gone}: {net}.",
        count_of(gross.added, "message", "messages"),
        share(gross.added, messages.old),
        are(gross.added),
        grouped(gross.removed),
        share(gross.removed, messages.old)
    )
}

/// A percentage in parentheses, unless the whole is 0.
fn share(count: u64, whole: u64) -> String {
    match percent(count, whole) {
        share if share.is_empty() => share,
        share => format!(" ({share})"),
    }
}

fn prices(prices: PriceChanges) -> String {
    let PriceChanges { messages, became_known, old, new } = prices;
    let known = match became_known {
        0 => String::new(),
        count => format!("; {} of them had no price before", grouped(count)),
    };
    format!(
        "The price of {} in both exports changed, from a total of {} to {}{known}.",
        count_of(messages, "message", "messages"),
        money(old),
        money(new)
    )
}

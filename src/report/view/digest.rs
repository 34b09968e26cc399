//! The report in ten lines, for a chat message.

use super::super::document::action::Action;
use super::super::format::{difference, sentence};
use super::cell::Cell;
use super::changes::FILTERS_DIFFER;
use super::parts::{Card, Fact};
use crate::base::plural::{count_of, grouped};

/// Maximum number of lines.
const MAX_LINES: usize = 10;

/// The contents of a digest.
pub(super) struct DigestParts<'a> {
    pub(super) facts: &'a [Fact],
    pub(super) warnings: &'a [String],
    pub(super) cards: &'a [Card],
    /// Whether the cards are compared with numbers from different filters.
    pub(super) filters_differ: bool,
    /// Sentences specific to the resource.
    pub(super) highlights: &'a [String],
    pub(super) actions: &'a [Action],
}

/// The lines. The first ones are never dropped.
pub(super) fn digest(parts: &DigestParts<'_>) -> Vec<String> {
    let facts = parts.facts.iter().filter_map(|fact| Some(format!("{}: {}", fact.name, fact.short.as_ref()?)));
    let mut lines = vec![facts.collect::<Vec<_>>().join(" · ")];
    if let Some(first) = parts.warnings.first() {
        let more = parts.warnings.len() as u64 - 1;
        let more = if more > 0 { format!(" ({} more)", grouped(more)) } else { String::new() };
        lines.push(format!("Warning: {first}{more}"));
    }
    // Placed before the differences that it casts doubt on.
    lines.extend(parts.filters_differ.then(|| FILTERS_DIFFER.to_owned()));
    lines.extend(parts.cards.iter().map(card));
    lines.extend(parts.highlights.iter().cloned());
    let room = MAX_LINES.saturating_sub(lines.len());
    let actions = parts.actions.iter().map(|action| sentence(&action.text));
    if parts.actions.len() > room {
        lines.extend(actions.take(room.saturating_sub(1)));
        let rest = parts.actions.len() - room.saturating_sub(1);
        lines.push(format!("{} under What to do.", count_of(rest as u64, "more item", "more items")));
    } else {
        lines.extend(actions);
    }
    lines.truncate(MAX_LINES);
    lines
}

fn card(card: &Card) -> String {
    let detail = card.detail.as_ref().map(Cell::words).filter(|detail| !detail.is_empty());
    let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
    let change = card.change.map(|(change, _)| format!(" {}", difference(change.difference()))).unwrap_or_default();
    format!("{}: {}{detail}{change}", card.name, card.number.words())
}

//! The summary in the order in which people read it: sections of notes and tables, the same for every renderer.
//!
//! [`sections`] decides what is shown and in which words; a renderer decides only how it looks, and how many rows of a
//! long table it has room for ([`Limits`]). So every form shows the same numbers.
//!
//! *Easy to get wrong:* words that came from the server pass [`shown`] here, and a renderer still
//! has to escape them for its own form. And a table that is cut or folded has to add up all the same: see [`Ranked`].

mod changes;
mod contacts;
mod quality;
mod ranked;
mod run;
#[cfg(test)]
mod tests;

use std::ops::Range;

use self::ranked::{Ranked, is_leftover, more};
pub(super) use self::run::file_name;
use super::format::{difference, grouped, percent, sentence, shown};
use super::{Change, Summary, Table};

/// How much of a long table there is room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Rows of a table that is sorted by count.
    pub(super) rows: usize,
    /// Rows of the table of regions.
    pub(super) regions: usize,
    /// Months, the latest ones.
    pub(super) months: usize,
    /// Channels that have a column of their own.
    pub(super) channels: usize,
}

/// One part of the report.
#[derive(Debug)]
pub(super) struct Section {
    /// Short name, for links.
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) notes: Vec<String>,
    pub(super) tables: Vec<View>,
}

/// One table.
#[derive(Debug)]
pub(super) struct View {
    /// Short name, by which a renderer knows what it could draw instead.
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// What a page that can unfold it shows only on request.
    pub(super) fold: Option<Fold>,
}

/// Rows in the middle of a long table that can be folded away.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) rows: Range<usize>,
    /// The row that stands for them meanwhile.
    pub(super) rest: Vec<Cell>,
}

impl View {
    fn new<const N: usize>(id: &'static str, title: &str, columns: [&str; N], rows: Vec<Vec<Cell>>) -> Self {
        Self { id, title: title.to_owned(), columns: columns.map(str::to_owned).into(), rows, fold: None }
    }
}

/// What one wishes of a number when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    More,
    Fewer,
    Neither,
}

impl Wish {
    /// Whether a change is for the better; nothing when it is neither that nor for the worse.
    pub(super) fn is_met_by(self, change: Change) -> Option<bool> {
        match (self, change.difference()) {
            (Self::Neither, _) | (_, 0) => None,
            (Self::More, difference) => Some(difference > 0),
            (Self::Fewer, difference) => Some(difference < 0),
        }
    }
}

/// One cell; the first of a row is its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Count(u64),
    /// A number that stands for at least so many, from a sample.
    About(u64),
    Share(u64, u64),
    Difference(Change, Wish),
    /// How long a bar is, of the longest.
    Bar(u64, u64),
    /// A number that is not told: it, or what it leaves, may be too small.
    Hidden,
}

impl Cell {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(shown(text))
    }

    /// Its text in every form; a bar has none.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => grouped(*count),
            Self::About(count) => format!("≈ {}", grouped(*count)),
            Self::Share(count, total) => percent(*count, *total),
            Self::Difference(change, _) => difference(change.difference()),
            Self::Bar(..) => String::new(),
            Self::Hidden => "–".to_owned(),
        }
    }
}

/// What stands at the top, before any section.
pub(super) fn notices(summary: &Summary) -> Vec<String> {
    // A folder can hold exports of thousands of accounts.
    const MAX: usize = 10;
    let notices = summary.all_notices();
    let mut texts: Vec<String> = notices.iter().take(MAX).map(|notice| sentence(&notice.text)).collect();
    if let Some(rest) = notices.len().checked_sub(MAX).filter(|&rest| rest > 0) {
        texts.push(format!("{} more; the JSON form has all of them.", grouped(rest as u64)));
    }
    texts
}

/// All sections that have something to say.
pub(super) fn sections(summary: &Summary, limits: Limits) -> Vec<Section> {
    let sections = [
        Some(contacts::totals(summary)),
        changes::changes(summary, limits),
        Some(contacts::channels(summary, limits)),
        Some(contacts::regions(summary, limits)),
        Some(contacts::times(summary, limits)),
        Some(quality::quality(summary, limits)),
        Some(run::run(summary, limits)),
    ];
    sections.into_iter().flatten().filter(|section| !section.notes.is_empty() || !section.tables.is_empty()).collect()
}

/// A table of counts with shares and bars.
fn counted(id: &'static str, title: &str, name: &str, table: &Table, total: u64, limits: Limits) -> Option<View> {
    let ranked = Ranked::of_counts(table, limits.rows);
    let largest = ranked.largest()?;
    let row = |name: String, count: u64, bar: u64| {
        vec![Cell::Text(name), Cell::Count(count), Cell::Share(count, total), Cell::Bar(bar, largest)]
    };
    let view = View::new(id, title, [name, "Contacts", "Share", ""], Vec::new());
    // The length of a heap of small groups says nothing beside those of single ones.
    Some(ranked.fill(view, |key, count| row(shown(key), count, count), |rest| row(more(rest.len()), sum(rest), 0)))
}

/// What the rows that are not shown count together.
fn sum(rows: &[(&str, u64)]) -> u64 {
    rows.iter().map(|&(_, count)| count).sum()
}

//! The summary in the order in which people read it: sections of notes and tables, the same for every renderer.
//!
//! [`sections`] decides what is shown and in which words; a renderer decides only how it looks, and how many rows of a
//! long table it has room for ([`Limits`]). So every form shows the same numbers.
//!
//! *Easy to get wrong:* words that came from the server pass [`shown`] here, and a renderer still
//! has to escape them for its own form.

mod contacts;
mod quality;
mod run;

use std::cmp::Reverse;

use super::counts::{NONE_KEY, OTHER_KEY, UNKNOWN_KEY};
use super::format::{difference, grouped, percent, shown};
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
}

/// One cell; the first of a row is its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Count(u64),
    /// A number that stands for at least so many, from a sample.
    About(u64),
    Share(u64, u64),
    Difference(Change),
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
            Self::Difference(change) => difference(change.difference()),
            Self::Bar(..) => String::new(),
            Self::Hidden => "–".to_owned(),
        }
    }
}

/// All sections that have something to say.
pub(super) fn sections(summary: &Summary, limits: Limits) -> Vec<Section> {
    let sections = [
        Some(contacts::totals(summary)),
        contacts::changes(summary, limits),
        Some(contacts::channels(summary, limits)),
        Some(contacts::regions(summary, limits)),
        Some(contacts::times(summary, limits)),
        Some(quality::quality(summary, limits)),
        Some(run::run(summary, limits)),
    ];
    sections.into_iter().flatten().filter(|section| !section.notes.is_empty() || !section.tables.is_empty()).collect()
}

/// How many rows there is no room for, and what they count together.
type Rest = (usize, u64);

/// The rows of a table, largest first and with what is left over last; the tail is one row.
pub(super) fn ranked(table: &Table, limit: usize) -> (Vec<(&str, u64)>, Option<Rest>) {
    let mut rows: Vec<(&str, u64)> = table.iter().map(|(key, &count)| (key.as_str(), count)).collect();
    rows.sort_by_key(|&(key, count)| (is_leftover(key), Reverse(count)));
    if rows.len() <= limit + 1 {
        return (rows, None);
    }
    let tail = rows.split_off(limit);
    (rows, Some((tail.len(), tail.iter().map(|&(_, count)| count).sum())))
}

/// A table of counts with shares and bars.
fn counted(id: &'static str, title: &str, name: &str, table: &Table, total: u64, limits: Limits) -> Option<View> {
    let (rows, rest) = ranked(table, limits.rows);
    let largest = rows.iter().map(|&(_, count)| count).chain(rest.map(|(_, count)| count)).max()?;
    let row = |name: String, count| {
        vec![Cell::Text(name), Cell::Count(count), Cell::Share(count, total), Cell::Bar(count, largest)]
    };
    let mut rows: Vec<_> = rows.into_iter().map(|(key, count)| row(shown(key), count)).collect();
    rows.extend(rest.map(|(keys, count)| row(more(keys), count)));
    let columns = [name, "Contacts", "Share", ""].map(str::to_owned).into();
    Some(View { id, title: title.to_owned(), columns, rows })
}

fn more(rows: usize) -> String {
    format!("… and {} more", grouped(rows as u64))
}

/// Keys that stand last, whatever their count.
fn is_leftover(key: &str) -> bool {
    key == NONE_KEY || key == UNKNOWN_KEY || key == OTHER_KEY
}

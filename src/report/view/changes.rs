//! What the sections about changes since an older report have in common.

use super::super::document::change::{CountChange, CountChanges};
use super::super::format::{difference, moment, relative, shown};
use super::cell::{Cell, Wish};
use super::limits::ViewLimits;
use super::parts::{Column, Note, Part, Row, Section, SectionKind, TableView};
use super::ranked::{Ranked, more};

/// The note for sides whose filters differ or are unknown.
pub(super) const FILTERS_DIFFER: &str = "The two sides were exported with different filters, or the filters of one side are \
                                         unknown, so differences are not necessarily changes.";

/// What a comparison says about the older side.
#[derive(Debug, Clone, Copy)]
pub(super) struct OlderSide<'a> {
    /// The files it comes from.
    pub(super) with: &'a str,
    /// Its time, RFC 3339, UTC.
    pub(super) as_of: &'a str,
    pub(super) filters_differ: bool,
    pub(super) columns_not_in_both: &'a [String],
}

impl OlderSide<'_> {
    /// The section. Its title has the date of the older side and the difference in the number of rows.
    pub(super) fn section(
        self,
        rows: CountChange,
        notes: Vec<String>,
        tables: impl IntoIterator<Item = TableView>,
        trend: Vec<Part>,
    ) -> Section {
        let since = shown(self.as_of.get(..10).unwrap_or(self.with));
        let notes = self.notes().into_iter().chain(notes).map(Note::from).collect();
        let tables = tables.into_iter().map(TableView::with_head).filter_map(TableView::unless_empty);
        Section {
            headline: Some(match rows.difference() {
                0 => "no net change".to_owned(),
                change => difference(change),
            }),
            ..Section::new(
                SectionKind::Changes,
                &format!("Since {since}"),
                notes,
                tables.map(Into::into).chain(trend).collect(),
            )
        }
    }

    fn notes(self) -> Vec<String> {
        let (with, as_of) = (shown(self.with), shown(&moment(self.as_of)));
        let mut notes = vec![format!("Compared with {with}, as of {as_of}.")];
        if self.filters_differ {
            notes.push(FILTERS_DIFFER.to_owned());
        }
        if !self.columns_not_in_both.is_empty() {
            notes.push(format!("Not in both, so not compared: {}.", self.columns_not_in_both.join(", ")));
        }
        notes
    }
}

/// The columns of a table of changes.
pub(super) fn columns(name: &str) -> [Column; 5] {
    [name.into(), "Then".into(), "Now".into(), Column::optional("%"), "Change".into()]
}

/// The cells of a change in these columns.
pub(super) fn cells(name: Cell, change: CountChange, wish: Wish) -> Vec<Cell> {
    let share = Cell::Text(relative(change.old, change.new));
    vec![name, Cell::Count(change.old), Cell::Count(change.new), share, Cell::Difference(change, wish)]
}

/// The keys whose counts have changed, the largest changes first.
pub(super) fn changed(
    title: &str,
    name: &str,
    changes: &CountChanges,
    limits: ViewLimits,
    cell_of: impl Fn(&str) -> (Cell, Wish),
) -> TableView {
    let rows = changes.iter().filter(|(_, change)| change.difference() != 0);
    let rows = rows.map(|(key, &change)| (key.as_str(), change));
    let ranked = Ranked::new(rows, limits.rows, |change| change.difference().unsigned_abs());
    let row = |key: &str, change| {
        let (cell, wish) = cell_of(key);
        Row::of_key(key, cells(cell, change, wish))
    };
    ranked.fill(TableView::new(title, columns(name), Vec::new()), row, |rest| {
        let sum = |side: fn(&CountChange) -> u64| rest.iter().map(|(_, change)| side(change)).sum();
        let change = CountChange { old: sum(|change| change.old), new: sum(|change| change.new) };
        Row::rest(cells(Cell::Text(more(rest.len())), change, Wish::Neither))
    })
}

//! The parts of a report, independent of its form: cards, sections, tables and charts.
//!
//! Everything a renderer needs to know is an enum or a field here; no renderer parses the text of a table.

use std::ops::Range;

use super::super::document::change::CountChange;
use super::super::table::{Table, is_leftover};
use super::action::ActionView;
use super::cell::{Cell, Wish};
use crate::base::noun::RowNoun;
use crate::verdict::Verdict;

/// A whole report.
#[derive(Debug)]
pub(in crate::report) struct ReportView {
    /// Title of the report.
    pub(in crate::report) title: String,
    /// Time of the report, and its files unless it was made by a run.
    pub(in crate::report) subtitle: String,
    pub(in crate::report) verdict: Option<Verdict>,
    /// What the report covers, shown below the title.
    pub(in crate::report) facts: Vec<Fact>,
    /// The report in ten lines.
    pub(in crate::report) digest: Vec<String>,
    /// Recommended actions, most important first.
    pub(in crate::report) actions: Vec<ActionView>,
    /// Warnings, shown before the numbers.
    pub(in crate::report) warnings: Vec<String>,
    /// The most important numbers.
    pub(in crate::report) cards: Vec<Card>,
    pub(in crate::report) sections: Vec<Section>,
    /// What is true of all tables.
    pub(in crate::report) footnote: String,
}

/// A fact about the whole report, such as the date of its export.
#[derive(Debug)]
pub(in crate::report) struct Fact {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) text: String,
    /// The text in a digest, which has only some of the facts.
    pub(in crate::report) short: Option<String>,
    pub(in crate::report) tone: Tone,
    /// The section with the details.
    pub(in crate::report) section: Option<SectionKind>,
}

/// One of the most important numbers.
#[derive(Debug)]
pub(in crate::report) struct Card {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) number: Cell,
    /// Shown next to it, such as its percentage.
    pub(in crate::report) detail: Option<Cell>,
    pub(in crate::report) change: Option<(CountChange, Wish)>,
}

/// A section of the report.
#[derive(Debug)]
pub(in crate::report) struct Section {
    pub(in crate::report) kind: SectionKind,
    pub(in crate::report) name: String,
    /// Follows the name in the title of the section.
    pub(in crate::report) headline: Option<String>,
    pub(in crate::report) notes: Vec<Note>,
    pub(in crate::report) parts: Vec<Part>,
}

impl Section {
    pub(super) fn new(kind: SectionKind, name: &str, notes: Vec<Note>, parts: Vec<Part>) -> Self {
        Self { kind, name: name.to_owned(), headline: None, notes, parts }
    }

    /// Name and headline.
    pub(in crate::report) fn title(&self) -> String {
        self.headline.as_ref().map_or_else(|| self.name.clone(), |headline| format!("{}: {headline}", self.name))
    }

    pub(in crate::report) fn tables(&self) -> impl Iterator<Item = &TableView> {
        self.parts.iter().filter_map(Part::table)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.notes.is_empty() && self.parts.is_empty()
    }
}

/// Which section it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum SectionKind {
    /// The cards, as a table.
    Totals,
    Changes,
    Channels,
    Regions,
    Time,
    Quality,
    Run,
    Delivery,
    Templates,
    Failures,
    Spending,
    Speed,
    Replies,
}

impl SectionKind {
    /// Short name, for links.
    pub(in crate::report) fn id(self) -> &'static str {
        match self {
            Self::Totals => "totals",
            Self::Changes => "changes",
            Self::Channels => "channels",
            Self::Regions => "regions",
            Self::Time => "time",
            Self::Quality => "quality",
            Self::Run => "run",
            Self::Delivery => "delivery",
            Self::Templates => "templates",
            Self::Failures => "failures",
            Self::Spending => "spending",
            Self::Speed => "speed",
            Self::Replies => "replies",
        }
    }
}

/// A sentence in a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Note {
    pub(in crate::report) text: String,
    pub(in crate::report) tone: Tone,
}

impl From<String> for Note {
    fn from(text: String) -> Self {
        Self { text, tone: Tone::Plain }
    }
}

/// The tone of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Tone {
    Plain,
    Good,
    Warning,
}

/// A table or a chart of a section.
#[derive(Debug)]
pub(in crate::report) enum Part {
    Table(TableView),
    Map(MapView),
    Heat(HeatView),
    Lines(LinesView),
}

impl Part {
    /// The table, for forms without charts.
    pub(in crate::report) fn table(&self) -> Option<&TableView> {
        match self {
            Self::Table(table) => Some(table),
            Self::Heat(heat) => Some(&heat.table),
            Self::Map(_) | Self::Lines(_) => None,
        }
    }
}

impl From<TableView> for Part {
    fn from(table: TableView) -> Self {
        Self::Table(table)
    }
}

/// A table.
#[derive(Debug)]
pub(in crate::report) struct TableView {
    pub(in crate::report) title: String,
    pub(in crate::report) kind: TableKind,
    pub(in crate::report) frame: Frame,
    /// Whether the table needs its column titles in addition to its own title; compact forms omit other ones.
    pub(in crate::report) needs_head: bool,
    pub(in crate::report) columns: Vec<Column>,
    pub(in crate::report) rows: Vec<Row>,
    /// Rows that a page shows only on request.
    pub(in crate::report) fold: Option<Fold>,
}

impl TableView {
    pub(super) fn new<const N: usize>(title: &str, columns: [Column; N], rows: Vec<Row>) -> Self {
        Self {
            title: title.to_owned(),
            kind: TableKind::Plain,
            frame: Frame::Narrow,
            needs_head: false,
            columns: columns.into(),
            rows,
            fold: None,
        }
    }

    pub(super) fn sortable(self) -> Self {
        Self { kind: TableKind::Sortable, ..self }
    }

    pub(super) fn framed(self, frame: Frame) -> Self {
        Self { frame, ..self }
    }

    pub(super) fn with_head(self) -> Self {
        Self { needs_head: true, ..self }
    }

    /// `None` for a table without rows.
    pub(super) fn unless_empty(self) -> Option<Self> {
        (!self.rows.is_empty()).then_some(self)
    }
}

/// The kind of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum TableKind {
    /// Rows in a fixed order.
    Plain,
    /// Many rows, which readers may want to sort.
    Sortable,
    /// Checks, for which a count of 0 is good.
    Findings,
}

/// The width of a table on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) enum Frame {
    /// Fits next to others.
    Narrow,
    /// The whole width.
    Wide,
    /// Collapsed under this title, below the chart of its numbers.
    Folded(&'static str),
}

/// The title and kind of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Column {
    pub(in crate::report) title: String,
    pub(in crate::report) kind: ColumnKind,
    /// Whether a narrow page can omit it.
    pub(in crate::report) is_optional: bool,
}

impl Column {
    pub(super) fn optional(title: &str) -> Self {
        Self { is_optional: true, ..Self::from(title) }
    }

    /// A column of sentences, aligned to the left.
    pub(super) fn optional_text(title: &str) -> Self {
        Self { kind: ColumnKind::Text, ..Self::optional(title) }
    }

    /// A column of bars.
    pub(super) fn bars() -> Self {
        Self { title: String::new(), kind: ColumnKind::Bar, is_optional: false }
    }

    pub(super) fn optional_bars() -> Self {
        Self { is_optional: true, ..Self::bars() }
    }
}

impl From<&str> for Column {
    fn from(title: &str) -> Self {
        Self { title: title.to_owned(), kind: ColumnKind::Value, is_optional: false }
    }
}

/// The kind of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum ColumnKind {
    Value,
    Text,
    Bar,
}

/// One row; its first cell is its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Row {
    pub(in crate::report) kind: RowKind,
    pub(in crate::report) cells: Vec<Cell>,
}

impl Row {
    pub(super) fn new(cells: Vec<Cell>) -> Self {
        Self { kind: RowKind::Named, cells }
    }

    pub(super) fn rest(cells: Vec<Cell>) -> Self {
        Self { kind: RowKind::Rest, cells }
    }

    /// A row for a key of a [`Table`], which may be a leftover such as `unknown`.
    pub(super) fn of_key(key: &str, cells: Vec<Cell>) -> Self {
        let kind = if is_leftover(key) { RowKind::Leftover } else { RowKind::Named };
        Self { kind, cells }
    }

    /// Makes the name differ from that of another row.
    pub(super) fn append_to_name(&mut self, suffix: &str) {
        if let Some(Cell::Text(name) | Cell::Coded { name, .. }) = self.cells.first_mut() {
            name.push_str(suffix);
        }
    }

    pub(in crate::report) fn name(&self) -> String {
        self.cells.first().map(Cell::words).unwrap_or_default()
    }
}

/// The kind of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum RowKind {
    Named,
    /// Rows without a group, such as `unknown`; always sorted last.
    Leftover,
    /// The sum of rows that do not fit.
    Rest,
    /// The columns as small bars, for forms without charts.
    Sparklines,
}

/// Rows in the middle of a long table that can be collapsed.
#[derive(Debug)]
pub(in crate::report) struct Fold {
    pub(in crate::report) rows: Range<usize>,
    /// The row with their sum, shown while they are collapsed.
    pub(in crate::report) rest: Row,
}

/// A world map, shaded by the count of each region.
#[derive(Debug)]
pub(in crate::report) struct MapView {
    /// The noun for what is counted.
    pub(in crate::report) noun: RowNoun,
    /// Counts by region.
    pub(in crate::report) counts: Table,
    /// The sum of the counts.
    pub(in crate::report) total: u64,
    /// The smallest count that is shown, if small groups are merged.
    pub(in crate::report) min_cell: Option<u64>,
}

/// A table whose cells are shaded by their percentages.
#[derive(Debug)]
pub(in crate::report) struct HeatView {
    pub(in crate::report) table: TableView,
    pub(in crate::report) scale: HeatScale,
    /// Text alternative of the chart.
    pub(in crate::report) label: &'static str,
    /// The meaning of the shades.
    pub(in crate::report) caption: &'static str,
    /// Number of all rows; the table may have fewer.
    pub(in crate::report) rows: usize,
    /// The noun for the rows.
    pub(in crate::report) row_noun: &'static str,
}

/// What the strongest shade of a heat map stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum HeatScale {
    /// The largest share in its column, because columns differ more than rows do.
    Column,
    /// The whole of each cell, such as the largest count of all.
    Whole,
}

/// Line charts over time.
#[derive(Debug)]
pub(in crate::report) struct LinesView {
    pub(in crate::report) charts: Vec<LineChart>,
    /// What the charts omit.
    pub(in crate::report) notes: Vec<Note>,
}

/// A line chart over time.
#[derive(Debug)]
pub(in crate::report) struct LineChart {
    pub(in crate::report) title: String,
    /// Counts by month or day, in order and without gaps.
    pub(in crate::report) points: Vec<(String, u64)>,
    /// Positions of the points on the time axis, in thousandths of its length; empty if they are evenly spaced.
    pub(in crate::report) places: Vec<usize>,
    /// Whether the period of the last point is incomplete, so that its count is not comparable with the others.
    pub(in crate::report) is_last_partial: bool,
    /// Name of the table with the numbers.
    pub(in crate::report) table: &'static str,
}

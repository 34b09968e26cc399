//! The report as aligned tables for a terminal or a log.
//!
//! *Easy to get wrong:* no line is wider than the terminal. A table that is too wide loses its bars, then its last
//! columns, then the ends of its names; the counts stay.

use super::super::view::cell::Cell;
use super::super::view::layout::Layout;
use super::super::view::limits::ViewLimits;
use super::super::view::parts::{ColumnKind, ReportView, Section, TableView, Tone};

/// How tables are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableStyle {
    /// Width of the terminal in columns.
    pub width: usize,
    /// Whether to use colors.
    pub has_colors: bool,
}

/// Limits so that the report fits on a few screens.
const LIMITS: ViewLimits = ViewLimits { rows: 10, regions: 10, months: 12, days: 14, channels: 6 };
/// Maximum and minimum length of the longest bar, in characters.
const MAX_BAR: usize = 24;
const MIN_BAR: usize = 6;
/// Narrowest name column.
const MIN_NAME: usize = 12;
/// Maximum width of a name column with which the other tables of a section are aligned.
const MAX_NAME: usize = 30;
const GAP: usize = 2;

const BOLD: &str = "1";
const FAINT: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BLUE: &str = "34";

/// Draws the report; every line ends with a line break, and none is wider than `style.width`.
pub(in crate::report) fn render_table(document: &impl Layout, style: TableStyle) -> String {
    let mut renderer = Renderer { text: String::new(), style };
    let view = document.layout(LIMITS);
    renderer.top(&view);
    if !view.warnings.is_empty() {
        renderer.text.push('\n');
    }
    for warning in &view.warnings {
        for line in wrapped(&format!("Warning: {warning}"), style.width) {
            renderer.line(&line, YELLOW);
        }
    }
    renderer.actions(&view);
    for section in &view.sections {
        renderer.section(section);
    }
    renderer.text
}

struct Renderer {
    text: String,
    style: TableStyle,
}

impl Renderer {
    /// Writes the title, and what the report covers.
    fn top(&mut self, view: &ReportView) {
        self.line(&view.title, BOLD);
        let names = view.facts.iter().map(|fact| fact.name.chars().count()).max().unwrap_or(0);
        let indent = 2 * GAP + names;
        for fact in &view.facts {
            let mut name = fact.name;
            for line in wrapped(&fact.text, self.style.width.saturating_sub(indent)) {
                self.line(&format!("  {name:<names$}  {line}"), color_of(fact.tone));
                name = "";
            }
        }
    }

    /// Writes the recommended actions, each with the way to list its rows if that is short.
    fn actions(&mut self, view: &ReportView) {
        if view.actions.is_empty() {
            return;
        }
        self.text.push('\n');
        self.line("What to do", BOLD);
        for action in &view.actions {
            for line in wrapped(&action.text, self.style.width.saturating_sub(GAP)) {
                self.line(&format!("  {line}"), "");
            }
            let Some(how) = &action.how else { continue };
            let (width, indent) = (self.style.width.saturating_sub(2 * GAP), " ".repeat(2 * GAP));
            let lines = wrapped(how.text(), width);
            let is_whole = how.is_short() && lines.iter().all(|line| line.chars().count() <= width);
            let lines = if is_whole { lines } else { wrapped("The query is in the HTML and JSON forms.", width) };
            for line in &lines {
                self.line(&format!("{indent}{line}"), FAINT);
            }
        }
    }

    fn section(&mut self, section: &Section) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.line(&section.title(), BOLD);
        for note in &section.notes {
            let color = color_of(note.tone);
            for line in wrapped(&note.text, self.style.width.saturating_sub(GAP)) {
                self.line(&format!("  {line}"), color);
            }
        }
        // The tables of a section are aligned with each other.
        let names = section.tables().map(name_width).max().unwrap_or(0).min(MAX_NAME);
        for view in section.tables() {
            self.table(view, names);
        }
    }

    fn table(&mut self, view: &TableView, names: usize) {
        let widths = ColumnWidths::new(view, self.style.width, names);
        if !view.title.is_empty() {
            self.text.push('\n');
            self.line(&format!("  {}", view.title), BOLD);
        }
        if view.needs_head {
            let line = widths.line(view.columns.iter().map(|column| column.title.as_str()));
            self.line(&line, FAINT);
        }
        for row in view.rows.iter().map(|row| &row.cells) {
            let words: Vec<String> = row.iter().map(Cell::words).collect();
            let mut line = widths.line(words.iter().map(String::as_str));
            let bar = row.last().map_or(0, |cell| widths.bar_length(cell));
            if bar > 0 {
                line.push_str(&" ".repeat(GAP));
                let bar = "▇".repeat(bar);
                line.push_str(&self.painted(&bar, BLUE));
            }
            if let Some(&Cell::Difference(change, wish)) = row.last() {
                let color = wish.is_met_by(change).map_or("", |is_better| if is_better { GREEN } else { RED });
                let shown = words.last().map(String::as_str).unwrap_or_default();
                if !color.is_empty() && line.ends_with(shown) {
                    line.truncate(line.len() - shown.len());
                    line.push_str(&self.painted(shown, color));
                }
            }
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    fn line(&mut self, line: &str, color: &str) {
        let line: String = line.chars().take(self.style.width).collect();
        let line = self.painted(line.trim_end(), color);
        self.text.push_str(&line);
        self.text.push('\n');
    }

    fn painted(&self, text: &str, color: &str) -> String {
        if self.style.has_colors && !color.is_empty() && !text.is_empty() {
            format!("\u{1b}[{color}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

fn color_of(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Good => GREEN,
        Tone::Warning => YELLOW,
    }
}

fn name_width(view: &TableView) -> usize {
    view.rows.iter().map(|row| row.name().chars().count()).max().unwrap_or(0)
}

/// Widths of the columns that are shown.
struct ColumnWidths {
    name: usize,
    others: Vec<usize>,
    /// Which of the other columns are left-aligned.
    are_left: Vec<bool>,
    bar: usize,
}

impl ColumnWidths {
    fn new(view: &TableView, width: usize, names: usize) -> Self {
        let length = |text: &str| text.chars().count();
        let has_bar = view.columns.last().is_some_and(|column| column.kind == ColumnKind::Bar);
        let columns = view.columns.len() - usize::from(has_bar);
        let widest = |column: usize| {
            let cells = view.rows.iter().filter_map(|row| row.cells.get(column)).map(|cell| length(&cell.words()));
            cells.chain([length(&view.columns[column].title)]).max().unwrap_or(0)
        };
        let mut name = widest(0).max(names);
        let mut others: Vec<usize> = (1..columns).map(widest).collect();
        let used = |name: usize, others: &[usize]| GAP + name + others.iter().map(|width| width + GAP).sum::<usize>();
        while used(name.min(MIN_NAME), &others) > width && others.len() > 1 {
            others.pop();
        }
        name = name.min(width.saturating_sub(used(0, &others)));
        let left = width.saturating_sub(used(name, &others) + GAP).min(MAX_BAR);
        let are_left = view.columns.iter().skip(1).map(|column| column.kind == ColumnKind::Text).collect();
        Self { name, others, are_left, bar: if has_bar && left >= MIN_BAR { left } else { 0 } }
    }

    /// Left-aligns the first cell and texts, and right-aligns the others.
    fn line<'a>(&self, mut cells: impl Iterator<Item = &'a str>) -> String {
        let name: String = cells.next().unwrap_or_default().chars().take(self.name).collect();
        let mut line = format!("  {name:<width$}", width = self.name);
        for ((&width, &is_left), cell) in self.others.iter().zip(&self.are_left).zip(cells) {
            line.push_str(&if is_left { format!("  {cell:<width$}") } else { format!("  {cell:>width$}") });
        }
        line
    }

    /// The length of a bar: at least one character unless the count is 0.
    fn bar_length(&self, cell: &Cell) -> usize {
        let Cell::Bar(count, largest) = cell else { return 0 };
        let room = self.bar as u64;
        usize::try_from((count * room).div_ceil((*largest).max(1))).map_or(self.bar, |length| length.min(self.bar))
    }
}

/// Lines of at most `width` characters, broken between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

//! Tables, including those with bars.

use super::super::super::view::cell::Cell;
use super::super::super::view::parts::{ColumnKind, Frame, Row, RowKind, TableKind, TableView};
use super::page::{Page, write_change};

/// Maximum [`width`] of a word next to two numbers and a bar, with three tables side by side.
const MAX_WORD: usize = 14;

/// Writes a table under its heading.
pub(super) fn write(page: &mut Page, view: &TableView) {
    page.markup("<div>\n");
    if !view.title.is_empty() {
        page.markup("<h3>").text(&view.title).markup("</h3>\n");
    }
    write_rows(page, view);
    page.markup("</div>\n");
}

/// Writes a table that is collapsed under a title.
pub(super) fn write_folded(page: &mut Page, view: &TableView, has_heading: bool) {
    let Frame::Folded(words) = view.frame else { return write(page, view) };
    page.markup("<details>\n<summary>").text(words).markup("</summary>\n");
    if has_heading {
        write(page, view);
    } else {
        write_scrolling(page, view);
    }
    page.markup("</details>\n");
}

/// Writes a table into a box that can be scrolled, also by keyboard, because many columns do not fit on a phone.
fn write_scrolling(page: &mut Page, view: &TableView) {
    page.markup("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"").text(&view.title).markup("\">\n");
    write_rows(page, view);
    page.markup("</div>\n");
}

fn write_rows(page: &mut Page, view: &TableView) {
    let class = match view.kind {
        TableKind::Plain => "",
        TableKind::Sortable => "sorted",
        TableKind::Findings => "finding",
    };
    page.markup("<table class=\"").markup(class).markup("\">\n<thead><tr>");
    for (at, column) in view.columns.iter().enumerate() {
        // A header cell without a name, such as that of bars, is written as a plain cell.
        let (start, end) = if column.title.is_empty() { ("<td", "</td>") } else { ("<th scope=\"col\"", "</th>") };
        page.markup(start).markup(column_class(view, at)).markup(">").text(&column.title).markup(end);
    }
    page.markup("</tr></thead>\n<tbody>\n");
    // Collapsed rows are marked for the script. Without JavaScript, all rows are shown except the one with their sum.
    let folded = view.fold.as_ref().map_or(0..0, |fold| fold.rows.clone());
    // A chart shows the same as the row of sparklines.
    let rows = view.rows.iter().enumerate().filter(|(_, row)| row.kind != RowKind::Sparklines);
    for (at, row) in rows {
        write_row(page, view, row, if folded.contains(&at) { "more" } else { "" });
        if let Some(fold) = view.fold.as_ref().filter(|_| at + 1 == folded.end) {
            write_row(page, view, &fold.rest, "rest");
        }
    }
    page.markup("</tbody>\n</table>\n");
}

fn write_row(page: &mut Page, view: &TableView, row: &Row, class: &'static str) {
    // Leftovers are always sorted last.
    match (row.kind != RowKind::Named, class) {
        (false, "") => page.markup("<tr>"),
        (true, "") => page.markup("<tr class=\"last\">"),
        (false, class) => page.markup("<tr class=\"").markup(class).markup("\">"),
        (true, class) => page.markup("<tr class=\"last ").markup(class).markup("\">"),
    };
    let name = row.name();
    // A word without a break opportunity would make the page too wide for a phone, or push bars out of a column.
    let is_long = name.split([' ', '-', '+', '_']).any(|word| width(word) > MAX_WORD);
    page.markup(if is_long { "<th scope=\"row\" class=\"long\">" } else { "<th scope=\"row\">" });
    if let Some(Cell::Coded { code, name }) = row.cells.first() {
        page.markup("<span class=\"code\">").text(code).markup("</span> ").text(name);
    } else {
        // A combination of channels may break at each plus sign, and a field name at each underscore.
        for (at, part) in name.split_inclusive(['+', '_']).enumerate() {
            page.markup(if at > 0 { "<wbr>" } else { "" }).text(part);
        }
    }
    page.markup("</th>");
    for (at, cell) in row.cells.iter().enumerate().skip(1) {
        write_cell(page, view, at, cell);
    }
    page.markup("</tr>\n");
}

/// Approximate width of a word in lowercase letters; other characters may be twice as wide.
fn width(word: &str) -> usize {
    word.chars().map(|c| if c.is_ascii_lowercase() || matches!(c, '0'..='9' | '_') { 1 } else { 2 }).sum()
}

fn write_cell(page: &mut Page, view: &TableView, at: usize, cell: &Cell) {
    match cell {
        Cell::Bar(count, largest) => {
            page.markup("<td").markup(column_class(view, at));
            page.markup("><svg class=\"bar\" aria-hidden=\"true\"><rect width=\"").text(&length(*count, *largest));
            page.markup("\" height=\"10\"/></svg></td>");
        }
        Cell::Difference(change, wish) => {
            page.markup("<td>");
            write_change(page, *change, *wish);
            page.markup("</td>");
        }
        Cell::Count(count) if view.kind == TableKind::Findings => {
            let (class, sign) = if *count == 0 { ("ok", "✓ ") } else { ("bad", "") };
            page.markup("<td class=\"").markup(class).markup("\">").markup(sign).text(&cell.words()).markup("</td>");
        }
        // Very long numbers may break, because they would make a table too wide for a phone or for its column in print.
        Cell::Money(_) | Cell::MoneyDifference(_) => {
            page.markup("<td").markup(column_class(view, at)).markup(">");
            for (at, part) in cell.words().split_inclusive([',', '.']).enumerate() {
                page.markup(if at > 0 { "<wbr>" } else { "" }).text(part);
            }
            page.markup("</td>");
        }
        _ => {
            page.markup("<td").markup(column_class(view, at)).markup(">").text(&cell.words()).markup("</td>");
        }
    }
}

/// Classes for columns of bars, and for columns that a phone omits.
fn column_class(view: &TableView, at: usize) -> &'static str {
    let Some(column) = view.columns.get(at) else { return "" };
    match (column.kind, column.is_optional) {
        (ColumnKind::Bar, true) => " class=\"wide bars\"",
        (ColumnKind::Bar, false) => " class=\"bars\"",
        (ColumnKind::Value, true) => " class=\"wide\"",
        (ColumnKind::Value, false) => "",
        (ColumnKind::Text, true) => " class=\"wide text\"",
        (ColumnKind::Text, false) => " class=\"text\"",
    }
}

/// Percentage of the longest bar; at least 0.1 unless the count is 0.
fn length(count: u64, largest: u64) -> String {
    let tenths = count.saturating_mul(1000).div_ceil(largest.max(1));
    format!("{}.{}%", tenths / 10, tenths % 10)
}

//! Tables, with bars in their rows.

use super::super::super::view::{Cell, View};
use super::page::{Page, write_change};

/// Widest word that fits beside two numbers and a bar where three tables stand side by side, by [`width`].
const MAX_WORD: usize = 14;

/// Writes a table under its heading.
pub(super) fn write(page: &mut Page, view: &View) {
    page.push("<div>\n");
    if !view.title.is_empty() {
        page.push("<h3>").text(&view.title).push("</h3>\n");
    }
    write_rows(page, view);
    page.push("</div>\n");
}

/// Writes a table alone.
pub(super) fn write_rows(page: &mut Page, view: &View) {
    let class = match view.id {
        "findings" => "finding",
        "regions" | "channel-mix" | "calling-codes" | "months" | "change-regions" => "sorted",
        _ => "",
    };
    let can_be_wide = view.id == "channel-mix";
    if can_be_wide {
        // Many channels do not fit on a phone; a keyboard must be able to scroll them, too.
        page.push("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"").text(&view.title).push("\">\n");
    }
    page.push("<table class=\"").push(class).push("\">\n<thead><tr>");
    for (at, column) in view.columns.iter().enumerate() {
        let class = column_class(view, at);
        page.push("<th scope=\"col\"").push(class).push(">").text(column).push("</th>");
    }
    page.push("</tr></thead>\n<tbody>\n");
    // What is folded away is marked for the script; without one, everything is shown but the row in its place.
    let folded = view.fold.as_ref().map_or(0..0, |fold| fold.rows.clone());
    for (at, row) in view.rows.iter().enumerate() {
        write_row(page, view, row, if folded.contains(&at) { "more" } else { "" });
        if let Some(fold) = view.fold.as_ref().filter(|_| at + 1 == folded.end) {
            write_row(page, view, &fold.rest, "rest");
        }
    }
    page.push("</tbody>\n</table>\n").push(if can_be_wide { "</div>\n" } else { "" });
}

fn write_row(page: &mut Page, view: &View, row: &[Cell], class: &str) {
    let name = row.first().map(Cell::words).unwrap_or_default();
    // What is left over stays last, however the table is sorted.
    let is_last = matches!(name.as_str(), "none" | "unknown" | "(other)") || name.starts_with('…');
    match (is_last, class) {
        (false, "") => page.push("<tr>"),
        (true, "") => page.push("<tr class=\"last\">"),
        (false, class) => page.push("<tr class=\"").push(class).push("\">"),
        (true, class) => page.push("<tr class=\"last ").push(class).push("\">"),
    };
    // A word without a place to break would widen the page of a phone, or push the bars out of a column.
    let is_long = name.split([' ', '-', '+', '_']).any(|word| width(word) > MAX_WORD);
    page.push(if is_long { "<th scope=\"row\" class=\"long\">" } else { "<th scope=\"row\">" });
    let has_code = matches!(view.id, "regions" | "channel-mix" | "change-regions") && !is_last;
    if let Some((code, place)) = name.split_once(' ').filter(|_| has_code) {
        page.push("<span class=\"code\">").text(code).push("</span> ").text(place);
    } else {
        // A combination of channels may break at every plus, and the name of a field at every underline.
        for (at, part) in name.split_inclusive(['+', '_']).enumerate() {
            page.push(if at > 0 { "<wbr>" } else { "" }).text(part);
        }
    }
    page.push("</th>");
    for (at, cell) in row.iter().enumerate().skip(1) {
        write_cell(page, view, at, cell);
    }
    page.push("</tr>\n");
}

/// About how many small letters wide a word is; every other sign may take twice their room.
fn width(word: &str) -> usize {
    word.chars().map(|c| if c.is_ascii_lowercase() || matches!(c, '0'..='9' | '_') { 1 } else { 2 }).sum()
}

fn write_cell(page: &mut Page, view: &View, at: usize, cell: &Cell) {
    match cell {
        Cell::Bar(count, largest) => {
            page.push("<td")
                .push(column_class(view, at))
                .push("><svg class=\"bar\" aria-hidden=\"true\"><rect width=\"");
            page.push(&length(*count, *largest)).push("\" height=\"10\"/></svg></td>");
        }
        Cell::Difference(change, wish) => {
            page.push("<td>");
            write_change(page, *change, *wish);
            page.push("</td>");
        }
        Cell::Count(count) if view.id == "findings" => {
            let (class, sign) = if *count == 0 { ("ok", "✓ ") } else { ("bad", "") };
            page.push("<td class=\"").push(class).push("\">").push(sign).text(&cell.words()).push("</td>");
        }
        _ => {
            page.push("<td").push(column_class(view, at)).push(">").text(&cell.words()).push("</td>");
        }
    }
}

/// Bars have a width of their own, and columns that a phone has no room for are marked.
fn column_class(view: &View, at: usize) -> &'static str {
    match (view.id, view.columns[at].as_str()) {
        ("regions", "") => " class=\"wide bars\"",
        ("regions", "Share") | ("files", "Format") => " class=\"wide\"",
        (_, "") if at > 0 && view.rows.iter().any(|row| matches!(row.get(at), Some(Cell::Bar(..)))) => {
            " class=\"bars\""
        }
        _ => "",
    }
}

/// In percent of the longest; at least a tenth for what is not nothing.
fn length(count: u64, largest: u64) -> String {
    let tenths = count.saturating_mul(1000).div_ceil(largest.max(1));
    format!("{}.{}%", tenths / 10, tenths % 10)
}

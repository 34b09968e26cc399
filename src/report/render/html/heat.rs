//! Regions by channels as a heat map: the stronger a cell's shade, the larger the share of the region's contacts.
//!
//! Drawn from the table of the same numbers, which is folded up below it, so that the two cannot differ and numbers that
//! `--min-cell` hides are in neither.
//!
//! *Easy to get wrong:* the picture has no `viewBox`. Cells are placed in percent and stretch with the page, while rows
//! and letters keep their size, or a phone would show letters of five pixels. Where cells would get narrower than their
//! numbers, they scroll; the regions' names are a picture of their own beside them, which stays.

use super::super::super::format::shortened;
use super::super::super::view::cell::Cell;
use super::super::super::view::parts::{HeatView, Row};
use super::page::Page;
use super::table;
use crate::base::plural::grouped;

/// Rows on the picture: what a screen shows at once.
const MAX_ROWS: usize = 20;
/// Height of a row, the one of the channels' names too, in pixels.
const ROW: usize = 28;
/// Foot of the letters below the top of their row.
const BASE_LINE: usize = 18;
/// Widest column, in pixels: a single channel need not fill the page.
const MAX_COLUMN: usize = 220;
/// Most columns that a phone shows without scrolling.
const FEW_COLUMNS: usize = 4;
/// Characters that have room beside the cells; every name of ISO 3166-1 fits.
const MAX_NAME: usize = 26;
/// Shades, beside the one for nothing at all.
const SHADES: u64 = 5;

/// Draws the first rows of the table, and puts the table below.
pub(super) fn write(page: &mut Page, heat: &HeatView) {
    let view = &heat.table;
    let rows = &view.rows[..view.rows.len().min(MAX_ROWS)];
    let columns = Columns { count: view.columns.len().saturating_sub(1) };
    if rows.is_empty() || columns.count == 0 {
        return;
    }
    page.markup("<figure>\n<h3>").text(&view.title).markup("</h3>\n<div class=\"heat\">\n");
    let height = ((rows.len() + 1) * ROW).to_string();
    page.markup("<svg class=\"names\" height=\"").text(&height).markup("\" aria-hidden=\"true\">\n");
    for (at, row) in rows.iter().enumerate() {
        write_name(page, row, (at + 1) * ROW);
    }
    page.markup("</svg>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Picture: ");
    page.text(&view.title).markup("\">\n<svg class=\"cells\" role=\"img\" aria-label=\"").text(heat.label);
    page.markup("\" height=\"").text(&height).markup("\" style=\"").text(&columns.widths()).markup("\">\n");
    for (at, column) in view.columns[1..].iter().enumerate() {
        write_column(page, &column.title, columns, at);
    }
    for (row, top) in rows.iter().zip((ROW..).step_by(ROW)) {
        for (at, (cell, column)) in row.cells.iter().zip(&view.columns).skip(1).enumerate() {
            let title = title(&row.name(), &columns.short(&column.title), cell);
            write_cell(page, cell, &title, (columns, at), top);
        }
    }
    page.markup("</svg>\n</div>\n</div>\n");
    let has_untold = rows.iter().flat_map(|row| &row.cells).any(|cell| *cell == Cell::Hidden);
    caption(page, heat, has_untold, rows.len());
    page.markup("</figure>\n");
    table::write_folded(page, view, false);
}

/// The columns of cells: they share the width of the picture.
#[derive(Clone, Copy)]
struct Columns {
    count: usize,
}

impl Columns {
    /// From what has room for `>99.9 %`, and for the channel's name above it once the picture scrolls anyway.
    fn widths(self) -> String {
        let narrowest = if self.count > FEW_COLUMNS { 68 } else { 56 };
        format!("min-width:{}px;max-width:{}px", narrowest * self.count, MAX_COLUMN * self.count)
    }

    /// As much of a channel's name as has room above its column.
    fn short(self, channel: &str) -> String {
        shortened(channel, if self.count > FEW_COLUMNS { 8 } else { 12 })
    }

    /// Where a column begins and how wide it is, as attributes.
    fn write_place(self, page: &mut Page, at: usize) {
        page.markup("x=\"").text(&percent(at, self.count)).markup("\" width=\"").text(&percent(1, self.count));
        page.markup("\"");
    }

    fn middle(self, at: usize) -> String {
        percent(2 * at + 1, 2 * self.count)
    }
}

fn percent(part: usize, of: usize) -> String {
    let hundredths = part * 10_000 / of;
    match (hundredths / 100, hundredths % 100) {
        (whole, 0) => format!("{whole}%"),
        (whole, rest) => format!("{whole}.{rest:02}%"),
    }
}

/// The name of a row, in a frame that cuts off what has no room.
fn write_name(page: &mut Page, row: &Row, top: usize) {
    page.markup("<svg y=\"").text(&top.to_string()).markup("\" height=\"").text(&ROW.to_string());
    page.markup("\"><text y=\"").text(&BASE_LINE.to_string()).markup("\"><title>").text(&row.name());
    page.markup("</title>");
    match row.cells.first() {
        // A phone has room for the code only.
        Some(Cell::Coded { code, name }) if code.chars().count() < MAX_NAME => {
            let name = shortened(name, MAX_NAME - code.chars().count());
            page.text(code).markup("<tspan class=\"place\"> ").text(&name).markup("</tspan>");
        }
        _ => {
            page.text(&shortened(&row.name(), MAX_NAME));
        }
    }
    page.markup("</text></svg>\n");
}

fn write_column(page: &mut Page, name: &str, columns: Columns, at: usize) {
    page.markup("<svg ");
    columns.write_place(page, at);
    page.markup(" height=\"").text(&ROW.to_string()).markup("\"><text x=\"50%\" y=\"").text(&BASE_LINE.to_string());
    page.markup("\"><title>").text(name).markup("</title>").text(&columns.short(name)).markup("</text></svg>\n");
}

fn write_cell(page: &mut Page, cell: &Cell, title: &str, (columns, at): (Columns, usize), top: usize) {
    let class = shade(cell).map_or("untold".to_owned(), |shade| format!("m{shade}"));
    page.markup("<g class=\"").text(&class).markup("\"><title>").text(title).markup("</title><rect ");
    columns.write_place(page, at);
    page.markup(" y=\"").text(&top.to_string()).markup("\" height=\"").text(&ROW.to_string());
    page.markup("\"/><text x=\"").text(&columns.middle(at)).markup("\" y=\"").text(&(top + BASE_LINE).to_string());
    page.markup("\">").text(&cell.words()).markup("</text></g>\n");
}

/// A cell in exact numbers. The names are short ones here too: long ones in every cell would fill the page.
fn title(row: &str, column: &str, cell: &Cell) -> String {
    let row = shortened(row, MAX_NAME);
    match cell {
        Cell::Percent(count, total) => {
            format!("{row}, {column}: {} of {} ({})", grouped(*count), grouped(*total), cell.words())
        }
        Cell::Shaded(..) => format!("{row}, {column}: {}", cell.words()),
        _ => format!("{row}, {column}: suppressed"),
    }
}

/// From 0, for no contact at all, to [`SHADES`], each for the same range of shares; nothing for what must not be told.
fn shade(cell: &Cell) -> Option<u64> {
    let (Cell::Percent(count, total) | Cell::Shaded(count, total)) = *cell else { return None };
    let shade = (u128::from(count) * u128::from(SHADES)).div_ceil(u128::from(total.max(1)));
    Some(u64::try_from(shade).map_or(SHADES, |shade| shade.min(SHADES)))
}

fn caption(page: &mut Page, heat: &HeatView, has_untold: bool, drawn: usize) {
    page.markup("<figcaption>").text(heat.caption);
    if has_untold {
        page.markup(" A dash stands for a suppressed number: none, too few, or nearly all.");
    }
    if drawn < heat.rows {
        let [drawn, rows, in_table] = [drawn, heat.rows, heat.table.rows.len()].map(|count| grouped(count as u64));
        let noun = heat.row_noun;
        page.text(&format!(" Largest {noun} first: {drawn} of {rows} are drawn, the table has {in_table}."));
    }
    page.markup("</figcaption>\n");
}

#[cfg(test)]
mod tests {
    use super::super::LIMITS;
    use super::*;
    use crate::report::document::contacts::summary::Summary;
    use crate::report::table::Table;
    use crate::report::view::contacts::report;
    use crate::report::view::parts::Part;

    /// An account of so many regions and channels; `name` makes a code of a number.
    fn account(regions: u64, channels: u64, name: fn(u64) -> String) -> Summary {
        let counts = |at: u64| -> Table { (0..channels).map(|channel| (name(channel), at + channel)).collect() };
        Summary {
            as_of: "2026-03-31T00:00:00Z".to_owned(),
            contacts: (0..regions).map(|at| 100 + at).sum(),
            channels: counts(10_000),
            regions: (0..regions).map(|at| (name(at), 100 + at)).collect(),
            channels_by_region: (0..regions).map(|at| (name(at), counts(at))).collect(),
            ..Summary::default()
        }
    }

    fn letters(at: u64) -> String {
        [at / 26 % 26, at % 26].map(|letter| char::from(b'a' + u8::try_from(letter).unwrap())).iter().collect()
    }

    fn drawn(summary: &Summary) -> (String, HeatView) {
        let mut parts = report(summary, LIMITS).sections.into_iter().flat_map(|section| section.parts);
        let heat = parts.find_map(|part| if let Part::Heat(heat) = part { Some(heat) } else { None }).unwrap();
        let mut page = Page::default();
        write(&mut page, &heat);
        (page.finish(), heat)
    }

    #[test]
    fn every_cell_has_the_number_of_the_table() {
        for (regions, channels) in [(1, 1), (20, 4), (25, 3), (250, 8), (250, 30)] {
            let mut summary = account(regions, channels, letters);
            // A channel that is not told.
            summary.min_cell = Some(2);
            let largest = summary.channels_by_region.get_mut(&letters(regions - 1)).unwrap();
            largest.remove(&letters(channels - 1));
            let (html, heat) = drawn(&summary);
            let rows = &heat.table.rows[..heat.table.rows.len().min(MAX_ROWS)];
            let wanted: Vec<String> = rows.iter().flat_map(|row| row.cells[1..].iter().map(Cell::words)).collect();
            let cells = html.split("<g class=").skip(1).filter_map(|rest| Some(rest.split_once("</text></g>")?.0));
            let numbers: Vec<&str> = cells.filter_map(|cell| Some(cell.rsplit_once('>')?.1)).collect();
            assert_eq!(numbers, wanted);
            assert!(numbers.contains(&"–") && html.contains("A dash stands for"));
            assert_eq!(html.contains("are drawn"), regions > 20, "{html}");
        }
    }

    #[test]
    fn a_title_has_the_exact_numbers() {
        let (html, _) = drawn(&account(3, 2, letters));
        assert!(html.contains("<title>ac, ab: 3 of 102 (2.9 %)</title>"), "{html}");
    }

    #[test]
    fn names_are_cut_and_never_taken_for_markup() {
        let hostile = |at| format!("{}<b title='x'>{}", letters(at), "wide ".repeat(20));
        let (html, _) = drawn(&account(30, 9, hostile));
        assert!(!html.contains("<b"), "{html}");
        assert!(html.contains("<title>ab&lt;b title=&#39;x&#39;&gt;wide"), "{html}");
        assert!(html.contains("</title>ab&lt;b ti…</text>"), "{html}");
    }

    #[test]
    fn shades_stand_for_equal_ranges_and_nothing_has_its_own() {
        let table = [
            ((0, 10), 0),
            ((0, 0), 0),
            ((1, 1_000_000), 1),
            ((20, 100), 1),
            ((21, 100), 2),
            ((80, 100), 4),
            ((81, 100), 5),
            ((7, 7), 5),
        ];
        for ((count, total), wanted) in table {
            assert_eq!(shade(&Cell::Percent(count, total)), Some(wanted), "{count} of {total}");
        }
        assert_eq!(shade(&Cell::Hidden), None);
    }
}

//! Heat maps: the stronger the shade of a cell, the larger its percentage or count.
//!
//! A heat map is drawn from the table that is collapsed below it, so that both have the same numbers, and counts that
//! `--min-cell` hides are in neither.
//!
//! *Easy to get wrong:* the image has no `viewBox`. Cells are positioned in percent and stretch with the page, while rows
//! and text keep their size, or a phone would show text of five pixels. Cells scroll before they get narrower than their
//! numbers. The names of the rows are a separate image next to them, which does not scroll.

use super::super::super::format::shortened;
use super::super::super::view::cell::Cell;
use super::super::super::view::parts::{HeatScale, HeatView, Row};
use super::page::Page;
use super::table;
use crate::base::plural::grouped;

/// Maximum number of rows: what fits on a screen.
const MAX_ROWS: usize = 20;
/// Height of a row, including the one with the names of columns, in pixels.
const ROW: usize = 28;
/// Baseline of text below the top of its row, in pixels.
const BASE_LINE: usize = 18;
/// Maximum width of a column in pixels, so that a single one does not fill the page.
const MAX_COLUMN: usize = 220;
/// Maximum number of columns that a phone shows without scrolling.
const FEW_COLUMNS: usize = 4;
/// Maximum length of the name of a row; every name of ISO 3166-1 fits.
const MAX_NAME: usize = 26;
/// Number of shades, besides the one for 0.
const SHADES: u64 = 5;

/// Draws the first rows of the table, with the table below.
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
    let scales: Vec<Scale> = (0..columns.count).map(|at| Scale::of(heat.scale, rows, at + 1)).collect();
    for (row, top) in rows.iter().zip((ROW..).step_by(ROW)) {
        for (at, (cell, column)) in row.cells.iter().zip(&view.columns).skip(1).enumerate() {
            let title = title(&row.name(), &columns.short(&column.title), cell);
            let class = shade(cell, scales[at]).map_or("suppressed".to_owned(), |shade| format!("m{shade}"));
            write_cell(page, cell, (&title, &class), (columns, at), top);
        }
    }
    page.markup("</svg>\n</div>\n</div>\n");
    let has_suppressed = rows.iter().flat_map(|row| &row.cells).any(|cell| *cell == Cell::Hidden);
    caption(page, heat, has_suppressed, rows.len());
    page.markup("</figure>\n");
    table::write_folded(page, view, false);
}

/// The columns of cells, which share the width of the image.
#[derive(Clone, Copy)]
struct Columns {
    count: usize,
}

impl Columns {
    /// Minimum width for `>99.9%`, and for the name of the column if the image scrolls anyway.
    fn widths(self) -> String {
        let narrowest = if self.count > FEW_COLUMNS { 68 } else { 56 };
        format!("min-width:{}px;max-width:{}px", narrowest * self.count, MAX_COLUMN * self.count)
    }

    /// The name of a channel, truncated to fit above its column.
    fn short(self, channel: &str) -> String {
        shortened(channel, if self.count > FEW_COLUMNS { 8 } else { 12 })
    }

    /// Position and width of a column, as attributes.
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

/// Writes the name of a row, clipped to the available width.
fn write_name(page: &mut Page, row: &Row, top: usize) {
    page.markup("<svg y=\"").text(&top.to_string()).markup("\" height=\"").text(&ROW.to_string());
    page.markup("\"><text y=\"").text(&BASE_LINE.to_string()).markup("\"><title>").text(&row.name());
    page.markup("</title>");
    match row.cells.first() {
        // Only the code fits on a phone.
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

fn write_cell(page: &mut Page, cell: &Cell, (title, class): (&str, &str), (columns, at): (Columns, usize), top: usize) {
    page.markup("<g class=\"").text(class).markup("\"><title>").text(title).markup("</title><rect ");
    columns.write_place(page, at);
    page.markup(" y=\"").text(&top.to_string()).markup("\" height=\"").text(&ROW.to_string());
    page.markup("\"/><text x=\"").text(&columns.middle(at)).markup("\" y=\"").text(&(top + BASE_LINE).to_string());
    page.markup("\">").text(&cell.words()).markup("</text></g>\n");
}

/// The exact numbers of a cell. Names are truncated, because long ones in every cell would bloat the page.
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

/// The share that has the strongest shade, as a part and its whole.
#[derive(Clone, Copy)]
struct Scale {
    part: u64,
    whole: u64,
}

impl Scale {
    const WHOLE: Self = Self { part: 1, whole: 1 };

    /// The scale of a column of these rows.
    fn of(scale: HeatScale, rows: &[Row], column: usize) -> Self {
        let shares = rows.iter().filter_map(|row| match row.cells.get(column) {
            Some(&Cell::Percent(part, whole)) if part > 0 && whole > 0 => Some(Self { part, whole }),
            _ => None,
        });
        let product = |part: u64, whole: u64| u128::from(part) * u128::from(whole);
        let largest = shares.max_by(|one, other| product(one.part, other.whole).cmp(&product(other.part, one.whole)));
        largest.filter(|_| scale == HeatScale::Column).unwrap_or(Self::WHOLE)
    }
}

/// From 0, for a count of 0, to [`SHADES`], each for an equal range of percentages; `None` for a hidden count.
fn shade(cell: &Cell, scale: Scale) -> Option<u64> {
    let (Cell::Percent(count, total) | Cell::Shaded(count, total)) = *cell else { return None };
    let scaled = u128::from(count) * u128::from(scale.whole);
    let shade = (scaled * u128::from(SHADES)).div_ceil((u128::from(total) * u128::from(scale.part)).max(1));
    Some(u64::try_from(shade).map_or(SHADES, |shade| shade.min(SHADES)))
}

fn caption(page: &mut Page, heat: &HeatView, has_suppressed: bool, drawn: usize) {
    page.markup("<figcaption>").text(heat.caption);
    if has_suppressed {
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
    use crate::report::view::parts::{Part, RowKind};

    /// An account with this many regions and channels; `name` makes codes from numbers.
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
            // A suppressed channel.
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
        assert!(html.contains("<title>ac, ab: 3 of 102 (2.9%)</title>"), "{html}");
    }

    #[test]
    fn names_are_truncated_and_escaped() {
        let hostile = |at| format!("{}<b title='x'>{}", letters(at), "wide ".repeat(20));
        let (html, _) = drawn(&account(30, 9, hostile));
        assert!(!html.contains("<b"), "{html}");
        assert!(html.contains("<title>ab&lt;b title=&#39;x&#39;&gt;wide"), "{html}");
        assert!(html.contains("</title>ab&lt;b ti…</text>"), "{html}");
    }

    #[test]
    fn shades_stand_for_equal_ranges_and_zero_has_its_own() {
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
            assert_eq!(shade(&Cell::Percent(count, total), Scale::WHOLE), Some(wanted), "{count} of {total}");
        }
        assert_eq!(shade(&Cell::Hidden, Scale::WHOLE), None);
    }

    #[test]
    fn the_largest_share_of_a_column_has_the_strongest_shade() {
        let shares = [(1, 100), (30, 200), (1, 4), (0, 9)];
        let rows: Vec<Row> = shares
            .iter()
            .map(|&(part, whole)| Row { kind: RowKind::Named, cells: vec![Cell::Count(1), Cell::Percent(part, whole)] })
            .chain([Row { kind: RowKind::Named, cells: vec![Cell::Count(1), Cell::Hidden] }])
            .collect();
        let of = |scale| -> Vec<Option<u64>> {
            let scale = Scale::of(scale, &rows, 1);
            rows.iter().map(|row| shade(&row.cells[1], scale)).collect()
        };
        assert_eq!(of(HeatScale::Column), [Some(1), Some(3), Some(5), Some(0), None]);
        assert_eq!(of(HeatScale::Whole), [Some(1), Some(1), Some(2), Some(0), None]);
    }
}

//! Regions by channels as a heat map: the stronger a cell's shade, the larger the share of the region's contacts.
//!
//! Drawn from the table of the same numbers, which is folded up below it, so that the two cannot differ and numbers that
//! `--min-cell` hides are in neither.
//!
//! *Easy to get wrong:* the picture has no `viewBox`. Cells are placed in percent and stretch with the page, while rows
//! and letters keep their size, or a phone would show letters of five pixels. Where cells would get narrower than their
//! numbers, they scroll; the regions' names are a picture of their own beside them, which stays.

use super::super::super::Summary;
use super::super::super::format::{grouped, shortened};
use super::super::super::places;
use super::super::super::view::{Cell, View};
use super::page::Page;
use super::table;

/// Regions on the picture: what a screen shows at once.
const MAX_REGIONS: usize = 20;
/// Height of a row, the one of the channels' names too, in pixels.
const ROW: usize = 28;
/// Foot of the letters below the top of their row.
const BASE_LINE: usize = 18;
/// Widest column, in pixels: a single channel need not fill the page.
const MAX_COLUMN: usize = 220;
/// Most columns that a phone shows without scrolling.
const FEW_COLUMNS: usize = 4;
/// Characters that have room beside the cells; every name of ISO 3166-1 fits.
const MAX_REGION: usize = 26;
/// Shades, beside the one for nothing at all.
const SHADES: u64 = 5;

/// Draws the first rows of the table, and puts the table below.
pub(super) fn write(page: &mut Page, summary: &Summary, view: &View) {
    let rows = &view.rows[..view.rows.len().min(MAX_REGIONS)];
    let columns = Columns { count: view.columns.len().saturating_sub(1) };
    if rows.is_empty() || columns.count == 0 {
        return;
    }
    page.push("<figure>\n<h3>").text(&view.title).push("</h3>\n<div class=\"heat\">\n");
    let height = (rows.len() + 1) * ROW;
    page.push(&format!("<svg class=\"names\" height=\"{height}\" aria-hidden=\"true\">\n"));
    for (at, row) in rows.iter().enumerate() {
        write_region(page, &name(row), (at + 1) * ROW);
    }
    page.push("</svg>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Picture: ").text(&view.title);
    page.push(
        "\">\n<svg class=\"cells\" role=\"img\" aria-label=\"Heat map of the share of each region's contacts that ",
    );
    page.push("have each channel; the table below it has the numbers\" ");
    page.push(&format!("height=\"{height}\" style=\"{}\">\n", columns.widths()));
    for (at, channel) in view.columns[1..].iter().enumerate() {
        write_channel(page, channel, columns, at);
    }
    for (row, top) in rows.iter().zip((ROW..).step_by(ROW)) {
        for (at, (cell, channel)) in row.iter().zip(&view.columns).skip(1).enumerate() {
            write_cell(page, cell, &title(&name(row), &columns.short(channel), cell), (columns, at), top);
        }
    }
    page.push("</svg>\n</div>\n</div>\n");
    let has_untold = rows.iter().flatten().any(|cell| *cell == Cell::Hidden);
    caption(page, has_untold, summary.regions.len(), (rows.len(), view.rows.len()));
    page.push("</figure>\n<details>\n<summary>Channels by region as a table</summary>\n");
    table::write_rows(page, view);
    page.push("</details>\n");
}

fn name(row: &[Cell]) -> String {
    row.first().map(Cell::words).unwrap_or_default()
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
    fn place(self, at: usize) -> String {
        format!("x=\"{}\" width=\"{}\"", percent(at, self.count), percent(1, self.count))
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
fn write_region(page: &mut Page, name: &str, top: usize) {
    page.push(&format!("<svg y=\"{top}\" height=\"{ROW}\"><text y=\"{BASE_LINE}\"><title>"))
        .text(name)
        .push("</title>");
    let short = shortened(name, MAX_REGION);
    match short.split_once(' ').filter(|(code, _)| places::find(code).is_some()) {
        // A phone has room for the code only.
        Some((code, place)) => drop(page.text(code).push("<tspan class=\"place\"> ").text(place).push("</tspan>")),
        None => drop(page.text(&short)),
    }
    page.push("</text></svg>\n");
}

fn write_channel(page: &mut Page, channel: &str, columns: Columns, at: usize) {
    page.push(&format!("<svg {} height=\"{ROW}\">", columns.place(at)));
    page.push(&format!("<text x=\"50%\" y=\"{BASE_LINE}\"><title>")).text(channel).push("</title>");
    page.text(&columns.short(channel)).push("</text></svg>\n");
}

fn write_cell(page: &mut Page, cell: &Cell, title: &str, (columns, at): (Columns, usize), top: usize) {
    let class = shade(cell).map_or("untold".to_owned(), |shade| format!("m{shade}"));
    page.push(&format!("<g class=\"{class}\"><title>")).text(title).push("</title>");
    page.push(&format!("<rect {} y=\"{top}\" height=\"{ROW}\"/>", columns.place(at)));
    page.push(&format!("<text x=\"{}\" y=\"{}\">", columns.middle(at), top + BASE_LINE));
    page.text(&cell.words()).push("</text></g>\n");
}

/// A cell in exact numbers. The names are short ones here too: long ones in every cell would fill the page.
fn title(region: &str, channel: &str, cell: &Cell) -> String {
    let region = shortened(region, MAX_REGION);
    match cell {
        Cell::Share(count, total) => {
            format!("{region}, {channel}: {} of {} ({})", grouped(*count), grouped(*total), cell.words())
        }
        _ => format!("{region}, {channel}: not told"),
    }
}

/// From 0, for no contact at all, to [`SHADES`], each for the same range of shares; nothing for what must not be told.
fn shade(cell: &Cell) -> Option<u64> {
    let Cell::Share(count, total) = *cell else { return None };
    let shade = (u128::from(count) * u128::from(SHADES)).div_ceil(u128::from(total.max(1)));
    Some(u64::try_from(shade).map_or(SHADES, |shade| shade.min(SHADES)))
}

fn caption(page: &mut Page, has_untold: bool, regions: usize, (drawn, in_table): (usize, usize)) {
    page.push("<figcaption>The stronger the shade, the larger the share of the region's contacts.");
    if has_untold {
        page.push(" A dash stands for a number that is not told: none, too few, or nearly all.");
    }
    if drawn < regions {
        let [drawn, regions, in_table] = [drawn, regions, in_table].map(|count| grouped(count as u64));
        page.push(&format!(" Largest regions first: {drawn} of {regions} are drawn, the table has {in_table}."));
    }
    page.push("</figcaption>\n");
}

#[cfg(test)]
mod tests {
    use super::super::super::super::Table;
    use super::super::super::super::view::sections;
    use super::super::LIMITS;
    use super::*;

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

    fn drawn(summary: &Summary) -> (String, View) {
        let views = sections(summary, LIMITS).into_iter().flat_map(|section| section.tables);
        let view = views.into_iter().find(|view| view.id == "channel-mix").unwrap();
        let mut page = Page::default();
        write(&mut page, summary, &view);
        (page.finish(), view)
    }

    #[test]
    fn every_cell_has_the_number_of_the_table() {
        for (regions, channels) in [(1, 1), (20, 4), (25, 3), (250, 8), (250, 30)] {
            let mut summary = account(regions, channels, letters);
            // A channel that is not told.
            summary.min_cell = Some(2);
            let largest = summary.channels_by_region.get_mut(&letters(regions - 1)).unwrap();
            largest.remove(&letters(channels - 1));
            let (html, view) = drawn(&summary);
            let rows = &view.rows[..view.rows.len().min(MAX_REGIONS)];
            let wanted: Vec<String> = rows.iter().flat_map(|row| row[1..].iter().map(Cell::words)).collect();
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
            assert_eq!(shade(&Cell::Share(count, total)), Some(wanted), "{count} of {total}");
        }
        assert_eq!(shade(&Cell::Hidden), None);
    }
}

//! The report as one HTML page.
//!
//! A single file that makes no network requests (its content security policy forbids them) and works without JavaScript,
//! which only sorts and expands tables. It is always under 300 kB, contains no personal data, and works on a phone, in dark
//! mode and in print. Every chart has a table with its numbers.
//!
//! *Easy to get wrong:* only constants of this folder are markup. [`Page::text`] escapes everything else, and
//! [`Page::markup`] accepts only constants.
//!
//! Charts are drawn here because libraries make images of a fixed size in fixed colors; these follow the width, the colors
//! and the font of the page. `tests/browser` opens the page in a browser, also with hostile contacts.

mod heat;
mod lines;
mod map;
mod page;
mod table;

use base64::Engine;
use sha2::{Digest, Sha256};

use self::page::Page;
use super::super::view::layout::Layout;
use super::super::view::limits::ViewLimits;
use super::super::view::parts::{Frame, Part, ReportView, Section, SectionKind};

/// Maximum size of the page.
const MAX_BYTES: usize = 300_000;
/// Limits that keep the page of a typical account well below [`MAX_BYTES`]; all regions of the world fit.
const LIMITS: ViewLimits = ViewLimits { rows: 30, regions: 260, months: 240, days: 370, channels: 8 };
/// Limits for an account with contacts in every region, whose table has many columns.
const WIDE_LIMITS: ViewLimits = ViewLimits { rows: 25, regions: 260, months: 120, days: 120, channels: 6 };
/// Limits for an account with hundreds of codes of maximum length.
const TIGHT_LIMITS: ViewLimits = ViewLimits { rows: 20, regions: 60, months: 120, days: 60, channels: 6 };

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Writes the page.
pub(in crate::report) fn render_html(document: &impl Layout) -> String {
    let forms = [LIMITS, WIDE_LIMITS].into_iter().map(|limits| render(document, limits));
    forms.into_iter().find(|html| html.len() < MAX_BYTES).unwrap_or_else(|| render(document, TIGHT_LIMITS))
}

fn render(document: &impl Layout, limits: ViewLimits) -> String {
    let mut page = Page::default();
    let view = document.layout(limits);
    head(&mut page, &view.title);
    page.markup("<body>\n<div class=\"page\">\n<header>\n");
    page::title(&mut page, &view);
    page::navigation(&mut page, &view);
    page.markup("</header>\n<main>\n");
    page::cards(&mut page, &view);
    // The notes on the cards follow the cards.
    let (totals, sections): (Vec<_>, Vec<_>) =
        view.sections.iter().partition(|section| section.kind == SectionKind::Totals);
    for section in totals {
        write_section(&mut page, section);
    }
    page::actions(&mut page, &view.actions);
    for section in sections {
        write_section(&mut page, section);
    }
    page.markup("</main>\n<footer>").text(&view.footnote);
    if has_map(&view) {
        page.markup(" World map: Natural Earth, public domain; its borders are no statement about whose land it is.");
    }
    page.markup("</footer>\n</div>\n<script>").markup(SCRIPT).markup("</script>\n</body>\n</html>\n");
    page.finish()
}

fn has_map(view: &ReportView) -> bool {
    view.sections.iter().flat_map(|section| &section.parts).any(|part| matches!(part, Part::Map(_)))
}

fn head(page: &mut Page, title: &str) {
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    page.markup("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.markup(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; base-uri 'none'; ",
    );
    page.markup("form-action 'none'; style-src 'unsafe-inline'; script-src 'sha256-").text(&hash).markup("'\">\n");
    page.markup("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n");
    page.markup("<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n");
    page.markup("<link rel=\"icon\" href=\"data:,\">\n<title>").text(title).markup("</title>\n<style>\n").markup(STYLE);
    page.markup("</style>\n</head>\n");
}

fn write_section(page: &mut Page, section: &Section) {
    // The cards at the top already have the totals, so only their notes follow.
    if section.kind == SectionKind::Totals {
        page.notes(&section.notes);
        return;
    }
    let id = section.kind.id();
    page.markup("<section id=\"").markup(id).markup("\" aria-labelledby=\"h-").markup(id).markup("\">\n");
    page.markup("<h2 id=\"h-").markup(id).markup("\">").text(&section.title()).markup("</h2>\n");
    page.notes(&section.notes);
    // Consecutive narrow tables are placed side by side.
    let is_narrow = |part: &Part| matches!(part, Part::Table(table) if table.frame == Frame::Narrow);
    for parts in section.parts.chunk_by(|one, other| is_narrow(one) && is_narrow(other)) {
        if parts.iter().all(is_narrow) {
            page.markup("<div class=\"").markup(grid_class(section.kind)).markup("\">\n");
            parts.iter().filter_map(Part::table).for_each(|view| table::write(page, view));
            page.markup("</div>\n");
        } else {
            for part in parts {
                write_part(page, part);
            }
        }
    }
    page.markup("</section>\n");
}

/// At most three tables fit side by side, fewer with long names or numbers.
fn grid_class(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Channels | SectionKind::Delivery | SectionKind::Spending => "grid pairs",
        _ => "grid",
    }
}

fn write_part(page: &mut Page, part: &Part) {
    match part {
        Part::Table(view) if matches!(view.frame, Frame::Folded(_)) => table::write_folded(page, view, true),
        Part::Table(view) => table::write(page, view),
        Part::Map(view) => map::write(page, view),
        Part::Heat(view) => heat::write(page, view),
        Part::Lines(view) => lines::write(page, view),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::places;
    use crate::report::table::Table;
    use crate::report::{Origin, RegionDetail, Summary, compare};

    fn months() -> Table {
        (0..600).map(|at| (format!("{}-{:02}", 1980 + at / 12, at % 12 + 1), 12_345 + at)).collect()
    }

    #[test]
    fn all_regions_of_the_world_fit() {
        let pairs = ('A'..='Z').flat_map(|first| ('A'..='Z').map(move |second| format!("{first}{second}")));
        let codes: Vec<String> = pairs.filter(|code| places::find(code).is_some()).collect();
        let table =
            |count: u64, name: &str| -> Table { (0..count).map(|at| (format!("{name} {at}"), 9000 + at)).collect() };
        let channels = table(30, "channel");
        let detail = RegionDetail { reachable: Some(111_111), opted_out: Some(1111), ..RegionDetail::default() };
        let mut summary = Summary {
            as_of: "2026-03-31T00:00:00Z".to_owned(),
            contacts: 250 * 123_456,
            channel_combinations: table(250, "channel 1+channel 2+channel"),
            default_channels: channels.clone(),
            regions: codes.iter().map(|code| (code.clone(), 123_456)).collect(),
            region_details: codes.iter().map(|code| (code.clone(), detail.clone())).collect(),
            channels_by_region: codes.iter().map(|code| (code.clone(), channels.clone())).collect(),
            channels,
            country_codes: table(250, "code"),
            created_cumulative: months(),
            created_by_month: months(),
            origin: Origin { unknown_fields: table(40, "field"), ..Origin::default() },
            ..Summary::default()
        };
        summary.comparison = Some(compare(&Summary::default(), &summary, "summary.json".to_owned()));
        let html = render_html(&summary);
        assert!(codes.len() == 250 && html.len() < MAX_BYTES, "{}", html.len());
        assert!(codes.iter().all(|code| html.contains(&format!("<span class=\"code\">{code}</span>"))));
    }

    #[test]
    fn a_change_for_the_worse_is_not_marked_as_better() {
        let mut new = Summary { contacts: 100, reachable: Some(50), without_channel: Some(43), ..Summary::default() };
        let old = Summary { reachable: Some(0), without_channel: Some(0), ..Summary::default() };
        new.opt_out.yes = 17;
        new.channels = [("none".to_owned(), 43), ("sms".to_owned(), 57)].into();
        new.regions = [("unknown".to_owned(), 99), ("US".to_owned(), 1)].into();
        new.comparison = Some(compare(&old, &new, "old.json".to_owned()));
        let html = render_html(&new);
        for (class, number) in [("better", "100"), ("better", "57"), ("worse", "17"), ("worse", "43"), ("share", "99")]
        {
            assert!(
                html.contains(&format!("<span class=\"{class}\">▲ +{number}</span>")),
                "{class} {number} in {html}"
            );
        }
        assert!(!html.contains("<span class=\"better\">▲ +43") && !html.contains("<span class=\"better\">▲ +17"));
    }

    #[test]
    fn the_page_is_small_even_if_every_code_has_maximum_length() {
        // A character that takes six bytes in the page.
        let name = |at: u64| format!("{at}{}", "\"".repeat(60));
        let table: Table = (0..2048).map(|at| (name(at), 1000 + at)).collect();
        let mut summary = Summary {
            as_of: "2026-03-31T00:00:00Z".to_owned(),
            contacts: table.values().sum(),
            channels: table.clone(),
            channel_combinations: table.clone(),
            default_channels: table.clone(),
            regions: table.clone(),
            channels_by_region: (0..2048).map(|at| (name(at), table.clone())).collect(),
            country_codes: table.clone(),
            created_cumulative: months(),
            created_by_month: months(),
            origin: Origin { unknown_fields: table.clone(), malformed_fields: table.clone(), ..Origin::default() },
            rejected: table,
            ..Summary::default()
        };
        summary.comparison = Some(compare(&Summary::default(), &summary, name(0)));
        assert!(render(&summary, LIMITS).len() > MAX_BYTES, "the limits are not needed, so nothing is tested");
        let html = render_html(&summary);
        assert!(html.len() < MAX_BYTES, "{}", html.len());
    }
}

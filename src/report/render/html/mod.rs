//! The summary as one page for a browser.
//!
//! One file that needs nothing else: no request leaves it (its content security policy forbids any), and without script
//! it can be read as it is; the script only sorts tables. It is under 300 kB whatever the account, holds no personal
//! data, and looks right on a phone, in the dark and on paper. Every picture has its numbers in a table beside it.
//!
//! *Easy to get wrong:* words that came from the server go through [`Page::text`] and nothing else; what is pushed as
//! markup is written in this folder.
//!
//! Charts are drawn here and not by a library: those give pictures of a fixed size in fixed colors, and these follow
//! the width, the colors and the type of the page. `tests/browser` looks at it in a browser, hostile contacts too.

mod charts;
mod heat;
mod map;
mod page;
mod table;

use base64::Engine;
use sha2::{Digest, Sha256};

use self::page::Page;
use super::super::Summary;
use super::super::view::{Limits, Section, View, sections};

/// What the page must stay below, whatever the account.
const MAX_BYTES: usize = 300_000;
/// Rows that keep the page of a usual account well below that; all regions of the world have room.
const LIMITS: Limits = Limits { rows: 30, regions: 260, months: 240, channels: 8 };
/// Rows for an account with hundreds of codes that are as long as codes can be.
const TIGHT_LIMITS: Limits = Limits { rows: 20, regions: 60, months: 120, channels: 6 };

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Writes the page.
pub fn render_html(summary: &Summary) -> String {
    let html = render(summary, LIMITS);
    if html.len() < MAX_BYTES { html } else { render(summary, TIGHT_LIMITS) }
}

fn render(summary: &Summary, limits: Limits) -> String {
    let mut page = Page::default();
    let sections = sections(summary, limits);
    head(&mut page);
    page.push("<body>\n<div class=\"page\">\n<header>\n");
    page::title(&mut page, summary);
    page::navigation(&mut page, &sections);
    page.push("</header>\n<main>\n");
    page::cards(&mut page, summary);
    for section in &sections {
        write_section(&mut page, summary, section);
    }
    page.push("</main>\n<footer>Times are UTC. Shares are of all contacts unless a table says otherwise. World map: ");
    page.push("Natural Earth, public domain; its borders are no statement about whose land it is.</footer>\n</div>\n");
    page.push("<script>").push(SCRIPT).push("</script>\n</body>\n</html>\n");
    page.finish()
}

fn head(page: &mut Page) {
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    page.push("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; base-uri 'none'; ",
    );
    page.push("form-action 'none'; style-src 'unsafe-inline'; script-src 'sha256-").push(&hash).push("'\">\n");
    page.push("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n");
    page.push("<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n");
    page.push("<link rel=\"icon\" href=\"data:,\">\n<title>Report on contacts</title>\n<style>\n").push(STYLE);
    page.push("</style>\n</head>\n");
}

fn write_section(page: &mut Page, summary: &Summary, section: &Section) {
    // The totals are the cards at the top; what else there is to say of them stands below those.
    if section.id == "totals" {
        page.notes(&section.notes);
        return;
    }
    page.push("<section id=\"").push(section.id).push("\" aria-labelledby=\"h-").push(section.id).push("\">\n");
    page.push("<h2 id=\"h-").push(section.id).push("\">").text(&section.title).push("</h2>\n");
    page.notes(&section.notes);
    match section.id {
        "regions" => regions(page, summary, &section.tables),
        "time" => times(page, summary, &section.tables),
        // One long table beside short ones would leave the rest of the page empty.
        "changes" => grid_and_wide(page, &section.tables, |view| view.id == "change-regions"),
        _ => grid_and_wide(page, &section.tables, |_| false),
    }
    page.push("</section>\n");
}

/// Tables side by side, and below them those that need the whole width.
fn grid_and_wide(page: &mut Page, tables: &[View], is_wide: impl Fn(&View) -> bool) {
    let (wide, narrow): (Vec<_>, Vec<_>) = tables.iter().partition(|view| is_wide(view));
    page.push("<div class=\"grid\">\n");
    for view in narrow {
        table::write(page, view);
    }
    page.push("</div>\n");
    for view in wide {
        table::write(page, view);
    }
}

fn regions(page: &mut Page, summary: &Summary, tables: &[View]) {
    map::write(page, summary);
    let is_small = |view: &&View| matches!(view.id, "continents" | "calling-codes");
    for view in tables.iter().filter(|view| !is_small(view)) {
        if view.id == "channel-mix" {
            heat::write(page, summary, view);
        } else {
            table::write(page, view);
        }
    }
    page.push("<div class=\"grid\">\n");
    tables.iter().filter(is_small).for_each(|view| table::write(page, view));
    page.push("</div>\n");
}

fn times(page: &mut Page, summary: &Summary, tables: &[View]) {
    charts::months(page, summary);
    for view in tables {
        if view.id == "months" {
            page.push("<details>\n<summary>All months as a table</summary>\n");
            table::write(page, view);
            page.push("</details>\n");
        } else {
            table::write(page, view);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Comparison, RegionDetail, Table, places};
    use super::*;

    fn months() -> Table {
        (0..600).map(|at| (format!("{}-{:02}", 1980 + at / 12, at % 12 + 1), 12_345 + at)).collect()
    }

    #[test]
    fn all_regions_of_the_world_have_room() {
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
            unknown_fields: table(40, "field"),
            ..Summary::default()
        };
        summary.comparison = Some(Comparison::new(&Summary::default(), &summary, "summary.json".to_owned()));
        let html = render_html(&summary);
        assert!(codes.len() == 250 && html.len() < MAX_BYTES, "{}", html.len());
        assert!(codes.iter().all(|code| html.contains(&format!("<span class=\"code\">{code}</span>"))));
    }

    #[test]
    fn a_change_for_the_worse_is_not_shown_as_one_for_the_better() {
        let mut new = Summary { contacts: 100, reachable: Some(50), without_channel: Some(43), ..Summary::default() };
        let old = Summary { reachable: Some(0), without_channel: Some(0), ..Summary::default() };
        new.opt_out.yes = 17;
        new.channels = [("none".to_owned(), 43), ("sms".to_owned(), 57)].into();
        new.regions = [("unknown".to_owned(), 99), ("US".to_owned(), 1)].into();
        new.comparison = Some(Comparison::new(&old, &new, "old.json".to_owned()));
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
    fn the_page_is_small_when_every_code_is_as_long_as_can_be() {
        // A sign that takes six bytes in the page, again and again.
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
            unknown_fields: table.clone(),
            malformed_fields: table.clone(),
            rejected: table,
            ..Summary::default()
        };
        summary.comparison = Some(Comparison::new(&Summary::default(), &summary, name(0)));
        assert!(render(&summary, LIMITS).len() > MAX_BYTES, "nothing would be tried here");
        let html = render_html(&summary);
        assert!(html.len() < MAX_BYTES, "{}", html.len());
    }
}

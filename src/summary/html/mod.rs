//! The summary as one page for a browser.
//!
//! One file that needs nothing else: no request leaves it (its content security policy forbids any), and without script
//! it can be read as it is; the script only sorts tables. It is under 300 kB whatever the account, holds no personal
//! data, and looks right on a phone, in the dark and on paper. Every picture has its numbers in a table beside it.
//!
//! *Easy to get wrong:* words that came from the server go through [`Page::text`] and nothing else; what is pushed as
//! markup is written in this folder.
//!
//! Charts are drawn here and not by a library: those give pictures of a fixed size in fixed colours, and these follow
//! the width, the colours and the type of the page. `tests/browser` looks at it in a browser, hostile contacts too.

mod charts;
mod heat;
mod map;
mod page;
mod table;

use base64::Engine;
use sha2::{Digest, Sha256};

use self::page::Page;
use super::Summary;
use super::view::{Limits, Section, View, sections};

/// Rows that keep the page under 300 kB; all regions of the world have room.
const LIMITS: Limits = Limits { rows: 30, regions: 260, months: 240, channels: 8 };

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Writes the page.
pub fn render_html(summary: &Summary) -> String {
    let mut page = Page::default();
    let sections = sections(summary, LIMITS);
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
        _ => {
            page.push("<div class=\"grid\">\n");
            section.tables.iter().for_each(|view| table::write(page, view));
            page.push("</div>\n");
        }
    }
    page.push("</section>\n");
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

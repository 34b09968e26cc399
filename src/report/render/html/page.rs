//! The page under construction, and what stands at its top.

use super::super::super::format::{difference, grouped, grouped_of, moment, percent};
use super::super::super::view::{Section, Wish, notices};
use super::super::super::{Change, Summary};
use crate::verdict::Verdict;

/// HTML that only grows by markup written here and by escaped text.
#[derive(Debug, Default)]
pub(super) struct Page {
    html: String,
}

impl Page {
    /// Adds markup.
    pub(super) fn push(&mut self, markup: &str) -> &mut Self {
        self.html.push_str(markup);
        self
    }

    /// Adds text, whatever it holds.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.html.push_str("&amp;"),
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '"' => self.html.push_str("&quot;"),
                '\'' => self.html.push_str("&#39;"),
                _ => self.html.push(c),
            }
        }
        self
    }

    pub(super) fn notes(&mut self, notes: &[String]) {
        if notes.is_empty() {
            return;
        }
        self.push("<ul class=\"notes\">\n");
        for note in notes {
            self.push("<li>").text(note).push("</li>\n");
        }
        self.push("</ul>\n");
    }

    pub(super) fn finish(self) -> String {
        self.html
    }
}

pub(super) fn title(page: &mut Page, summary: &Summary) {
    page.push("<h1>Report on contacts</h1>\n<p>As of ").text(&moment(&summary.as_of));
    if summary.run.is_none() {
        page.push(", from ").push(&grouped_of(summary.inputs.len() as u64, "file", "files"));
    }
    if let Some(verdict) = summary.verdict() {
        let class = if verdict == Verdict::Unverified { "badge warn" } else { "badge" };
        page.push(" <span class=\"").push(class).push("\">").push(verdict.name()).push("</span>");
    }
    page.push("</p>\n");
    let notices = notices(summary);
    if !notices.is_empty() {
        page.push("<ul class=\"warnings\" role=\"alert\">\n");
        for notice in notices {
            page.push("<li><strong>Warning:</strong> ").text(&notice).push("</li>\n");
        }
        page.push("</ul>\n");
    }
}

pub(super) fn navigation(page: &mut Page, sections: &[Section]) {
    page.push("<nav aria-label=\"Sections\">\n");
    for section in sections.iter().filter(|section| section.id != "totals") {
        let name = section.title.split(':').next().unwrap_or_default();
        page.push("<a href=\"#").push(section.id).push("\">").text(name).push("</a>\n");
    }
    page.push("</nav>\n");
}

/// The four numbers that are asked for first.
pub(super) fn cards(page: &mut Page, summary: &Summary) {
    let old = summary.comparison.as_ref();
    let cards = [
        ("Contacts", Some(summary.contacts), Wish::More, old.map(|old| old.contacts)),
        ("Reachable", summary.reachable, Wish::More, old.and_then(|old| old.reachable)),
        ("Opted out", summary.opted_out(), Wish::Fewer, old.and_then(|old| old.opted_out)),
        ("Without any channel", summary.without_channel, Wish::Fewer, old.and_then(|old| old.without_channel)),
    ];
    page.push("<ul class=\"cards\" aria-label=\"Totals\">\n");
    for (at, (name, count, wish, change)) in cards.into_iter().enumerate() {
        let Some(count) = count else { continue };
        page.push("<li><span class=\"name\">").push(name).push("</span> <span class=\"number\">");
        page.push(&grouped(count)).push("</span> <span class=\"share\">");
        if at > 0 {
            page.text(&percent(count, summary.contacts));
        }
        page.push("</span>");
        if let Some(change) = change {
            page.push(" ");
            write_change(page, change, wish);
        }
        page.push("</li>\n");
    }
    page.push("</ul>\n");
}

pub(super) fn write_change(page: &mut Page, change: Change, wish: Wish) {
    let class = wish.is_met_by(change).map_or("share", |is_better| if is_better { "better" } else { "worse" });
    page.push("<span class=\"").push(class).push("\">").text(&difference(change.difference())).push("</span>");
}

//! Builds the page, and writes its title, facts, actions, navigation and cards.

use super::super::super::document::change::CountChange;
use super::super::super::format::difference;
use super::super::super::view::action::{ActionView, How};
use super::super::super::view::cell::Wish;
use super::super::super::view::parts::{Fact, Note, ReportView, SectionKind};
use crate::verdict::Verdict;

/// HTML made only of constant markup and escaped text.
///
/// [`Page::markup`] accepts only constants, so texts from the server and numbers must be added with [`Page::text`]. Within
/// an element or a quoted attribute, they cannot become markup.
#[derive(Debug, Default)]
pub(super) struct Page {
    html: String,
}

impl Page {
    /// Adds constant markup.
    pub(super) fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.html.push_str(markup);
        self
    }

    /// Escapes and adds text.
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

    pub(super) fn notes(&mut self, notes: &[Note]) {
        if notes.is_empty() {
            return;
        }
        self.markup("<ul class=\"notes\">\n");
        for note in notes {
            self.markup("<li>").text(&note.text).markup("</li>\n");
        }
        self.markup("</ul>\n");
    }

    pub(super) fn finish(self) -> String {
        self.html
    }
}

pub(super) fn title(page: &mut Page, view: &ReportView) {
    page.markup("<h1>").text(&view.title).markup("</h1>\n<p>").text(&view.subtitle);
    if let Some(verdict) = view.verdict {
        let class = if verdict == Verdict::Unverified { "badge warn" } else { "badge" };
        page.markup(" <a href=\"#run\" class=\"").markup(class).markup("\">").markup(verdict.name()).markup("</a>");
    }
    page.markup("</p>\n");
    facts(page, &view.facts);
    if !view.warnings.is_empty() {
        page.markup("<ul class=\"warnings\" role=\"alert\">\n");
        for warning in &view.warnings {
            page.markup("<li><strong>Warning:</strong> ").text(warning).markup("</li>\n");
        }
        page.markup("</ul>\n");
    }
}

fn facts(page: &mut Page, facts: &[Fact]) {
    if facts.is_empty() {
        return;
    }
    page.markup("<dl class=\"facts\">\n");
    for fact in facts {
        page.markup("<div><dt>").markup(fact.name).markup("</dt><dd>").text(&fact.text);
        if let Some(section) = fact.section {
            page.markup(" <a href=\"#").markup(section.id()).markup("\">Details</a>");
        }
        page.markup("</dd></div>\n");
    }
    page.markup("</dl>\n");
}

/// Writes the recommended actions, each with the way to list its rows.
pub(super) fn actions(page: &mut Page, actions: &[ActionView]) {
    if actions.is_empty() {
        return;
    }
    page.markup("<section id=\"actions\" aria-labelledby=\"h-actions\">\n<h2 id=\"h-actions\">What to do</h2>\n<ul class=\"actions\">\n");
    for action in actions {
        page.markup("<li>").text(&action.text);
        if let Some(how) = &action.how {
            let summary = match how {
                How::Command(_) => "Command that exports them",
                How::Sql(_) => "Query that lists them",
            };
            page.markup("\n<details><summary>").markup(summary).markup("</summary><pre><code>").text(how.text());
            page.markup("</code></pre></details>");
        }
        page.markup("</li>\n");
    }
    page.markup("</ul>\n</section>\n");
}

pub(super) fn navigation(page: &mut Page, view: &ReportView) {
    page.markup("<nav aria-label=\"Sections\">\n");
    if !view.actions.is_empty() {
        page.markup("<a href=\"#actions\">What to do</a>\n");
    }
    for section in view.sections.iter().filter(|section| section.kind != SectionKind::Totals) {
        page.markup("<a href=\"#").markup(section.kind.id()).markup("\">").text(&section.name).markup("</a>\n");
    }
    page.markup("</nav>\n");
}

pub(super) fn cards(page: &mut Page, view: &ReportView) {
    page.markup("<ul class=\"cards\" aria-label=\"Totals\">\n");
    for card in &view.cards {
        page.markup("<li><span class=\"name\">").text(card.name).markup("</span> <span class=\"number\">");
        page.text(&card.number.words()).markup("</span> <span class=\"share\">");
        if let Some(detail) = &card.detail {
            page.text(&detail.words());
        }
        page.markup("</span>");
        if let Some((change, wish)) = card.change {
            page.markup(" ");
            write_change(page, change, wish);
        }
        page.markup("</li>\n");
    }
    page.markup("</ul>\n");
}

pub(super) fn write_change(page: &mut Page, change: CountChange, wish: Wish) {
    let class = wish.is_met_by(change).map_or("share", |is_better| if is_better { "better" } else { "worse" });
    page.markup("<span class=\"").markup(class).markup("\">").text(&difference(change.difference())).markup("</span>");
}

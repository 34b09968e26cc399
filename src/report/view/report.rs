//! Assembles a report from the sections of a resource and the parts that all reports share.

use super::super::document::action::Action;
use super::super::document::resource::ResourceDocument;
use super::super::format::sentence;
use super::about::about;
use super::action::{ActionView, How};
use super::digest::{self, digest};
use super::limits::ViewLimits;
use super::parts::{Card, ReportView, Section};
use super::run::{self, Source};
use super::warnings::warnings;

/// What a resource adds to its report.
pub(super) struct ResourceSections<const N: usize> {
    /// The most important numbers.
    pub(super) cards: Vec<Card>,
    /// Whether the numbers are compared with those from different filters.
    pub(super) filters_differ: bool,
    /// Sentences for a digest.
    pub(super) highlights: Vec<String>,
    /// All sections except the one about the run, in order.
    pub(super) sections: [Option<Section>; N],
    /// Whether one of them shows ages.
    pub(super) has_ages: bool,
    /// A note that applies to all tables.
    pub(super) footnote: String,
}

fn action(action: Action) -> ActionView {
    let how = action.command.map(How::Command).or(action.sql.map(How::Sql));
    ActionView { text: sentence(&action.text), how }
}

/// The whole report; empty sections are omitted.
pub(super) fn report<D: ResourceDocument, const N: usize>(
    document: &D,
    content: ResourceSections<N>,
    limits: ViewLimits,
) -> ReportView {
    let ResourceSections { cards, filters_differ, highlights, sections, has_ages, footnote } = content;
    let (noun, rows) = document.source_rows();
    let source = Source { noun, rows, has_ages, as_of: document.as_of(), origin: document.origin() };
    let sections = sections.into_iter().flatten().chain([run::run(source, limits)]);
    let (kind, subtitle) = (format!("Report on {}", D::NOUN.many), source.subtitle());
    let (facts, warnings) = (about(document, source), warnings(&document.all_notices()));
    let actions = document.all_actions();
    let digest = digest(&digest::DigestParts {
        facts: &facts,
        warnings: &warnings,
        cards: &cards,
        filters_differ,
        highlights: &highlights,
        actions: &actions,
    });
    ReportView {
        title: document.origin().title.as_deref().map_or_else(|| kind.clone(), sentence),
        subtitle: if document.origin().title.is_some() { format!("{kind}. {subtitle}") } else { subtitle },
        verdict: document.verdict(),
        facts,
        digest,
        actions: actions.into_iter().map(action).collect(),
        warnings,
        cards,
        sections: sections.filter(|section| !section.is_empty()).collect(),
        footnote,
    }
}

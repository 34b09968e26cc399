//! The frame that the sections of a resource are put into.

use super::super::document::resource::ResourceDocument;
use super::super::format::sentence;
use super::about::about;
use super::limits::Limits;
use super::parts::{Card, ReportView, Section};
use super::run::{self, Source};
use super::warnings::warnings;

/// What a resource adds to its report.
pub(super) struct Content<const N: usize> {
    /// The most important numbers.
    pub(super) cards: Vec<Card>,
    /// All sections but the one about the run, in their order.
    pub(super) sections: [Option<Section>; N],
    /// Whether there are ages among them.
    pub(super) has_ages: bool,
    /// What is true of all tables.
    pub(super) footnote: String,
}

/// The whole report; empty sections are left out.
pub(super) fn report<D: ResourceDocument, const N: usize>(
    document: &D,
    content: Content<N>,
    limits: Limits,
) -> ReportView {
    let Content { cards, sections, has_ages, footnote } = content;
    let (noun, rows) = document.source_rows();
    let source = Source { noun, rows, has_ages, as_of: document.as_of(), origin: document.origin() };
    let sections = sections.into_iter().flatten().chain([run::run(source, limits)]);
    let (kind, subtitle) = (format!("Report on {}", D::NOUN.many), source.subtitle());
    ReportView {
        title: document.origin().title.as_deref().map_or_else(|| kind.clone(), sentence),
        subtitle: if document.origin().title.is_some() { format!("{kind}. {subtitle}") } else { subtitle },
        verdict: document.verdict(),
        facts: about(document, source),
        warnings: warnings(&document.all_notices()),
        cards,
        sections: sections.filter(|section| !section.is_empty()).collect(),
        footnote,
    }
}

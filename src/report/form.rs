//! Which forms of the report there are, by the extension of its file.

use std::path::Path;

use super::render::{render_html, render_markdown};
use super::view::layout::Layout;

/// A form of the report that is written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// One page for a browser.
    Html,
    /// For a chat or the summary of a CI step.
    Markdown,
    /// For machines.
    Json,
}

impl ReportForm {
    /// The form that the extension of a path asks for.
    pub fn from_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "html" | "htm" => Some(Self::Html),
            "md" | "markdown" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// The whole report.
    pub(super) fn render(self, document: &impl Layout) -> String {
        match self {
            Self::Html => render_html(document),
            Self::Markdown => render_markdown(document),
            Self::Json => document.json(),
        }
    }
}
